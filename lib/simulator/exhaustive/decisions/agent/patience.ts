import { noticeSources } from '../../../../agent/notice-sources.ts';
import { backOffMs, doublingPauseMs } from '../../../../agent/retry.ts';
import { watchPauseMs } from '../../../../agent/watch.ts';
import { epochMs } from '../../../../fleet/time.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const CASES = {
  failures: [0, 1, 2, 3, 4, 5, 6, 7, 8, 20, 2_000],
  isSpot: [true, false],
} as const;

type Case = CombinationOf<typeof CASES>;

const nobody = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };

const PORTS = {
  imds: { read: async () => undefined },
  clock: { now: () => epochMs(0), sleep: async () => undefined },
  log: nobody,
};

const sentenceOf = (sources: readonly string[], backOff: number, doubling: number): string =>
  `${sources.join(', ')}; any other call ${backOff}; of a minute and ten at most ${doubling}`;

const decided = ({ failures, isSpot }: Case): string => {
  const sources = noticeSources(PORTS, isSpot).map(
    ({ path, everySeconds }) => `${path} after ${watchPauseMs(failures, everySeconds)}`,
  );
  return sentenceOf(
    [...sources, `who it is after ${watchPauseMs(failures)}`],
    backOffMs(failures),
    doublingPauseMs(failures, 60, 600),
  );
};

/** The first failure costs one pause, each further one twice as much, and none more than the most. */
const pause = (failures: number, firstMs: number, mostMs: number): number => {
  let ms = firstMs;
  for (let failed = 1; failed < failures && ms < mostMs; failed += 1) ms *= 2;
  return Math.min(ms, mostMs);
};

/** A notice every 5 s, hints every 15 s, maintenance every minute; while nobody answers, up to 20 s or the source's own pause. */
const expected = ({ failures, isSpot }: Case): string => {
  const sources = [
    ...(isSpot ? [`spot/instance-action after ${pause(failures, 5_000, 20_000)}`] : []),
    ...(isSpot ? [`events/recommendations/rebalance after ${pause(failures, 15_000, 20_000)}`] : []),
    'events/maintenance/scheduled after 60000',
    `autoscaling/target-lifecycle-state after ${pause(failures, 15_000, 20_000)}`,
    `who it is after ${pause(failures, 5_000, 20_000)}`,
  ];
  return sentenceOf(sources, pause(failures, 200, 20_000), pause(failures, 60_000, 600_000));
};

/** What a machine asks its metadata service, how often, and how long it rests when a call has failed. */
export const patience: DecisionTable = {
  name: 'a pause before the next look',
  promise: 'O2',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
