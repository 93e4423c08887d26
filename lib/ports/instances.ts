import type { InstanceId, SessionId, TaskId } from '../fleet/ids.ts';
import type { InstanceRecord } from '../fleet/instance.ts';
import type { Signal } from '../fleet/signal.ts';
import type { EpochMs } from '../fleet/time.ts';

export interface LeaseChange {
  readonly instanceId: InstanceId;
  readonly session: SessionId;
  readonly hold?: { readonly taskId: TaskId; readonly attempt: number };
  readonly unhold?: { readonly taskId: TaskId };
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
  /** The first session to come has the machine; a second agent is refused (one session per machine). */
  openSession(instanceId: InstanceId, session: SessionId, now: EpochMs): Promise<LeaseOutcome>;
  /** Liveness, one write per machine; the item it answers is the agent's mailbox. */
  heartbeat(instanceId: InstanceId, session: SessionId, now: EpochMs): Promise<LeaseOutcome>;
  /**
   * Holds one task, gives up another, or both in one write, which counts as a heartbeat too. A hold is refused on a
   * machine that is on its way out; giving up never is. A hold that stands already, its reply lost, is done.
   */
  changeLeases(change: LeaseChange, now: EpochMs): Promise<LeaseOutcome>;
  /** The control plane's own clean-up, once a task's row no longer names this machine. */
  dropLease(instanceId: InstanceId, taskId: TaskId, attempt: number): Promise<void>;
  /** The run is closed in the money ledger. */
  markGone(instanceId: InstanceId, now: EpochMs): Promise<void>;
}
