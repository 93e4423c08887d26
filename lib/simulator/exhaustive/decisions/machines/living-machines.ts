import { decideInstance } from '../../../../decisions/decide-instance.ts';
import { sessionId } from '../../../../fleet/ids.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, inWords, MACHINE, NOW, POLICY, recorded, sentenceOf, TWO_LEASES } from './told-machines.ts';

/** What has been told of it; none of this marks it as draining. */
const TOLD = {
  nothing: {},
  'that it runs': { ...recorded('state-running'), ...recorded('scheduled-change-cancelled', { deadline: 1 }) },
  'a recommendation': recorded('rebalance-recommendation', { ago: 399.999, deadline: 1 }),
  'an old recommendation': recorded('rebalance-recommendation', { ago: 400 }),
  'to leave': recorded('leave', { deadline: 1 }),
  'a change, later': recorded('scheduled-change', { deadline: 150.001 }),
  'a change, near': recorded('scheduled-change', { deadline: 150 }),
  'to leave, and a change, later': {
    ...recorded('leave'),
    ...recorded('capacity-reservation-interruption', { deadline: 9_000 }),
  },
  'its end, unmarked': recorded('operator-drain'),
} as const;

const CASES = {
  told: Object.keys(TOLD) as (keyof typeof TOLD)[],
  /** Absent where it was never heard: then it holds nothing either. */
  heardAgo: [undefined, -2, 14.999, 15, 49.999, 50, 599.999, 600],
  launchedAgo: [5, 599.999, 600, 1_999.999, 2_000],
  holds: [false, true],
  mayTerminate: [false, true],
  seenBy: ['signal', 'reconcile'],
} as const;

type Case = CombinationOf<typeof CASES>;

function* cases(): Generator<Case> {
  for (const tried of combinationsOf(CASES)) {
    const { heardAgo, launchedAgo, holds } = tried;
    if (heardAgo === undefined ? !holds : heardAgo <= launchedAgo) yield tried;
  }
}

const recordOf = ({ told, heardAgo, launchedAgo, holds }: Case): InstanceRecord => ({
  ...MACHINE,
  launchedAt: inSeconds(-launchedAgo),
  signals: TOLD[told],
  ...(heardAgo === undefined ? {} : { session: sessionId('session-1'), heartbeatAt: inSeconds(-heardAgo) }),
  leases: holds ? TWO_LEASES : {},
});

const decided = (tried: Case): string => {
  const { mayTerminate, seenBy, holds } = tried;
  // What EC2 has said of an end makes no difference while it lives, so that it may go along with what it holds.
  const view = { policy: POLICY, maximumAgeSeconds: 2_000, mayTerminate, seenBy, isEndTold: holds };
  return sentenceOf(decideInstance({ ...view, record: recordOf(tried) }, NOW));
};

/** Why it should go although nobody drains it; only a machine of ours does. */
const hasToGo = ({ told, heardAgo, launchedAgo, holds }: Case): boolean => {
  const mayStillWork = heardAgo !== undefined && heardAgo < 15;
  if (told.startsWith('to leave') && !holds && !mayStillWork) return true;
  const neverBegan = heardAgo === undefined && launchedAgo >= 600;
  const isLost = heardAgo !== undefined && heardAgo >= 600;
  return neverBegan || isLost || launchedAgo >= 2_000;
};

/**
 * It drains when an announced end is near, or when it has to go. Else the tasks of a silent one are released. The fleet
 * hears of every drain; of a recommendation, from the signal that told it.
 */
const expected = (tried: Case): string => {
  const { told, heardAgo, holds, mayTerminate, seenBy } = tried;
  const isDue = told === 'a change, near' || told === 'its end, unmarked';
  const drains = isDue || (mayTerminate && hasToGo(tried));
  const isWary = told === 'a recommendation';
  return inWords([
    drains && 'drain',
    !drains && holds && heardAgo! >= 50 && 'release task-1 of attempt 3 and task-2 of attempt 1',
    (drains || (isWary && seenBy === 'signal')) && 'wake its fleet',
  ]);
};

/** What is done about a machine that nobody drains yet. */
export const livingMachines: DecisionTable = {
  name: 'a machine that lives',
  promise: 'N1',
  tryAll: () => compareDecisions(cases(), decided, expected),
};
