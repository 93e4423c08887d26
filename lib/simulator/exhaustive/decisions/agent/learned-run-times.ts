import { createRunTimes } from '../../../../agent/run-times.ts';
import type { RunTimeSummary } from '../../../../fleet/instance.ts';
import { combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const COUNTS = [0, 4, 5, 9, 10, 11, 64, 65, 130] as const;

/** The so-manieth time that was seen: later ones are longer, or shorter, or in no order. */
const ORDERS = {
  longer: (seen: number) => 100 + seen,
  shorter: (seen: number) => 900 - seen,
  mixed: (seen: number) => 100 + ((seen * 37) % 101),
} as const;

const CASES = {
  order: ['longer', 'shorter', 'mixed'],
  runs: COUNTS,
  checkpoints: [0, 1, 65],
  others: [
    undefined,
    { samples: 9, halfMs: 7_000, nineTenthsMs: 8_000 },
    { samples: 9, halfMs: 7_000, nineTenthsMs: 8_000, checkpointNineTenthsMs: 6_000 },
  ],
} as const;

interface Case {
  readonly order: keyof typeof ORDERS;
  readonly runs: number;
  readonly checkpoints: number;
  readonly others: RunTimeSummary | undefined;
}

const timesOf = (order: keyof typeof ORDERS, count: number): number[] =>
  Array.from({ length: count }, (_, seen) => ORDERS[order](seen));

const decided = ({ order, runs, checkpoints, others }: Case): string => {
  const times = createRunTimes(others);
  // Asked before the last of them is seen as well: an answer of then is none of now.
  for (const [index, ms] of timesOf(order, runs).entries()) {
    if (index === runs - 1) times.summary();
    times.add(ms);
  }
  for (const [index, ms] of timesOf(order, checkpoints).entries()) {
    if (index === checkpoints - 1) times.checkpointMs();
    times.addCheckpoint(ms * 10);
  }
  const learned = times.learned();
  const own = times.summary();
  return [
    `tasks ${learned?.samples} ${learned?.halfMs} ${learned?.nineTenthsMs} ${times.expectedMs()}`,
    `checkpoints ${times.checkpointMs()}`,
    `told ${own?.samples} ${own?.halfMs} ${own?.nineTenthsMs} ${own?.checkpointNineTenthsMs}`,
  ].join(', ');
};

/** Of the last 64, the least that so many tenths of them do not exceed. */
const withinTenths = (times: readonly number[], tenths: 5 | 9): number | undefined => {
  const last = [...times.slice(-64)].sort((one, other) => one - other);
  return last.find((_ms, index) => (index + 1) * 10 >= tenths * last.length);
};

/** Five tasks are enough to go by; until then the fleet's other machines are. One checkpoint is enough. */
const expected = ({ order, runs, checkpoints, others }: Case): string => {
  const seen = timesOf(order, runs);
  const isEnough = runs >= 5;
  const half = isEnough ? withinTenths(seen, 5) : others?.halfMs;
  const nineTenths = isEnough ? withinTenths(seen, 9) : others?.nineTenthsMs;
  const saved = withinTenths(timesOf(order, checkpoints), 9);
  const savedMs = saved === undefined ? undefined : saved * 10;
  const own = isEnough ? `${runs} ${half} ${nineTenths} ${savedMs}` : 'undefined undefined undefined undefined';
  return [
    `tasks ${isEnough ? runs : others?.samples} ${half} ${nineTenths} ${nineTenths}`,
    `checkpoints ${savedMs ?? others?.checkpointNineTenthsMs}`,
    `told ${own}`,
  ].join(', ');
};

/** What a machine goes by of how long tasks and checkpoints take, and what it tells the others. */
export const learnedRunTimes: DecisionTable = {
  name: 'run times that a machine has seen',
  promise: 'M1',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
