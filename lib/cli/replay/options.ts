import { JOB_POLICIES } from '../../replay/policies/all.ts';
import type { Suite } from '../../replay/suites/suite.ts';
import { printable } from '../../signals/printable.ts';
import { SUITES, suiteNamed } from './suites.ts';

/** The command line as it was typed; numbers are not looked at yet, so that all their faults can be told at once. */
export interface TypedOptions {
  readonly suite?: string;
  readonly traces?: string;
  readonly trace?: readonly string[];
  readonly pool?: readonly string[];
  readonly jobHours?: string;
  readonly deadlineHours?: string;
  readonly changeoverHours?: string;
  readonly price?: string;
  readonly onDemandPrice?: string;
  readonly startHours?: string;
  readonly estimateFactor: string;
  readonly seed: string;
  readonly policy?: readonly string[];
  readonly json?: true;
}

/** What to replay and to show, whatever it is. */
export interface ReplayOptions {
  readonly policy?: readonly string[];
  readonly estimateFactor: number;
  readonly seed: number;
  readonly json: boolean;
}

export interface OwnJobOptions {
  readonly jobHours: number;
  readonly deadlineHours: number;
  readonly changeoverHours: number;
  /** Of pools whose trace has no prices. */
  readonly price?: number;
  readonly onDemandPrice: number;
  readonly startHours?: number;
}

/** The user's own files, and which of the pools in them; all where none is named. */
export interface OwnTraceOptions {
  readonly files: readonly string[];
  readonly pools: readonly string[];
}

export type Meaning = ReplayOptions &
  (
    | { readonly kind: 'suite'; readonly suite: Suite; readonly folder: string }
    | { readonly kind: 'own-fleet'; readonly traces: OwnTraceOptions }
    | { readonly kind: 'own-job'; readonly traces: OwnTraceOptions; readonly job: OwnJobOptions }
  );

export type ReadOptions =
  | { readonly ok: true; readonly meaning: Meaning }
  | { readonly ok: false; readonly faults: readonly string[] };

const NAME_CHARACTERS_MAX = 100;
const SEED_END = 2 ** 32;
/** A century: more would only be a slip of the finger. */
const HOURS_MAX = 876_600;
const DOLLARS_MAX = 1_000_000;
const ESTIMATE_FACTOR_LEAST = 0.1;
const ESTIMATE_FACTOR_MOST = 10;

const named = (text: string): string => printable(text, NAME_CHARACTERS_MAX);

interface Range {
  readonly accepts: (value: number) => boolean;
  readonly words: string;
}

const upTo = (most: number): Range => ({
  accepts: (value) => value > 0 && value <= most,
  words: `a number above 0 and at most ${most}`,
});

const fromNoneTo = (most: number): Range => ({
  accepts: (value) => value >= 0 && value <= most,
  words: `a number from 0 to ${most}`,
});

const RANGES = {
  jobHours: upTo(HOURS_MAX),
  deadlineHours: upTo(HOURS_MAX),
  changeoverHours: fromNoneTo(HOURS_MAX),
  price: upTo(DOLLARS_MAX),
  onDemandPrice: upTo(DOLLARS_MAX),
  startHours: fromNoneTo(HOURS_MAX),
  estimateFactor: {
    accepts: (value) => value >= ESTIMATE_FACTOR_LEAST && value <= ESTIMATE_FACTOR_MOST,
    words: `a number from ${ESTIMATE_FACTOR_LEAST} to ${ESTIMATE_FACTOR_MOST}`,
  },
  seed: {
    accepts: (value) => Number.isInteger(value) && value >= 0 && value < SEED_END,
    words: `a whole number below ${SEED_END}`,
  },
} as const satisfies Readonly<Record<string, Range>>;

type NumberName = keyof typeof RANGES;

const NUMBER_NAMES = Object.keys(RANGES) as readonly NumberName[];

const optionWord = (name: string): string => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** Not `Number('')` nor `Number('0x10')`: what people write. */
const NUMBER_FORM = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

const numberOf = (text: string): number => (NUMBER_FORM.test(text.trim()) ? Number(text) : Number.NaN);

const numberFaults = (typed: TypedOptions): readonly string[] =>
  NUMBER_NAMES.flatMap((name) => {
    const text = typed[name];
    const { accepts, words } = RANGES[name];
    return text === undefined || accepts(numberOf(text)) ? [] : [`${optionWord(name)} ${named(text)} is not ${words}`];
  });

const JOB_NEEDS = ['jobHours', 'deadlineHours', 'changeoverHours', 'onDemandPrice'] as const;
const JOB_ONLY = [...JOB_NEEDS, 'price', 'startHours'] as const;

const jobFaults = (typed: TypedOptions): readonly string[] => {
  const missing = JOB_NEEDS.filter((name) => typed[name] === undefined).map(optionWord);
  return missing.length > 0 ? [`a job on a trace also needs ${missing.join(', ')}`] : [];
};

/** Markets that are made up need none. */
const needsTraces = (name: string): boolean => suiteNamed(name)!.files.length > 0;

/** What goes with a suite, and what would be passed over in silence. */
const suiteFaults = (name: string, typed: TypedOptions): readonly string[] => {
  const { traces, trace } = typed;
  const suites = SUITES.map((suite) => suite.name).join(', ');
  if (suiteNamed(name) === undefined) return [`there is no suite ${named(name)}; there are ${suites}`];
  const idle = [...JOB_ONLY, ...(trace === undefined ? ['pool' as const] : [])].filter(
    (word) => typed[word] !== undefined,
  );
  return [
    ...(trace !== undefined && (name !== 'fleet' || traces !== undefined)
      ? ['of the suites only fleet takes --trace, and then without --traces']
      : []),
    ...(trace === undefined && traces === undefined && needsTraces(name)
      ? ['name the folder of the traces with --traces']
      : []),
    ...(idle.length > 0 ? [`${idle.map(optionWord).join(', ')} cannot go with --suite ${name}`] : []),
  ];
};

const kindFaults = (typed: TypedOptions): readonly string[] => {
  if (typed.suite !== undefined) return suiteFaults(typed.suite, typed);
  if (typed.trace === undefined) return ['name a suite with --suite, or traces with --trace'];
  return [
    ...jobFaults(typed),
    ...(typed.traces === undefined ? [] : ['--traces is the folder of a suite: name it with --suite']),
  ];
};

/** The optimum may be named, and is always shown. */
const policyFaults = ({ suite, policy = [] }: TypedOptions): readonly string[] => {
  const compared = suite === undefined ? JOB_POLICIES.map(({ name }) => name) : (suiteNamed(suite)?.policies ?? []);
  const known = [...compared, 'optimum'];
  return compared.length === 0
    ? []
    : policy
        .filter((name) => !known.includes(name))
        .map((name) => `there is no policy ${named(name)}; there are ${known.join(', ')}`);
};

const common = ({ policy, estimateFactor, seed, json }: TypedOptions): ReplayOptions => ({
  ...(policy === undefined ? {} : { policy }),
  estimateFactor: Number(estimateFactor),
  seed: Number(seed),
  json: json === true,
});

const jobOf = (typed: TypedOptions): OwnJobOptions => ({
  jobHours: Number(typed.jobHours),
  deadlineHours: Number(typed.deadlineHours),
  changeoverHours: Number(typed.changeoverHours),
  onDemandPrice: Number(typed.onDemandPrice),
  ...(typed.price === undefined ? {} : { price: Number(typed.price) }),
  ...(typed.startHours === undefined ? {} : { startHours: Number(typed.startHours) }),
});

const meaningOf = (typed: TypedOptions): Meaning => {
  const { suite, traces, trace = [], pool = [] } = typed;
  const own = { files: trace, pools: pool };
  if (suite === undefined) return { kind: 'own-job', ...common(typed), traces: own, job: jobOf(typed) };
  if (traces === undefined && needsTraces(suite)) return { kind: 'own-fleet', ...common(typed), traces: own };
  return { kind: 'suite', ...common(typed), suite: suiteNamed(suite)!, folder: traces ?? '' };
};

/** What the command line means, or everything that is wrong with it. */
export const readOptions = (typed: TypedOptions): ReadOptions => {
  const faults = [...kindFaults(typed), ...numberFaults(typed), ...policyFaults(typed)];
  return faults.length > 0 ? { ok: false, faults } : { ok: true, meaning: meaningOf(typed) };
};
