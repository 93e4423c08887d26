import type { FleetState, Intent, Member } from '../fleet/fleet.ts';
import type { CapacityPolicy } from '../fleet/fleet-settings.ts';
import type { InstanceId, TaskId } from '../fleet/ids.ts';
import { type DrainPolicy, type InstanceRecord, lifecycleOf, silenceMs } from '../fleet/instance.ts';
import { SILENCE_SECONDS_MAX } from '../fleet/limits.ts';
import type { Pool, Purchase } from '../fleet/pool.ts';
import type { PriceBoard } from '../fleet/price-board.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { Backlog } from '../ports/queues.ts';

/** What is read of tasks where they are due at some time. */
export interface DueTasks {
  /** No unfinished task was submitted before this. Absent where nobody knows. */
  readonly oldestSubmittedAt?: EpochMs;
  /** When the tasks were taken that on-demand machines hold, as far as they were looked at. */
  readonly takenAt: ReadonlyMap<TaskId, EpochMs>;
}

/** Everything that is read before capacity is decided. */
export interface CapacityView {
  readonly state: FleetState;
  /** The item of each member that has one. */
  readonly records: ReadonlyMap<InstanceId, InstanceRecord>;
  readonly backlog: Backlog;
  readonly policy: CapacityPolicy;
  /** Absent in a fleet without a window. */
  readonly due?: DueTasks;
  readonly drainPolicy: DrainPolicy;
  /** Machines of an older launch template that a rolling upgrade replaces; none where each waits for its own end. */
  readonly outdated: ReadonlySet<InstanceId>;
  /** Prices of its pools and what was learned of them; absent while nobody has read any. */
  readonly prices?: PriceBoard;
  /** Makes the intent, with the request serialised; ids are random, so the caller passes this in. */
  readonly makeIntent: (order: LaunchOrder, now: EpochMs) => Intent;
}

/** Whether its agent registered and has not been heard for so long that the machine's tasks are released. */
export const isSilent = (record: InstanceRecord | undefined, now: EpochMs): boolean =>
  record?.session !== undefined && silenceMs(record, now) >= secondsToMs(SILENCE_SECONDS_MAX);

/** Machines that only our own `leave` sends away: still at work, and ours to call back. */
export const recallableMembers = (view: CapacityView, now: EpochMs): readonly Member[] =>
  view.state.members.filter((member) => {
    const record = view.records.get(member.instanceId);
    if (record?.signals.leave === undefined || isSilent(record, now)) return false;
    const { leave: _leave, ...signals } = record.signals;
    return ['active', 'wary'].includes(lifecycleOf({ ...record, signals }, view.drainPolicy, now));
  });

export interface LaunchOrder {
  readonly purchase: Purchase;
  readonly count: number;
  /** The allowed set: `price-capacity-optimized` chooses among these and no others. */
  readonly pools: readonly Pool[];
  readonly reason: string;
}

/** Machines that can take work or soon will: nothing that is on its way out. */
export const usefulMembers = (view: CapacityView, now: EpochMs): readonly Member[] =>
  view.state.members.filter((member) => {
    const record = view.records.get(member.instanceId);
    return record === undefined || ['active', 'wary'].includes(lifecycleOf(record, view.drainPolicy, now));
  });
