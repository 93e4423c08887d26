import { decideRevisitSeconds } from '../../../../decisions/decide-revisit.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, NOW } from '../machines/told-machines.ts';
import { RUNNING } from './told-tasks.ts';

const CASES = {
  tookSecondsAgo: [undefined, -5, 0, 1, 60, 10_000],
  expectedSeconds: [undefined, 0, 36, 37, 38, 100.4, 899, 901, 20_000],
} as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ tookSecondsAgo, expectedSeconds }: Case): string => {
  const row = tookSecondsAgo === undefined ? RUNNING : { ...RUNNING, takenAt: inSeconds(-tookSecondsAgo) };
  const runMsExpected = expectedSeconds === undefined ? undefined : expectedSeconds * 1_000;
  return `back for ${decideRevisitSeconds(row, runMsExpected, NOW)} s`;
};

/** What its owner needs, 30 s to 15 min; 37 s at the least, so as not to be on show at every full minute. */
const expected = ({ tookSecondsAgo = 0, expectedSeconds = 0 }: Case): string => {
  const leftSeconds = expectedSeconds - Math.max(0, tookSecondsAgo);
  if (leftSeconds <= 37) return 'back for 37 s';
  return leftSeconds >= 900 ? 'back for 900 s' : `back for ${Math.ceil(leftSeconds)} s`;
};

/** For how long a message that meets its running task is put back. */
export const revisits: DecisionTable = {
  name: 'a message that meets a running task',
  promise: 'O1',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
