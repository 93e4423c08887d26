import type { TaskCounts } from '../fleet/run.ts';
import type { TaskRecord } from '../fleet/task.ts';

export const NO_TASKS: TaskCounts = { done: 0, dead: 0, reclaims: 0, redoneMs: 0 };

/** Adds a row that came to its end. A cancelled task was neither done nor did it fail. */
export const addEndedTask = (counts: TaskCounts, row: Pick<TaskRecord, 'status' | 'reclaims'>): TaskCounts => ({
  done: counts.done + (row.status === 'done' ? 1 : 0),
  dead: counts.dead + (row.status === 'dead' ? 1 : 0),
  reclaims: counts.reclaims + row.reclaims,
  redoneMs: row.reclaims > 0 ? 'unknown' : counts.redoneMs,
});
