import { decideLeaving } from '../../../../decisions/decide-leaving.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { NOW, type TriedFleet, type TriedMachine, tellPlan, viewOf } from './capacity-world.ts';
import { compareTold, type ToldCase, triedTogether } from './told-cases.ts';

const some = (count: number, machine: TriedMachine): readonly TriedMachine[] => new Array(count).fill(machine);

const IDLE: TriedMachine = {};
const BUSY: TriedMachine = { tasks: 1 };
const STARTING: TriedMachine = { isAgentless: true, upSeconds: 60 };
const SILENT: TriedMachine = { heardSecondsAgo: 50 };

const CASES = {
  idle: [0, 3],
  busy: [0, 2],
  silent: [0, 2],
  starting: [0, 1],
  /** One that drains and one that is attached. */
  others: [0, 1],
  wanted: [0, 2, 4],
  waiting: [0, 1],
} as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ idle, busy, silent, starting, others, wanted, waiting }: Case): string => {
  const machines = [
    ...some(idle, IDLE),
    ...some(silent, SILENT),
    ...some(busy, BUSY),
    ...some(starting, STARTING),
    ...some(others, { isDraining: true }),
    ...some(others, { isAttached: true }),
  ];
  return tellPlan({ actions: decideLeaving(viewOf({ machines, waiting }), wanted, NOW) });
};

/**
 * With nothing waiting, as many idle machines as are too many, those that nobody hears before the rest. Who holds a task, who
 * is starting and who is not ours stays.
 */
const expected = ({ idle, busy, silent, starting, wanted, waiting }: Case): string => {
  if (waiting > 0) return '';
  const inOrder = [
    ...some(silent, SILENT).map((_, index) => idle + index),
    ...some(idle, IDLE).map((_, index) => index),
  ];
  const surplus = Math.max(0, idle + busy + silent + starting - wanted);
  return inOrder
    .slice(0, surplus)
    .map((number) => `leave ${number}`)
    .join(', ');
};

const OLD: TriedMachine = { purchase: 'on-demand', tasks: 1, upSeconds: 9_000 };
const OLDER: TriedMachine = { ...OLD, upSeconds: 9_001 };
const ON_DEMAND: TriedMachine = { purchase: 'on-demand' };
const OUTDATED: TriedMachine = { tasks: 1, isOutdated: true };
const UP_SO_LONG = (upSeconds: number): TriedMachine => ({ upSeconds });
const FULL: TriedMachine = { tasks: 2 };

type Moved = { readonly dear?: readonly number[]; readonly doubtful?: readonly number[] };

const leaving = (of: string, wanted: number, fleet: TriedFleet, due: string, moved: Moved = {}): ToldCase => ({
  of,
  decided: () => {
    const view = viewOf(fleet);
    const membersAt = (places: readonly number[] = []) => places.map((place) => view.state.members[place]!);
    const replaced = { dear: membersAt(moved.dear), doubtful: membersAt(moved.doubtful) };
    return tellPlan({ actions: decideLeaving(view, wanted, NOW, replaced) });
  },
  due,
});

const busyFleet = (machines: readonly TriedMachine[], policy: TriedFleet['policy'] = {}): TriedFleet => ({
  machines,
  policy,
  waiting: 1,
});

const TOLD: readonly ToldCase[] = [
  // Fewer are allowed than there are: although work waits, who does least goes, the oldest of those who do alike.
  leaving('as many as are allowed', 3, busyFleet(some(3, BUSY), { machinesMax: 3 }), ''),
  leaving('one more than allowed', 3, busyFleet([FULL, BUSY, FULL, FULL], { machinesMax: 3 }), 'leave 1'),
  leaving(
    'two more than allowed',
    3,
    busyFleet([FULL, FULL, BUSY, FULL, IDLE], { machinesMax: 3 }),
    'leave 4, leave 2',
  ),
  leaving(
    'the oldest of those who do alike',
    1,
    busyFleet([UP_SO_LONG(100), UP_SO_LONG(300), UP_SO_LONG(200)], { machinesMax: 1 }),
    'leave 1, leave 2',
  ),
  leaving('one that is not heard', 1, busyFleet([IDLE, { ...SILENT, tasks: 2 }], { machinesMax: 1 }), 'leave 1'),
  leaving('attached beyond the limit', 1, busyFleet(some(3, { isAttached: true }), { machinesMax: 1 }), ''),
  // What was bought beyond the maximum for others' place, a quarter at most, sends those others away and not the new ones.
  leaving('one for a doubtful one', 4, busyFleet(some(5, BUSY), { machinesMax: 4 }), '', { doubtful: [0, 1] }),
  leaving('two for doubtful ones', 4, busyFleet(some(6, BUSY), { machinesMax: 4 }), 'leave 0', { doubtful: [0, 1] }),
  leaving('two, where two of five may be', 5, busyFleet(some(7, BUSY), { machinesMax: 5 }), '', { doubtful: [0, 1] }),
  // Stand-ins go once as many are proven as are wanted: who holds a task, or has been up for ten minutes.
  leaving('both proven', 1, busyFleet([OLD, BUSY]), 'leave 0'),
  leaving('the older first', 1, busyFleet([OLD, OLDER, BUSY]), 'leave 1, leave 0'),
  leaving('no more than are proven', 2, busyFleet([OLD, OLDER, BUSY]), 'leave 1'),
  leaving('a new one that holds a task', 1, busyFleet([OLD, { tasks: 1, upSeconds: 60 }]), 'leave 0'),
  leaving('up for ten minutes', 1, busyFleet([OLD, UP_SO_LONG(600)]), 'leave 0'),
  leaving('up for less', 1, busyFleet([OLD, UP_SO_LONG(599.999)]), ''),
  leaving('up for long, without an agent', 1, busyFleet([OLD, { ...STARTING, upSeconds: 700 }]), ''),
  leaving('the base stays', 1, busyFleet([OLD, OLDER, BUSY], { onDemandBase: 1 }), 'leave 1'),
  leaving('a base larger than what is wanted', 1, busyFleet([OLD, OLDER, BUSY], { onDemandBase: 2 }), 'leave 1'),
  leaving('attached on demand', 1, busyFleet([{ ...OLD, isAttached: true }, BUSY]), ''),
  // With nothing waiting, idle ones whose place others take go before the rest: on demand, then dear, then doubtful.
  leaving('idle on demand first', 2, { machines: [IDLE, IDLE, ON_DEMAND] }, 'leave 2'),
  leaving('an idle one of an older version first', 2, { machines: [IDLE, IDLE, { isOutdated: true }] }, 'leave 2'),
  leaving('the dearest first', 1, { machines: [IDLE, IDLE, IDLE, ON_DEMAND] }, 'leave 3, leave 2, leave 1', {
    dear: [2],
    doubtful: [1],
  }),
  leaving('a silent one before the dearest', 2, { machines: [SILENT, IDLE, ON_DEMAND] }, 'leave 0'),
  leaving('who was bought for a doubtful one stays', 4, { machines: [...some(4, BUSY), IDLE] }, '', { doubtful: [0] }),
  leaving('beyond those', 4, { machines: [...some(4, BUSY), IDLE, IDLE] }, 'leave 4', { doubtful: [0] }),
  leaving('base on demand, idle', 1, { machines: [BUSY, ON_DEMAND], policy: { onDemandBase: 1 } }, ''),
  // Then dear pools, then older versions: once as many as are wanted are proven, who does least first.
  leaving('a dear one', 2, busyFleet([FULL, BUSY, BUSY]), 'leave 1', { dear: [0, 1] }),
  leaving('a dear one, its replacement starting', 2, busyFleet([BUSY, BUSY, STARTING]), '', { dear: [0, 1] }),
  leaving('an older version', 2, busyFleet([{ ...OUTDATED, tasks: 2 }, OUTDATED, BUSY]), 'leave 1'),
  leaving('an older version, its replacement starting', 2, busyFleet([OUTDATED, BUSY, STARTING]), ''),
  leaving('an older version that is attached', 1, busyFleet([{ ...OUTDATED, isAttached: true }, BUSY]), ''),
  // One reason at a time.
  leaving('on demand before dear', 1, busyFleet([BUSY, OLD, OUTDATED]), 'leave 1', { dear: [0] }),
  leaving('dear before older', 1, busyFleet([BUSY, OUTDATED]), 'leave 0', { dear: [0] }),
];

/** Who leaves, and how many: never by a plan that would leave the fleet short. */
export const machinesLetGo: DecisionTable = {
  name: 'machines let go',
  promise: 'M1',
  tryAll: () => triedTogether(compareDecisions(combinationsOf(CASES), decided, expected), compareTold(TOLD)),
};
