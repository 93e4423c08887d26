import type { FleetName, InstanceId, SessionId, TaskId } from './ids.ts';
import type { EpochMs } from './time.ts';

/** `ready`, `running`, and the three ends of W1. */
export type TaskStatus = 'ready' | 'running' | 'done' | 'dead' | 'cancelled';

export const FINISHED_STATUSES: readonly TaskStatus[] = ['done', 'dead', 'cancelled'];

/** A body, checkpoint or result: in the row while small, else an object named by its digest. */
export type Content =
  | { readonly inline: string; readonly sha256: string }
  | { readonly objectKey: string; readonly sha256: string; readonly bytes: number };

export interface Checkpoint {
  readonly sequence: number;
  readonly content: Content;
  /** Share of the work done, 0 to 1, where the task told it. */
  readonly share?: number;
}

/** The protocol's row. Only `lib/fleet/task-protocol.ts` says how it may change. */
export interface TaskRecord {
  readonly form: 1;
  readonly taskId: TaskId;
  readonly fleet: FleetName;
  readonly status: TaskStatus;
  /** The fence: raised by every taking, never lowered (W3). */
  readonly attempt: number;
  readonly owner?: InstanceId;
  readonly session?: SessionId;
  readonly failures: number;
  readonly reclaims: number;
  readonly body: Content;
  readonly checkpoint?: Checkpoint;
  /**
   * The checkpoint before an object's: what is gone back to when the object is missing, cut or changed (reliability F54).
   * Absent when the newest is inline, which is as whole as its row.
   */
  readonly checkpointBefore?: Checkpoint;
  readonly result?: Content;
  /** Why it is dead, or why its last attempt failed. */
  readonly reason?: string;
  readonly submittedAt: EpochMs;
  /** When the present attempt was taken. */
  readonly takenAt?: EpochMs;
  readonly finishedAt?: EpochMs;
  /** When the sweep last sent a message for it, because nobody came for one. */
  readonly sentAgainAt?: EpochMs;
  /** The sweep looks at the row when this has passed. Only unfinished rows have it. */
  readonly checkAt?: EpochMs;
}

export const isFinished = (record: TaskRecord): boolean => FINISHED_STATUSES.includes(record.status);
