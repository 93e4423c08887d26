import {
  type Ec2FleetId,
  type FleetName,
  type InstanceId,
  type IntentId,
  intentId,
  type SessionId,
  type TaskId,
} from './ids.ts';
import type { Pool } from './pool.ts';
import { MACHINE_GONE_KINDS, type RecordedSignal, SIGNAL_GRAVITY, type SignalKind } from './signal.ts';
import { addMs, type EpochMs, secondsToMs } from './time.ts';

/** How long the tasks of a fleet take, from what has been seen; hints for deciding, in milliseconds. */
export interface RunTimeSummary {
  readonly samples: number;
  /** Half of the tasks end within this. */
  readonly halfMs: number;
  /** Nine of ten do. */
  readonly nineTenthsMs: number;
  /** Nine of ten checkpoints are written within this; absent when none was seen. */
  readonly checkpointNineTenthsMs?: number;
}

/** One machine, as the control plane and its agent know it. The agent's mailbox is this same item. */
export interface InstanceRecord {
  readonly form: 1;
  readonly instanceId: InstanceId;
  readonly fleet: FleetName;
  readonly intentId: IntentId;
  readonly ec2FleetId: Ec2FleetId;
  readonly pool: Pool;
  readonly launchedAt: EpochMs;
  readonly session?: SessionId;
  readonly heartbeatAt?: EpochMs;
  /** Version of the agent that has the session: an agent is replaced by draining its machine (reliability F66). */
  readonly agentVersion?: string;
  /** What this machine's agent has seen; written with its heartbeat. */
  readonly runTimes?: RunTimeSummary;
  /** What the fleet's other machines had seen when this one was adopted. */
  readonly runTimesExpected?: RunTimeSummary;
  /** Tasks held, each with the attempt it is held under. */
  readonly leases: Readonly<Record<TaskId, number>>;
  readonly signals: Readonly<Partial<Record<SignalKind, RecordedSignal>>>;
  readonly drainingAt?: EpochMs;
  /** When its run was closed in the money ledger. */
  readonly goneAt?: EpochMs;
  /** When it was taken out of the groups that the fleet file names: each step is done, or found done, once. */
  readonly detachedAt?: EpochMs;
  readonly deregisteredAt?: EpochMs;
  readonly lifecycleCompletedAt?: EpochMs;
}

/** The steps by which a machine leaves groups that somebody else made, as they are marked on its item. */
export type GroupMark = 'detachedAt' | 'deregisteredAt' | 'lifecycleCompletedAt';

/**
 * The intent of machines that somebody else launched and tagged for a fleet in `attach` or `observe`. They are drained and
 * their tasks released like any other, and never ended by us, whatever the fleet's mode becomes (N2).
 */
export const ATTACHED: IntentId = intentId('attached');

export const isAttached = (machine: { readonly intentId: IntentId }): boolean => machine.intentId === ATTACHED;

export type Lifecycle = 'active' | 'wary' | 'leaving' | 'draining' | 'gone';

/** How a fleet wants signals to be weighed. */
export interface DrainPolicy {
  readonly marginSeconds: number;
  /** A deadline nearer than this means draining, not leaving. */
  readonly windowSeconds: number;
  readonly warySeconds: number;
  readonly rebalance: 'wary' | 'ignore' | 'drain';
}

const kindsOf = (record: InstanceRecord): readonly SignalKind[] => Object.keys(record.signals) as SignalKind[];

/** The earliest moment at which the machine is expected to end, of all that has been recorded. */
export const deadlineOf = (record: InstanceRecord): EpochMs | undefined => {
  const deadlines = kindsOf(record).flatMap((kind) => record.signals[kind]?.deadline ?? []);
  return deadlines.length === 0 ? undefined : (Math.min(...deadlines) as EpochMs);
};

/**
 * When a draining machine is through: at its deadline, and at the latest when the window that a warning would have given
 * is over. A machine may be drained for one reason while a change is announced for weeks later.
 */
export const drainEndOf = (record: InstanceRecord, policy: DrainPolicy, now: EpochMs): EpochMs => {
  const windowEnd = addMs(record.drainingAt ?? now, secondsToMs(policy.windowSeconds));
  return Math.min(deadlineOf(record) ?? windowEnd, windowEnd) as EpochMs;
};

/** Whether recording this signal makes the machine drain at once: `drainingAt` is then part of the same write. */
export const drainsNow = (
  signal: { readonly kind: SignalKind; readonly deadline?: EpochMs },
  policy: DrainPolicy,
  now: EpochMs,
): boolean => {
  const gravity = SIGNAL_GRAVITY[signal.kind];
  if (gravity === 'ends') return true;
  if (gravity === 'warns') return policy.rebalance === 'drain';
  return (
    gravity === 'drains-near-deadline' &&
    signal.deadline !== undefined &&
    signal.deadline <= addMs(now, secondsToMs(policy.windowSeconds))
  );
};

/** A recorded signal whose time has come near since it was recorded. */
export const drainIsDue = (record: InstanceRecord, policy: DrainPolicy, now: EpochMs): boolean =>
  record.drainingAt === undefined &&
  kindsOf(record).some((kind) => drainsNow({ kind, ...record.signals[kind] }, policy, now));

/** Computed from what is recorded, never stored (design section 3, Instances). */
export const lifecycleOf = (record: InstanceRecord, policy: DrainPolicy, now: EpochMs): Lifecycle => {
  if (record.goneAt !== undefined || MACHINE_GONE_KINDS.some((kind) => record.signals[kind])) return 'gone';
  if (record.drainingAt !== undefined) return 'draining';
  const kinds = kindsOf(record);
  if (kinds.some((kind) => SIGNAL_GRAVITY[kind] === 'leaves' || SIGNAL_GRAVITY[kind] === 'drains-near-deadline')) {
    return 'leaving';
  }
  const rebalance = record.signals['rebalance-recommendation'];
  const isWary =
    rebalance !== undefined &&
    policy.rebalance !== 'ignore' &&
    now < addMs(rebalance.recordedAt, secondsToMs(policy.warySeconds));
  return isWary ? 'wary' : 'active';
};

/** Milliseconds since the agent last wrote, or since the launch when it never did. */
export const silenceMs = (record: InstanceRecord, now: EpochMs): number =>
  Math.max(0, now - (record.heartbeatAt ?? record.launchedAt));

/** A machine that EC2 itself is ending: notice, eviction, or a state it did not ask for. */
export const isTakenByEc2 = (record: InstanceRecord): boolean =>
  record.signals['spot-interruption'] !== undefined || record.signals['bid-evicted'] !== undefined;
