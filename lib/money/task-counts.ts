import type { TaskCounts, TaskEntry } from '../fleet/run.ts';

export const NO_TASKS: TaskCounts = { done: 0, dead: 0, reclaims: 0, redoneMs: 0 };

/** What was done again is known only when every task says so. */
export const addTaskEntry = (counts: TaskCounts, entry: TaskEntry): TaskCounts => ({
  done: counts.done + (entry.ended === 'dead' ? 0 : 1),
  dead: counts.dead + (entry.ended === 'dead' ? 1 : 0),
  reclaims: counts.reclaims + entry.reclaims,
  redoneMs:
    counts.redoneMs === 'unknown' || (entry.redoneMs === undefined && entry.reclaims > 0)
      ? 'unknown'
      : counts.redoneMs + (entry.redoneMs ?? 0),
});
