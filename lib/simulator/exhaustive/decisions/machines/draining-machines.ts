import { decideInstance } from '../../../../decisions/decide-instance.ts';
import { sessionId } from '../../../../fleet/ids.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, inWords, MACHINE, NOW, POLICY, recorded, sentenceOf, TWO_LEASES } from './told-machines.ts';

const CASES = {
  drainingAgo: [0, 142.999, 143],
  /** Of EC2's warning; without one an operator drains it. */
  deadline: [undefined, 60, 7.001, 7, -299.999, -300],
  isLate: [false, true],
  purchase: ['spot', 'on-demand'],
  /** Absent where it was never heard: then it holds nothing either. */
  heardAgo: [undefined, 14.999, 15, 49.999, 50],
  holds: [false, true],
  mayTerminate: [false, true],
  seenBy: ['signal', 'reconcile'],
} as const;

type Case = CombinationOf<typeof CASES>;

function* cases(): Generator<Case> {
  for (const tried of combinationsOf(CASES)) {
    // A machine of the second hour matters to EC2's warning only.
    const isTold = tried.deadline !== undefined || !tried.isLate;
    if (isTold && !(tried.holds && tried.heardAgo === undefined)) yield tried;
  }
}

const recordOf = ({ drainingAgo, deadline, isLate, purchase, heardAgo, holds }: Case): InstanceRecord => ({
  ...MACHINE,
  launchedAt: inSeconds(isLate ? -4_000 : -1_000),
  pool: { ...MACHINE.pool, purchase },
  drainingAt: inSeconds(-drainingAgo),
  signals:
    deadline === undefined
      ? { ...recorded('operator-drain'), ...recorded('leave') }
      : { ...recorded('spot-interruption', { deadline }), ...recorded('scheduled-change', { deadline: 90_000 }) },
  ...(heardAgo === undefined ? {} : { session: sessionId('session-1'), heartbeatAt: inSeconds(-heardAgo) }),
  leases: holds ? TWO_LEASES : {},
});

const decided = (tried: Case): string => {
  const { mayTerminate, seenBy } = tried;
  const view = { policy: POLICY, maximumAgeSeconds: 2_000, isEndTold: false, mayTerminate, seenBy };
  return sentenceOf(decideInstance({ ...view, record: recordOf(tried) }, NOW));
};

/** It has its window or what EC2 leaves it of it, less the margin. An agent that is not heard cannot use it. */
const dueOfTasks = ({ drainingAgo, deadline, heardAgo }: Case): string => {
  const windowMs = 150_000 - drainingAgo * 1_000;
  const leftMs = (deadline === undefined ? windowMs : Math.min(deadline * 1_000, windowMs)) - 7_000;
  if (heardAgo! >= 15 || leftMs <= 0) return 'release task-1 of attempt 3 and task-2 of attempt 1';
  return `look again in ${Math.round(leftMs) / 1_000} s`;
};

/** What EC2 takes within the first hour of a spot machine is free, and left to it for five minutes more (B28). */
const isLeftToEc2 = ({ deadline, isLate, purchase }: Case): boolean =>
  deadline !== undefined && deadline > -300 && purchase === 'spot' && !isLate;

/** Ended by a reconcile only, one of ours only, and only when nobody is heard on it and it holds nothing. */
const expected = (tried: Case): string => {
  const { holds, heardAgo, mayTerminate, seenBy } = tried;
  const isSilent = heardAgo === undefined || heardAgo >= 50;
  const isOver = !holds && isSilent && !isLeftToEc2(tried);
  return inWords([
    holds && dueOfTasks(tried),
    mayTerminate && seenBy === 'reconcile' && isOver && 'end it',
    seenBy === 'signal' && 'wake its fleet',
  ]);
};

/** What is done about a machine that drains: its tasks, its end, and who hears of it. */
export const drainingMachines: DecisionTable = {
  name: 'a machine that drains',
  promise: 'N2',
  tryAll: () => compareDecisions(cases(), decided, expected),
};
