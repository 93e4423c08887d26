/** Whether what was seen before is seen again with these tasks alone. */
export type StillFails = (tasks: readonly number[]) => Promise<boolean>;

/** Enough to bring sixty tasks down to a handful; each try plays the whole seed. */
const TRIES_MAX = 150;

/**
 * The smallest part of the workload that is found to fail in the same way, by leaving out ever smaller parts of it
 * (Zeller's delta debugging, reduced to complements).
 */
export const shrinkTasks = async (all: readonly number[], stillFails: StillFails): Promise<readonly number[]> => {
  let tasks = all;
  let parts = 2;
  let tries = 0;
  while (tasks.length > 1 && tries < TRIES_MAX) {
    const size = Math.ceil(tasks.length / parts);
    let isSmaller = false;
    for (let start = 0; start < tasks.length && tries < TRIES_MAX; start += size) {
      const fewer = [...tasks.slice(0, start), ...tasks.slice(start + size)];
      tries += 1;
      if (fewer.length === 0 || !(await stillFails(fewer))) continue;
      tasks = fewer;
      isSmaller = true;
      break;
    }
    if (!isSmaller && parts >= tasks.length) break;
    parts = isSmaller ? Math.max(2, parts - 1) : Math.min(tasks.length, parts * 2);
  }
  return tasks;
};
