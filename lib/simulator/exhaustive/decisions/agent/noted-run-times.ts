import { isWorthNoting } from '../../../../decisions/merge-run-times.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const CHANGES = [
  [1_000, 1_000],
  [1_000, 1_100],
  [1_000, 1_101],
  [1_000, 900],
  [1_000, 899],
  [0, 0],
  [0, 1],
] as const;

const CASES = {
  half: CHANGES,
  nineTenths: CHANGES,
  checkpoint: [
    [undefined, undefined],
    [undefined, 5],
    [1_000, undefined],
    [1_000, 1_100],
    [1_000, 1_101],
    [1_000, 899],
  ],
  isNoted: [true, false],
  isKnown: [true, false],
} as const;

type Case = CombinationOf<typeof CASES>;

const summaryOf = ({ half, nineTenths, checkpoint }: Case, when: 0 | 1) => {
  const checkpointMs = checkpoint[when];
  const ofCheckpoints = checkpointMs === undefined ? {} : { checkpointNineTenthsMs: checkpointMs };
  return { samples: when, halfMs: half[when], nineTenthsMs: nineTenths[when], ...ofCheckpoints };
};

const decided = (tried: Case): string => {
  const noted = tried.isNoted ? summaryOf(tried, 0) : undefined;
  const known = tried.isKnown ? summaryOf(tried, 1) : undefined;
  return isWorthNoting(noted, known) ? 'written down again' : 'left as it is';
};

/** More than a tenth is a change, and so is what was not known before; what is not known any more changes nothing. */
const hasChanged = ([before, after]: readonly [number | undefined, number | undefined]): boolean => {
  if (after === undefined) return false;
  if (before === undefined) return true;
  if (before === 0) return after > 0.1;
  return after > before * 1.1 || after < before * 0.9;
};

const expected = ({ half, nineTenths, checkpoint, isNoted, isKnown }: Case): string => {
  if (!isKnown) return 'left as it is';
  if (!isNoted) return 'written down again';
  return [half, nineTenths, checkpoint].some(hasChanged) ? 'written down again' : 'left as it is';
};

/** Whether what is known of run times is written down once more. */
export const notedRunTimes: DecisionTable = {
  name: 'run times that have changed',
  promise: 'M1',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
