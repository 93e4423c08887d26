/**
 * The instances table. DynamoDB by reliability B14: every operation is one conditional write on one item, and answers the
 * item after it.
 * Held against the adapter by `test/contracts/instance-store.test.ts`.
 *
 * Not modelled: the 400 KB of an item, the size of an expression, throttling and outages (injected: F18, F19), forms of other versions.
 */
import type { InstanceId, SessionId, TaskId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import { leaseRefusal, sessionRefusal } from '../../fleet/lease-rules.ts';
import type { Signal } from '../../fleet/signal.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { HeartbeatReport, InstanceStore, LeaseChange, LeaseOutcome } from '../../ports/instances.ts';

export interface MemoryInstanceStore extends InstanceStore {
  /** Every item as it stands, for auditors. */
  readonly records: ReadonlyMap<InstanceId, InstanceRecord>;
}

const without = (leases: InstanceRecord['leases'], taskId: TaskId): InstanceRecord['leases'] => {
  const { [taskId]: _given, ...kept } = leases;
  return kept;
};

const withSignal = (
  record: InstanceRecord,
  { kind, instanceId: _id, ...told }: Signal,
  drains: boolean,
  now: EpochMs,
): InstanceRecord => ({
  ...record,
  signals: { [kind]: { ...told, recordedAt: now }, ...record.signals },
  ...(drains ? { drainingAt: record.drainingAt ?? now } : {}),
});

const withLeases = (
  record: InstanceRecord,
  { holds = [], unholds = [] }: LeaseChange,
  now: EpochMs,
): InstanceRecord => {
  const kept = unholds.reduce(without, record.leases);
  const added = Object.fromEntries(holds.map(({ taskId, attempt }) => [taskId, attempt]));
  return { ...record, heartbeatAt: now, leases: { ...kept, ...added } };
};

/** On its way out, or gone: only what is held already may be asked for, and asking changes nothing. */
const takesNothing = (record: InstanceRecord): boolean =>
  record.drainingAt !== undefined || record.goneAt !== undefined || record.signals.leave !== undefined;

/** The instances table in memory: each operation is one conditional write on one item (B14). */
export const memoryInstanceStore = (): MemoryInstanceStore => {
  const records = new Map<InstanceId, InstanceRecord>();

  const save = (record: InstanceRecord): InstanceRecord => {
    records.set(record.instanceId, record);
    return record;
  };
  const change = (id: InstanceId, effect: (record: InstanceRecord) => InstanceRecord): InstanceRecord | undefined => {
    const record = records.get(id);
    return record && save(effect(record));
  };

  const openSession = (id: InstanceId, session: SessionId, now: EpochMs, agentVersion: string): LeaseOutcome => {
    const record = records.get(id);
    const because = sessionRefusal(record, session);
    if (because) return { outcome: 'refused', because, record };
    return { outcome: 'done', record: save({ ...record!, session, heartbeatAt: now, agentVersion }) };
  };

  const heartbeat = (id: InstanceId, session: SessionId, now: EpochMs, report: HeartbeatReport): LeaseOutcome => {
    const record = records.get(id);
    const because = leaseRefusal(record, session, []);
    if (because) return { outcome: 'refused', because, record };
    // Told apart because there are more heartbeats than all other writes together.
    const told = report.runTimes === undefined ? record! : { ...record!, ...report };
    return { outcome: 'done', record: save({ ...told, heartbeatAt: now }) };
  };

  const changeLeases = (asked: LeaseChange, now: EpochMs): LeaseOutcome => {
    const record = records.get(asked.instanceId);
    const { holds = [] } = asked;
    const because = leaseRefusal(record, asked.session, holds);
    if (because) return { outcome: 'refused', because, record };
    // B14: the first reply was lost; the write stands, and this one failed its condition.
    const isRepeated = holds.length > 0 && takesNothing(record!);
    return { outcome: 'done', record: isRepeated ? record! : save(withLeases(record!, asked, now)) };
  };

  return {
    records,
    get: async (id) => records.get(id),
    create: async (record) => {
      if (!records.has(record.instanceId)) save(record);
    },
    recordSignal: async (signal, drains, now) =>
      change(signal.instanceId, (record) => withSignal(record, signal, drains, now)),
    withdraw: async (id, kind) => {
      change(id, ({ signals: { [kind]: _withdrawn, ...signals }, ...record }) => ({ ...record, signals }));
      return records.get(id);
    },
    openSession: async (id, session, now, agentVersion) => openSession(id, session, now, agentVersion),
    heartbeat: async (id, session, now, report = {}) => heartbeat(id, session, now, report),
    changeLeases: async (asked, now) => changeLeases(asked, now),
    dropLease: async (id, taskId, attempt) => {
      if (records.get(id)?.leases[taskId] !== attempt) return;
      change(id, (record) => ({ ...record, leases: without(record.leases, taskId) }));
    },
    markGroupStep: async (id, mark, now) => {
      change(id, (record) => ({ ...record, [mark]: record[mark] ?? now }));
    },
    markGone: async (id, now) => {
      change(id, (record) => ({ ...record, goneAt: record.goneAt ?? now }));
    },
  };
};
