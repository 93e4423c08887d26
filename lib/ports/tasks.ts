import type { FleetName, TaskId } from '../fleet/ids.ts';
import type { TaskCounts } from '../fleet/run.ts';
import type { TaskRecord } from '../fleet/task.ts';
import type { TaskOutcome, TaskStep } from '../fleet/task-protocol.ts';
import type { EpochMs } from '../fleet/time.ts';

/** Fleets whose rows are passed over, and do not count for the limit. */
export type ExceptOf = ReadonlySet<FleetName>;

/** The task ledger: the truth about every task. It is always written before the queue. */
export interface TaskLedger {
  get(taskId: TaskId): Promise<TaskRecord | undefined>;
  /** One step of the protocol: one conditional write on one row. */
  apply(taskId: TaskId, step: TaskStep): Promise<TaskOutcome>;
  /**
   * Ids whose `checkAt` has passed, from the sparse index, earliest first and at most `limit` for each of its parts. The
   * index only suggests what to read: whoever acts reads the row first, strongly.
   */
  due(now: EpochMs, limit: number, except?: ExceptOf): Promise<readonly TaskId[]>;
  /** Ids whose `checkAt` is later than this, from the same index, with the same limit and in the same order. */
  dueLater(after: EpochMs, limit: number, except?: ExceptOf): Promise<readonly TaskId[]>;
  /**
   * No unfinished task of the fleet that was submitted at `since` or later was submitted before this: nearly always the
   * very time of the oldest. Nothing if there is none. From an index that may be some seconds behind. Throws where the
   * deployment has no such index, because no fleet of it has a window.
   */
  oldestUnfinished(fleet: FleetName, since: EpochMs): Promise<EpochMs | undefined>;
  /**
   * Tasks of a fleet that ended within the half-open interval, from an index that may be some seconds behind: for the
   * report, never for a decision.
   */
  countEnded(fleet: FleetName, from: EpochMs, to: EpochMs): Promise<TaskCounts>;
}
