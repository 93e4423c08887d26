/** Whether what was seen before is seen again with these tasks alone. */
export type StillFails = (tasks: readonly number[]) => Promise<boolean>;

/** Enough to bring sixty tasks down to a handful; each try plays the whole seed. */
const TRIES_MAX = 150;

interface Tries {
  left: number;
}

/** One pass over ever smaller parts of what is left; each that is not needed goes. */
const shrinkOnce = async (
  all: readonly number[],
  stillFails: StillFails,
  tries: Tries,
  onSmaller: (tasks: readonly number[]) => void,
): Promise<readonly number[]> => {
  let tasks = all;
  let parts = 2;
  while (tasks.length > 1 && tries.left > 0) {
    const size = Math.ceil(tasks.length / parts);
    let isSmaller = false;
    for (let start = 0; start < tasks.length && tries.left > 0; start += size) {
      const fewer = [...tasks.slice(0, start), ...tasks.slice(start + size)];
      tries.left -= 1;
      if (fewer.length === 0 || !(await stillFails(fewer))) continue;
      tasks = fewer;
      isSmaller = true;
      onSmaller(tasks);
      break;
    }
    if (!isSmaller && parts >= tasks.length) break;
    parts = isSmaller ? Math.max(2, parts - 1) : Math.min(tasks.length, parts * 2);
  }
  return tasks;
};

/**
 * The smallest part of the workload that is found to fail in the same way, by leaving out ever smaller parts of it
 * (Zeller's delta debugging, reduced to complements), again and again until nothing can be left out.
 */
export const shrinkTasks = async (
  all: readonly number[],
  stillFails: StillFails,
  onSmaller: (tasks: readonly number[]) => void = () => {},
): Promise<readonly number[]> => {
  const tries: Tries = { left: TRIES_MAX };
  let tasks = all;
  for (;;) {
    const fewer = await shrinkOnce(tasks, stillFails, tries, onSmaller);
    if (fewer.length === tasks.length) return tasks;
    tasks = fewer;
  }
};
