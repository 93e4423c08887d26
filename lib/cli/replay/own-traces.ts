import type { CountTrace, TracePool } from '../../replay/traces/count-json.ts';
import { parseCountTrace } from '../../replay/traces/count-json.ts';
import { printable } from '../../signals/printable.ts';
import { errorLine } from '../command.ts';
import type { CliWorld } from '../world.ts';
import type { OwnTraceOptions } from './options.ts';
import { fileName, readTraces } from './read-traces.ts';

export type OwnTraceRead =
  | { readonly ok: true; readonly trace: CountTrace }
  | { readonly ok: false; readonly problems: readonly string[] };

const ADVICE = 'name a trace, {"metadata":{"gap_seconds":600},"data":[1,0,…]}, packed by gzip or not';

const REASON_CHARACTERS_MAX = 300;

interface NamedTrace {
  readonly file: string;
  readonly trace: CountTrace;
}

/** Pools that are had together must have been looked at equally often. */
const gapProblems = ([first, ...rest]: readonly NamedTrace[]): readonly string[] =>
  rest
    .filter(({ trace }) => trace.gapSeconds !== first!.trace.gapSeconds)
    .map(({ file, trace }) =>
      errorLine(
        fileName(file),
        `its gap_seconds is ${trace.gapSeconds}, that of ${fileName(first!.file)} is ${first!.trace.gapSeconds}`,
        'bring both to the same gap, or replay them apart',
      ),
    );

const joined = (traces: readonly NamedTrace[]): OwnTraceRead => {
  const problems = gapProblems(traces);
  if (problems.length > 0) return { ok: false, problems };
  const pools: readonly TracePool[] = traces.flatMap(({ trace }) => trace.pools);
  return { ok: true, trace: { gapSeconds: traces[0]!.trace.gapSeconds, pools } };
};

/** Only the pools whose names begin as one of those that were named. */
const chosen = (read: OwnTraceRead, prefixes: readonly string[]): OwnTraceRead => {
  if (!read.ok || prefixes.length === 0) return read;
  const { pools } = read.trace;
  const problems = prefixes
    .filter((prefix) => !pools.some(({ name }) => name.startsWith(prefix)))
    .map((prefix) =>
      errorLine(
        `--pool ${fileName(prefix)}`,
        'no pool of the traces has such a name',
        `there are ${pools.map(({ name }) => fileName(name)).join(', ')}`,
      ),
    );
  if (problems.length > 0) return { ok: false, problems };
  const kept = pools.filter(({ name }) => prefixes.some((prefix) => name.startsWith(prefix)));
  return { ok: true, trace: { ...read.trace, pools: kept } };
};

/** The user's files as the pools of one market, or every problem of every file. */
export const readOwnTraces = async ({ files, pools }: OwnTraceOptions, world: CliWorld): Promise<OwnTraceRead> => {
  const read = await readTraces(
    files.map((path) => ({ name: path, path })),
    ADVICE,
    world,
  );
  const traces: NamedTrace[] = [];
  const problems: string[] = [];
  for (const [file, text] of read.texts) {
    const parsed = parseCountTrace(file, text);
    if (parsed.ok) traces.push({ file, trace: parsed.trace });
    else {
      for (const { where, reason, fix } of parsed.problems) {
        problems.push(errorLine(`${fileName(file)}: ${where}`, printable(reason, REASON_CHARACTERS_MAX), fix));
      }
    }
  }
  const all = [...read.problems, ...problems];
  return all.length > 0 ? { ok: false, problems: all } : chosen(joined(traces), pools);
};
