import { sessionId, type TaskId } from '../../../../fleet/ids.ts';
import type { InstanceRecord } from '../../../../fleet/instance.ts';
import { type Hold, isHeld, leaseRefusal, sessionRefusal } from '../../../../fleet/lease-rules.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { inSeconds, MACHINE, recorded, TWO_LEASES } from '../machines/told-machines.ts';

const OURS = sessionId('session-1');

/** On a machine that holds the third attempt of one task and the first of another. */
const HOLDS = {
  none: [],
  held: [['task-1', 3]],
  'all held': [
    ['task-2', 1],
    ['task-1', 3],
  ],
  'another attempt': [['task-1', 4]],
  'an earlier attempt': [['task-1', 2]],
  'another task': [['task-3', 3]],
  'held and new': [
    ['task-1', 3],
    ['task-3', 1],
  ],
} as const;

const CASES = {
  item: ['none', 'without a session', 'with ours', 'with another'],
  holds: Object.keys(HOLDS) as (keyof typeof HOLDS)[],
  drains: [false, true],
  isClosed: [false, true],
  told: [undefined, 'leave', 'scheduled-change', 'rebalance-recommendation', 'state-running'],
} as const;

type Case = CombinationOf<typeof CASES>;

const recordOf = ({ item, drains, isClosed, told }: Case): InstanceRecord | undefined => {
  if (item === 'none') return undefined;
  return {
    ...MACHINE,
    ...(item === 'without a session' ? {} : { session: item === 'with ours' ? OURS : sessionId('session-2') }),
    leases: TWO_LEASES,
    signals: told === undefined ? {} : recorded(told, { deadline: 5 }),
    ...(drains ? { drainingAt: inSeconds(-5) } : {}),
    ...(isClosed ? { goneAt: inSeconds(-2) } : {}),
  };
};

const inText = (opens: string | undefined, writes: string | undefined, held: number): string =>
  `opens: ${opens ?? 'yes'}; writes: ${writes ?? 'yes'}; ${held} held already`;

const decided = (tried: Case): string => {
  const holds = HOLDS[tried.holds].map(([task, attempt]): Hold => ({ taskId: task as TaskId, attempt }));
  const record = recordOf(tried);
  const held = record === undefined ? 0 : holds.filter((hold) => isHeld(record, hold)).length;
  return inText(sessionRefusal(record, OURS), leaseRefusal(record, OURS, holds), held);
};

/** One session for each machine. Nothing new is held on a machine that drains, leaves or is closed (N6). */
const expected = ({ item, holds, drains, isClosed, told }: Case): string => {
  if (item === 'none') return inText('no-item', 'no-item', 0);
  const held = { 'all held': 2, held: 1, 'held and new': 1 }[holds as string] ?? 0;
  if (item === 'with another') return inText('other-session', 'other-session', held);
  if (item === 'without a session') return inText(undefined, 'other-session', held);
  const areNew = holds !== 'none' && holds !== 'held' && holds !== 'all held';
  if (areNew && (drains || isClosed)) return inText(undefined, 'draining', held);
  return inText(undefined, areNew && told === 'leave' ? 'leaving' : undefined, held);
};

/** What an agent may write on its machine's item. */
export const leases: DecisionTable = {
  name: 'what an agent may write on its item',
  promise: 'N6',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
