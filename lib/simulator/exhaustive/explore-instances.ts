import { ec2FleetId, instanceId, intentId, type SessionId, sessionId, type TaskId, taskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import type { SignalKind } from '../../fleet/signal.ts';
import type { InstanceStore, LeaseChange, LeaseOutcome } from '../../ports/instances.ts';
import { memoryInstanceStore } from '../ports/memory-instance-store.ts';
import { POOL, SETTINGS, START } from './small-world.ts';

/** A machine's item, as the design's rules tell of it. */
interface ModelItem {
  readonly session?: SessionId;
  readonly leases: Readonly<Record<string, number>>;
  readonly signals: readonly SignalKind[];
  readonly drains: boolean;
  readonly isGone: boolean;
}

type Told = 'done' | 'no-item' | 'other-session' | 'draining' | 'leaving';

/** One write on the item: by the port, and by the rules. */
interface Write {
  readonly name: string;
  by(store: InstanceStore): Promise<LeaseOutcome | unknown>;
  rule(item: ModelItem | undefined): { readonly item: ModelItem | undefined; readonly told?: Told };
}

const ID = instanceId('i-00000001');
const SESSIONS = ['session-1', 'session-2'].map(sessionId);
const TASKS = ['task-1', 'task-2'].map(taskId);
const ATTEMPTS = [1, 2];

const NEW: InstanceRecord = {
  form: 1,
  instanceId: ID,
  fleet: SETTINGS.fleet,
  intentId: intentId('explored'),
  ec2FleetId: ec2FleetId('fleet-explored'),
  pool: POOL,
  launchedAt: START,
  leases: {},
  signals: {},
};

const NEW_ITEM: ModelItem = { leases: {}, signals: [], drains: false, isGone: false };

const whenOpen = (
  item: ModelItem | undefined,
  session: SessionId,
  effect: (item: ModelItem) => { readonly item: ModelItem; readonly told: Told },
): ReturnType<Write['rule']> => {
  if (item === undefined) return { item, told: 'no-item' };
  return item.session === session ? effect(item) : { item, told: 'other-session' };
};

const ruleOfLeases =
  ({ session, holds = [], unholds = [] }: LeaseChange): Write['rule'] =>
  (item) =>
    whenOpen(item, session, (open) => {
      const areNew = holds.some(({ taskId: id, attempt }) => open.leases[id] !== attempt);
      const isLeaving = open.signals.includes('leave');
      const isClosed = open.drains || open.isGone;
      if (areNew && isClosed) return { item: open, told: 'draining' };
      if (areNew && isLeaving) return { item: open, told: 'leaving' };
      // The same holds again, their answer lost, on a machine that takes nothing: nothing is written.
      if (holds.length > 0 && (isClosed || isLeaving)) return { item: open, told: 'done' };
      const kept = Object.entries(open.leases).filter(([id]) => !unholds.includes(id as TaskId));
      const added = holds.map(({ taskId: id, attempt }) => [id, attempt] as const);
      return { item: { ...open, leases: Object.fromEntries([...kept, ...added]) }, told: 'done' };
    });

const changes = (session: SessionId): LeaseChange[] => [
  ...TASKS.flatMap((id) => ATTEMPTS.map((attempt) => ({ instanceId: ID, session, holds: [{ taskId: id, attempt }] }))),
  ...TASKS.map((id) => ({ instanceId: ID, session, unholds: [id] })),
  { instanceId: ID, session, holds: [{ taskId: TASKS[0]!, attempt: 1 }], unholds: [TASKS[1]!] },
  { instanceId: ID, session, holds: TASKS.map((id) => ({ taskId: id, attempt: 1 })) },
];

const bySession = (session: SessionId): Write[] => [
  {
    name: `open ${session}`,
    by: (store) => store.openSession(ID, session, START, 'explored'),
    rule: (item) => {
      if (item === undefined) return { item, told: 'no-item' };
      if (item.session !== undefined && item.session !== session) return { item, told: 'other-session' };
      return { item: { ...item, session }, told: 'done' };
    },
  },
  {
    name: `heartbeat of ${session}`,
    by: (store) => store.heartbeat(ID, session, START),
    rule: (item) => whenOpen(item, session, (open) => ({ item: open, told: 'done' })),
  },
  ...changes(session).map(
    (change): Write => ({
      name: JSON.stringify(change),
      by: (store) => store.changeLeases(change, START),
      rule: ruleOfLeases(change),
    }),
  ),
];

const SIGNALS: readonly (readonly [SignalKind, boolean])[] = [
  ['spot-interruption', true],
  ['rebalance-recommendation', false],
  ['leave', false],
];

const WRITES: readonly Write[] = [
  { name: 'create', by: (store) => store.create(NEW), rule: (item) => ({ item: item ?? NEW_ITEM }) },
  ...SESSIONS.flatMap(bySession),
  ...SIGNALS.map(
    ([kind, drains]): Write => ({
      name: `${kind} is told`,
      by: (store) => store.recordSignal({ kind, instanceId: ID, at: START }, drains, START),
      rule: (item) => ({
        item: item && {
          ...item,
          signals: [...new Set([...item.signals, kind])],
          drains: item.drains || drains,
        },
      }),
    }),
  ),
  {
    name: 'leave is taken back',
    by: (store) => store.withdraw(ID, 'leave'),
    rule: (item) => ({ item: item && { ...item, signals: item.signals.filter((kind) => kind !== 'leave') } }),
  },
  ...TASKS.flatMap((id) =>
    ATTEMPTS.map(
      (attempt): Write => ({
        name: `${id} of attempt ${attempt} is dropped`,
        by: (store) => store.dropLease(ID, id, attempt),
        rule: (item) => {
          if (item?.leases[id] !== attempt) return { item };
          const { [id]: _dropped, ...leases } = item.leases;
          return { item: { ...item, leases } };
        },
      }),
    ),
  ),
  {
    name: 'its run is closed',
    by: (store) => store.markGone(ID, START),
    rule: (item) => ({ item: item && { ...item, isGone: true } }),
  },
];

const sorted = (leases: Readonly<Record<string, number>>): unknown => Object.entries(leases).sort();

const textOf = (item: ModelItem | undefined): string =>
  JSON.stringify(item && [item.session, sorted(item.leases), [...item.signals].sort(), item.drains, item.isGone]);

const modelOf = (record: InstanceRecord | undefined): ModelItem | undefined =>
  record && {
    ...(record.session === undefined ? {} : { session: record.session }),
    leases: record.leases,
    signals: Object.keys(record.signals) as SignalKind[],
    drains: record.drainingAt !== undefined,
    isGone: record.goneAt !== undefined,
  };

const toldOf = (answer: unknown): Told | undefined => {
  const { outcome, because } = (answer ?? {}) as { readonly outcome?: string; readonly because?: Told };
  if (outcome === undefined) return undefined;
  return outcome === 'done' ? 'done' : because;
};

export interface InstancesExploration {
  readonly states: number;
  readonly transitions: number;
  readonly differences: readonly string[];
}

/**
 * Every write of two sessions, three signals and the control plane on every item that can be reached, by the port with the
 * product's own rules, and by the rules as the design tells them, until nothing new is reached.
 */
export const exploreInstances = async (): Promise<InstancesExploration> => {
  const seen = new Map<string, InstanceRecord | undefined>([[textOf(undefined), undefined]]);
  const left: (InstanceRecord | undefined)[] = [undefined];
  const differences: string[] = [];
  let transitions = 0;
  while (left.length > 0) {
    const record = left.pop();
    for (const write of WRITES) {
      const store = memoryInstanceStore();
      if (record !== undefined) await store.create(record);
      const answer = await write.by(store);
      const expected = write.rule(modelOf(record));
      const after = store.records.get(ID);
      transitions += 1;
      const isRight = textOf(modelOf(after)) === textOf(expected.item) && toldOf(answer) === expected.told;
      if (!isRight) differences.push(`${write.name} on ${textOf(modelOf(record))}`);
      const text = textOf(modelOf(after));
      if (seen.has(text)) continue;
      seen.set(text, after);
      left.push(after);
    }
  }
  return { states: seen.size, transitions, differences };
};
