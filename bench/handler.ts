import { wallClock } from '../lib/clock/wall-clock.ts';

/** What a task of the throughput measurements is asked to do. */
export interface Work {
  readonly sleepMs: number;
}

const clock = wallClock();

/** The same work, whoever runs it: nothing at all, or a wait. */
export const handle = async ({ sleepMs }: Work): Promise<void> => {
  if (sleepMs > 0) await clock.sleep(sleepMs);
};
