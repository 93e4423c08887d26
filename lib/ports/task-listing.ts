import type { FleetName } from '../fleet/ids.ts';
import type { TaskRecord, TaskStatus } from '../fleet/task.ts';

/** What a list shows of a task: all of its row but the texts, which may be large and are nobody else's business (S2). */
export type TaskSummary = Omit<TaskRecord, 'form' | 'body' | 'result' | 'checkpoint' | 'checkpointBefore'> & {
  readonly checkpointSequence?: number;
  /** Share of the work done, 0 to 1, where the task told it. */
  readonly share?: number;
};

export interface TaskQuery {
  /** One status at a time: each is found in its own way. */
  readonly status: TaskStatus;
  /** All fleets when absent. */
  readonly fleet?: FleetName;
}

/**
 * Tasks by their status, from indexes that may be some seconds behind: for people, never for a decision. No table is
 * scanned. Finished tasks come the latest first, unfinished ones in the order in which the sweep looks at them.
 */
export interface TaskListing {
  /** Pages of tasks, empty ones among them; whoever has seen enough stops asking. */
  list(query: TaskQuery): AsyncIterable<readonly TaskSummary[]>;
}
