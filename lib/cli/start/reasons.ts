import type { TaskRecord } from '../../fleet/task.ts';

/** Beyond these nobody reads on; the ledger has them all. */
const REASONS_MAX = 3;

/** Why tasks failed, in the workers' own words: the most frequent first, each with its count. */
export const reasonsOf = (rows: readonly TaskRecord[]): readonly string[] => {
  const counts = new Map<string, number>();
  for (const { reason } of rows) if (reason !== undefined) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .slice(0, REASONS_MAX)
    .map(([reason, count]) => `${reason} (${count} ×)`);
};
