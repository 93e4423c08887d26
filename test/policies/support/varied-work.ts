import { setTimeout as pause } from 'node:timers/promises';

/** Half of the work of a task, and no more of it once the task should stop. */
export const workFor = async (wallMs: number, signal: AbortSignal): Promise<void> => {
  await pause(wallMs, undefined, { signal });
};
