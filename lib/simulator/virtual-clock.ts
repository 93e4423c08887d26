import { addMs, type EpochMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';

/** Time that passes as fast as there is nothing to do in it. */
export interface VirtualClock extends Clock {
  /** Moves time on to the instant, waking every sleeper at its own moment and in the order in which they lay down. */
  runUntil(instant: EpochMs): Promise<void>;
}

interface Sleeper {
  readonly wakeAt: EpochMs;
  readonly wake: () => void;
}

/** In a world without real input and output every chain of promises has come to rest by the next turn of the loop. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const earliest = (sleepers: Iterable<Sleeper>): Sleeper | undefined => {
  let first: Sleeper | undefined;
  for (const sleeper of sleepers) if (first === undefined || sleeper.wakeAt < first.wakeAt) first = sleeper;
  return first;
};

export const virtualClock = (start: EpochMs): VirtualClock => {
  let now = start;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => now,
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted || durationMs <= 0) return resolve();
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper: Sleeper = { wakeAt: addMs(now, durationMs), wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      }),
    runUntil: async (instant) => {
      await settle();
      for (let next = earliest(sleepers); next !== undefined && next.wakeAt <= instant; next = earliest(sleepers)) {
        now = next.wakeAt;
        next.wake();
        await settle();
      }
      now = instant;
    },
  };
};
