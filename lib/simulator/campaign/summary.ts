import { createHash } from 'node:crypto';
import type { Promised } from '../audit/promises.ts';
import type { CoreFinding } from '../exhaustive/check-cores.ts';
import { FAULT_IDS, type FaultId } from '../faults/simulated.ts';
import type { FaultCounts } from '../faults/swarm.ts';
import type { LifeResult } from '../life/play-life.ts';

/** What a campaign over many seeds came to. */
export interface Summary {
  readonly seeds: number;
  readonly simulatedHours: number;
  readonly wallSeconds: number;
  readonly faults: FaultCounts;
  readonly calls: number;
  readonly tasks: number;
  readonly violations: Readonly<Partial<Record<Promised, number>>>;
  readonly slowestConvergenceSeconds: number;
  /** Of all seeds in their order: two runs of the same seeds have the same. */
  readonly traceHash: string;
  /** Half of the seeds have at least as much. */
  readonly medians: Readonly<Record<'hours' | 'machines' | 'tasks' | 'reclaims' | 'crashes', number>>;
  readonly slowestTakenSeconds: number;
  readonly slowestReadyAgainSeconds: number;
  readonly neverMet: readonly FaultId[];
}

/** A result without its lines, as workers hand it on. */
export type SeedResult = Omit<LifeResult, 'lines'>;

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
};

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const rounded = (value: number): number => Math.round(value * 100) / 100;

const countFaults = (results: readonly SeedResult[]): FaultCounts => {
  const counts: FaultCounts = {};
  for (const id of FAULT_IDS) counts[id] = sumOf(results.map(({ faults }) => faults[id] ?? 0));
  return counts;
};

/** Seeds in which the promise was broken, whatever number of times; and what the exhaustive searches have found. */
const countViolations = (results: readonly SeedResult[], found: readonly CoreFinding[]): Summary['violations'] => {
  const counts: Partial<Record<Promised, number>> = {};
  for (const { promise } of found) counts[promise] = (counts[promise] ?? 0) + 1;
  for (const { violations } of results) {
    for (const promise of new Set(violations.map((violation) => violation.promise))) {
      counts[promise] = (counts[promise] ?? 0) + 1;
    }
  }
  return counts;
};

export const summarise = (
  unordered: readonly SeedResult[],
  wallSeconds: number,
  found: readonly CoreFinding[] = [],
): Summary => {
  const results = [...unordered].sort((one, other) => one.seed - other.seed);
  const faults = countFaults(results);
  const most = (values: readonly number[]): number => values.reduce((one, other) => Math.max(one, other), 0);
  const hashes = results.map(({ traceHash }) => traceHash).join(' ');
  return {
    seeds: results.length,
    simulatedHours: rounded(sumOf(results.map(({ hours }) => hours))),
    wallSeconds: rounded(wallSeconds),
    faults,
    calls: sumOf(results.map(({ calls }) => calls)),
    tasks: sumOf(results.map(({ tasks }) => tasks)),
    violations: countViolations(results, found),
    slowestConvergenceSeconds: most(results.map(({ convergenceSeconds }) => convergenceSeconds ?? 0)),
    traceHash: createHash('sha256').update(hashes).digest('hex').slice(0, 16),
    medians: {
      hours: rounded(median(results.map(({ hours }) => hours))),
      machines: median(results.map(({ machines }) => machines)),
      tasks: median(results.map(({ tasks }) => tasks)),
      reclaims: median(results.map(({ reclaims }) => reclaims)),
      crashes: median(results.map(({ crashes }) => crashes)),
    },
    slowestTakenSeconds: most(results.map(({ slowestTakenSeconds }) => slowestTakenSeconds)),
    slowestReadyAgainSeconds: rounded(most(results.map(({ slowestReadyAgainSeconds }) => slowestReadyAgainSeconds))),
    neverMet: FAULT_IDS.filter((id) => faults[id] === 0),
  };
};

/** The JSON line of `npm run simulate`: these figures, and no others. */
export const lineOf = ({
  neverMet: _,
  slowestTakenSeconds: _taken,
  slowestReadyAgainSeconds: _ready,
  ...line
}: Summary) => line;

/** The exit code tells which promise was broken first in the list of promises. */
export const EXIT_CODES: Readonly<Record<Promised, number>> = {
  W1: 11,
  W2: 12,
  W3: 13,
  W4: 14,
  W5: 15,
  W6: 16,
  N1: 21,
  N2: 22,
  N3: 23,
  N4: 24,
  N5: 25,
  N6: 26,
  M1: 31,
  M2: 32,
  S1: 41,
  S2: 42,
  O1: 51,
  O2: 52,
  rest: 61,
};

/** A fault of the table was met in no seed of a large campaign. */
export const NEVER_MET_EXIT_CODE = 71;
/** A planted bug was caught by no seed. */
export const NOT_CAUGHT_EXIT_CODE = 72;
/** Every bug that could be planted was caught; another could not be planted. */
export const NOT_PLANTED_EXIT_CODE = 73;

export const exitCodeOf = ({ violations }: Summary): number => {
  const broken = (Object.keys(EXIT_CODES) as Promised[]).find((promise) => violations[promise] !== undefined);
  return broken === undefined ? 0 : EXIT_CODES[broken];
};
