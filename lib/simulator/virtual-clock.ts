import { addMs, type EpochMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import { createQueueByTime } from './queue-by-time.ts';

/** Time that passes as fast as there is nothing to do in it. */
export interface VirtualClock extends Clock {
  /** Moves time on to the instant, waking every sleeper at its own moment and in the order in which they lay down. */
  runUntil(instant: EpochMs): Promise<void>;
}

interface Sleeper {
  isAwake: boolean;
  readonly wake: () => void;
}

/** In a world without real input and output every chain of promises has come to rest by the next turn of the loop. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Comes after every promise that is settled already and all that follows from them, and costs a fiftieth of a turn. */
const settleSoon = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

export const virtualClock = (start: EpochMs): VirtualClock => {
  let now = start;
  const sleepers = createQueueByTime<Sleeper>();
  return {
    now: () => now,
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted || durationMs <= 0) return resolve();
        const wake = (): void => {
          if (sleeper.isAwake) return;
          sleeper.isAwake = true;
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper: Sleeper = { isAwake: false, wake };
        sleepers.add(addMs(now, durationMs), sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      }),
    runUntil: async (instant) => {
      await settle();
      for (let next = sleepers.first(); next !== undefined && next.at <= instant; next = sleepers.first()) {
        sleepers.removeFirst();
        if (next.item.isAwake) continue;
        now = next.at;
        next.item.wake();
        await settleSoon();
      }
      now = instant;
    },
  };
};
