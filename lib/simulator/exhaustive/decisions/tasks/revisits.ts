import { decideRevisitSeconds } from '../../../../decisions/decide-revisit.ts';
import { fleetName, taskId } from '../../../../fleet/ids.ts';
import type { TaskRecord } from '../../../../fleet/task.ts';
import { addMs, epochMs } from '../../../../fleet/time.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const NOW = epochMs(1_800_000_000_000);

const ROW: TaskRecord = {
  form: 1,
  taskId: taskId('explored'),
  fleet: fleetName('explored'),
  status: 'running',
  attempt: 1,
  failures: 0,
  reclaims: 0,
  body: { inline: '{}', sha256: 'digest' },
  submittedAt: NOW,
};

const CASES = {
  tookSecondsAgo: [undefined, -5, 0, 1, 60, 10_000],
  expectedSeconds: [undefined, 0, 36, 37, 38, 100.4, 899, 901, 20_000],
} as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ tookSecondsAgo, expectedSeconds }: Case): string => {
  const row = tookSecondsAgo === undefined ? ROW : { ...ROW, takenAt: addMs(NOW, -tookSecondsAgo * 1_000) };
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
