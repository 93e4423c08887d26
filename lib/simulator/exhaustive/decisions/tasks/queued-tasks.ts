import { isStillQueued, queuedLookAt } from '../../../../decisions/decide-task.ts';
import { fleetName, taskId } from '../../../../fleet/ids.ts';
import type { TaskRecord } from '../../../../fleet/task.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, NOW, secondsUntil } from '../machines/told-machines.ts';

const CASES = {
  attempt: [0, 1, 2],
  waiting: [0, 1, 3_960, 4_000, 4_040, 100_000, 1_000_000],
  submittedAgo: [-2, 0, 21_599.999, 21_600, 90_000],
} as const;

type Case = CombinationOf<typeof CASES>;

const rowOf = ({ attempt, submittedAgo }: Case): TaskRecord => ({
  form: 1,
  taskId: taskId('explored'),
  fleet: fleetName('explored'),
  status: 'ready',
  attempt,
  failures: 0,
  reclaims: 0,
  body: { inline: '{}', sha256: 'digest' },
  submittedAt: inSeconds(-submittedAgo),
  checkAt: NOW,
});

const decided = (tried: Case): string => {
  // A thousandth more or less, by the way of dividing, is no difference.
  const lookIn = Math.round(secondsUntil(queuedLookAt(tried.waiting, NOW)) * 10) / 10;
  return isStillQueued(rowOf(tried), tried.waiting, NOW) ? `waits its turn, looked at in ${lookIn} s` : 'sent again';
};

/**
 * Never taken, others waiting, and submitted less than six hours ago. A sweep looks at 1,600 rows a minute, and half of
 * them may be such: 800 a minute, each after five minutes at the least.
 */
const expected = ({ attempt, waiting, submittedAgo }: Case): string => {
  if (attempt > 0 || waiting === 0 || submittedAgo >= 21_600) return 'sent again';
  return `waits its turn, looked at in ${waiting <= 4_000 ? 300 : waiting * 0.075} s`;
};

/** Whether a ready task that nobody came for waits its turn among others, and when it is looked at again. */
export const queuedTasks: DecisionTable = {
  name: 'a new task among a backlog',
  promise: 'O2',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
