import { decodeRunLengths, type RunLengths } from '../run-length.ts';

/** How many machines could be had, tick by tick, in one or more pools. */
export interface CountTrace {
  readonly gapSeconds: number;
  readonly pools: readonly TracePool[];
}

export interface TracePool {
  readonly name: string;
  /** Above 0: spot could be had. */
  readonly counts: Float64Array;
  /** Dollars an hour tick by tick, not a number where nobody knows it; nothing where the trace has no prices. */
  readonly price?: Float64Array;
}

/** What is wrong, where, and what to do about it. */
export interface TraceProblem {
  readonly where: string;
  readonly reason: string;
  readonly fix: string;
}

export type ParsedTrace =
  | { readonly ok: true; readonly trace: CountTrace }
  | { readonly ok: false; readonly problems: readonly TraceProblem[] };

const PROBLEMS_SHOWN_MAX = 5;
const SHOWN_CHARACTERS_MAX = 40;

const shown = (value: unknown): string => {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN_CHARACTERS_MAX ? `${text.slice(0, SHOWN_CHARACTERS_MAX)}…` : text;
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isCount = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0;

const gapProblems = (where: string, gap: unknown): readonly TraceProblem[] =>
  Number.isInteger(gap) && (gap as number) > 0
    ? []
    : [{ where, reason: `it is ${shown(gap)}`, fix: 'write the seconds between two values, such as 600' }];

const listProblems = (
  where: string,
  list: unknown,
  isRight: (value: unknown) => boolean,
  fix: string,
): readonly TraceProblem[] => {
  if (!Array.isArray(list)) return [{ where, reason: `it is ${shown(list)}`, fix: 'write an array' }];
  if (list.length === 0) return [{ where, reason: 'it is empty', fix: 'write one value for each tick' }];
  const wrong = [...list.keys()].filter((index) => !isRight(list[index]));
  const problems = wrong
    .slice(0, PROBLEMS_SHOWN_MAX)
    .map((index) => ({ where: `${where}[${index}]`, reason: `it is ${shown(list[index])}`, fix }));
  const more = wrong.length - problems.length;
  return more > 0 ? [...problems, { where, reason: `${more} more of its values are wrong`, fix }] : problems;
};

const COUNT_FIX = 'write how many machines could be had: 0, 1, 2, …';
const RUN_FIX = 'write [value, ticks], the value null where nothing is known';

/** Longer than any trace (a second's gap for a quarter of a year), short enough for any memory. */
const RUN_TICKS_MAX = 8_000_000;

const isRunOf = (value: unknown, isValue: (value: unknown) => boolean): boolean =>
  Array.isArray(value) && value.length === 2 && isValue(value[0]) && isCount(value[1]) && value[1] <= RUN_TICKS_MAX;

const isRun = (value: unknown): boolean => isRunOf(value, (count) => count === null || isCount(count));

const PRICE_FIX = 'write dollars an hour, or null where nobody knows the price';
const PRICE_RUN_FIX = 'write [price, ticks], the price null where nobody knows it';

const isPrice = (value: unknown): value is number | null =>
  value === null || (Number.isFinite(value) && (value as number) > 0);

const isPriceRun = (value: unknown): boolean => isRunOf(value, isPrice);

const parsed = (problems: readonly TraceProblem[], trace: () => CountTrace): ParsedTrace =>
  problems.length === 0 ? { ok: true, trace: trace() } : { ok: false, problems };

/** Prices go with the counts tick by tick, or there are none at all. */
const priceProblems = (file: Readonly<Record<string, unknown>>): readonly TraceProblem[] => {
  const { data, prices } = file as { readonly data?: unknown; readonly prices?: unknown };
  if (prices === undefined) return [];
  const wrong = listProblems('prices', prices, isPrice, PRICE_FIX);
  if (wrong.length > 0 || !Array.isArray(data) || data.length === (prices as unknown[]).length) return wrong;
  const reason = `it has ${(prices as unknown[]).length} values, data has ${data.length}`;
  return [{ where: 'prices', reason, fix: 'write one price for each tick, null where nobody knows it' }];
};

/** `{metadata: {gap_seconds}, data: [count], prices?: [price or null]}`: one pool, named by its file. */
const parseCounts = (name: string, file: Readonly<Record<string, unknown>>): ParsedTrace => {
  const gap = isRecord(file['metadata']) ? file['metadata']['gap_seconds'] : undefined;
  const prices = file['prices'] as readonly (number | null)[] | undefined;
  return parsed(
    [
      ...gapProblems('metadata.gap_seconds', gap),
      ...listProblems('data', file['data'], isCount, COUNT_FIX),
      ...priceProblems(file),
    ],
    () => ({
      gapSeconds: gap as number,
      pools: [
        {
          name,
          counts: Float64Array.from(file['data'] as number[]),
          ...(prices === undefined ? {} : { price: Float64Array.from(prices, (price) => price ?? Number.NaN) }),
        },
      ],
    }),
  );
};

const PRICES = 'price_usd_per_hour_rle';

/** Prices of pools by name, where the file has any. */
const pricesOf = (file: Readonly<Record<string, unknown>>): ReadonlyMap<string, unknown> =>
  new Map(isRecord(file[PRICES]) ? Object.entries(file[PRICES]) : []);

/**
 * `{gap_seconds, availability_rle: {pool: [[count or null, ticks]]}, price_usd_per_hour_rle?: {pool: [[price or null,
 * ticks]]}}`: several pools in one file.
 */
const parseRunLengths = (file: Readonly<Record<string, unknown>>): ParsedTrace => {
  const prices = pricesOf(file);
  const pools = isRecord(file['availability_rle']) ? Object.entries(file['availability_rle']) : [];
  const none = { where: 'availability_rle', reason: 'it names no pool', fix: 'write {"pool": [[value, ticks], …]}' };
  return parsed(
    [
      ...gapProblems('gap_seconds', file['gap_seconds']),
      ...(pools.length === 0 ? [none] : []),
      ...pools.flatMap(([name, runs]) => listProblems(`availability_rle.${name}`, runs, isRun, RUN_FIX)),
      ...[...prices].flatMap(([name, runs]) => listProblems(`${PRICES}.${name}`, runs, isPriceRun, PRICE_RUN_FIX)),
    ],
    () => ({
      gapSeconds: file['gap_seconds'] as number,
      pools: pools.map(([name, runs]) => ({
        name,
        counts: decodeRunLengths(runs as RunLengths, 0),
        ...(prices.has(name) ? { price: decodeRunLengths(prices.get(name) as RunLengths, Number.NaN) } : {}),
      })),
    }),
  );
};

/** Reads a trace as SkyPilot's public set writes it, or with run lengths as in this repository's own. */
export const parseCountTrace = (name: string, text: string): ParsedTrace => {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    const reason = `it is not JSON (${(error as Error).message.replaceAll(/\s+/g, ' ')})`;
    return {
      ok: false,
      problems: [{ where: 'the file', reason, fix: 'give {"metadata":{"gap_seconds":600},"data":[…]}' }],
    };
  }
  if (!isRecord(file)) {
    const reason = `it is ${shown(file)}, no object`;
    return {
      ok: false,
      problems: [{ where: 'the file', reason, fix: 'give {"metadata":{"gap_seconds":600},"data":[…]}' }],
    };
  }
  return 'availability_rle' in file ? parseRunLengths(file) : parseCounts(name, file);
};
