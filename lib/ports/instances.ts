import type { InstanceId, SessionId, TaskId } from '../fleet/ids.ts';
import type { GroupMark, InstanceRecord, RunTimeSummary } from '../fleet/instance.ts';
import type { Hold } from '../fleet/lease-rules.ts';
import type { Signal } from '../fleet/signal.ts';
import type { EpochMs } from '../fleet/time.ts';

export interface LeaseChange {
  readonly instanceId: InstanceId;
  readonly session: SessionId;
  /** All of them are held, or none. */
  readonly holds?: readonly Hold[];
  /** A task that is named among the holds too is held. */
  readonly unholds?: readonly TaskId[];
}

/** What an agent tells of its machine with a heartbeat. */
export interface HeartbeatReport {
  readonly runTimes?: RunTimeSummary;
}

export type LeaseOutcome =
  | { readonly outcome: 'done'; readonly record: InstanceRecord }
  | {
      readonly outcome: 'refused';
      readonly because: 'no-item' | 'draining' | 'leaving' | 'other-session';
      readonly record: InstanceRecord | undefined;
    };

/** The instances table. Every read is strongly consistent; every write is one item, conditional. */
export interface InstanceStore {
  get(instanceId: InstanceId): Promise<InstanceRecord | undefined>;
  /** Writes the row of a machine we own. A row that is there stays as it is. */
  create(record: InstanceRecord): Promise<void>;
  /**
   * `signals.<kind> = if_not_exists(…)`, and with `drains` also `drainingAt = if_not_exists(…)`. The only condition is
   * that the item exists. Answers the whole item after the write: the leases in it are exactly those held at that
   * instant, because none can be added to a draining item.
   */
  recordSignal(signal: Signal, drains: boolean, now: EpochMs): Promise<InstanceRecord | undefined>;
  /** Taken back: our own `leave`, or a scheduled change that AWS cancelled. A machine that drains goes on draining (N5). */
  withdraw(instanceId: InstanceId, kind: 'leave' | 'scheduled-change'): Promise<InstanceRecord | undefined>;
  /**
   * The first session to come has the machine; a second agent is refused (one session per machine). The version of the
   * agent that has it is written beside it (reliability F66).
   */
  openSession(instanceId: InstanceId, session: SessionId, now: EpochMs, agentVersion: string): Promise<LeaseOutcome>;
  /** Liveness, one write per machine; the item it answers is the agent's mailbox. */
  heartbeat(instanceId: InstanceId, session: SessionId, now: EpochMs, report?: HeartbeatReport): Promise<LeaseOutcome>;
  /**
   * Holds tasks and gives up others in one write, at most `LEASES_CHANGED_MAX` together, which counts as a heartbeat too.
   * On a machine that is on its way out a write with a new hold is refused as a whole; one that only gives up never is.
   * Holds that all stand already, their reply lost, are done; nothing is written then, and the item answered says
   * whether the others were given up.
   */
  changeLeases(change: LeaseChange, now: EpochMs): Promise<LeaseOutcome>;
  /** The control plane's own clean-up, once a task's row no longer names this machine. */
  dropLease(instanceId: InstanceId, taskId: TaskId, attempt: number): Promise<void>;
  /** A step out of a group is done: the first time stays. A machine without an item is nobody's, and nothing is written. */
  markGroupStep(instanceId: InstanceId, mark: GroupMark, now: EpochMs): Promise<void>;
  /** The run is closed in the money ledger. */
  markGone(instanceId: InstanceId, now: EpochMs): Promise<void>;
}
