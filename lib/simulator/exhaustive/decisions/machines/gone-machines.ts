import { decideInstance } from '../../../../decisions/decide-instance.ts';
import { sessionId } from '../../../../fleet/ids.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, inWords, MACHINE, NOW, POLICY, recorded, sentenceOf, TWO_LEASES } from './told-machines.ts';

const CASES = {
  told: ['nothing', 'state-stopped', 'state-terminated'],
  isClosed: [false, true],
  isEndTold: [false, true],
  deadline: [undefined, 60, -299.999, -300],
  heardAgo: [14.999, 49.999, 50],
  holds: [false, true],
  mayTerminate: [false, true],
  seenBy: ['signal', 'reconcile'],
} as const;

type Case = CombinationOf<typeof CASES>;

function* cases(): Generator<Case> {
  for (const tried of combinationsOf(CASES)) if (tried.told !== 'nothing' || tried.isClosed) yield tried;
}

const recordOf = ({ told, isClosed, deadline, heardAgo, holds }: Case): InstanceRecord => ({
  ...MACHINE,
  launchedAt: inSeconds(-1_000),
  drainingAt: inSeconds(-1),
  signals: {
    ...(told === 'nothing' ? {} : recorded(told)),
    ...(deadline === undefined ? {} : recorded('spot-interruption', { deadline })),
  },
  session: sessionId('session-1'),
  heartbeatAt: inSeconds(-heardAgo),
  leases: holds ? TWO_LEASES : {},
  ...(isClosed ? { goneAt: inSeconds(-5) } : {}),
});

const decided = (tried: Case): string => {
  const { mayTerminate, seenBy, isEndTold } = tried;
  const view = { policy: POLICY, maximumAgeSeconds: 2_000, mayTerminate, seenBy, isEndTold };
  return sentenceOf(decideInstance({ ...view, record: recordOf(tried) }, NOW));
};

/**
 * What it held is released. A reconcile closes its run once EC2 has said that it ended; where only an event said so, the
 * machine may live, and is ended as any drained one.
 */
const expected = ({ isClosed, isEndTold, deadline, heardAgo, holds, mayTerminate, seenBy }: Case): string => {
  const isReconciled = seenBy === 'reconcile';
  const isSure = isClosed || isEndTold;
  const isLeftToEc2 = deadline !== undefined && deadline > -300;
  return inWords([
    holds && 'release task-1 of attempt 3 and task-2 of attempt 1',
    isReconciled && isSure && 'close its run',
    isReconciled && !isSure && mayTerminate && !holds && heardAgo >= 50 && !isLeftToEc2 && 'end it',
    !isReconciled && !isClosed && 'wake its fleet',
  ]);
};

/** What is done about a machine that has ended, or of which it is said. */
export const goneMachines: DecisionTable = {
  name: 'a machine that is gone',
  promise: 'M2',
  tryAll: () => compareDecisions(cases(), decided, expected),
};
