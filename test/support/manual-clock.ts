import { addMs, type EpochMs, epochMs } from '../../lib/fleet/time.ts';
import type { Clock } from '../../lib/ports/clock.ts';

interface Sleeper {
  readonly wakeAt: EpochMs;
  readonly wake: () => void;
}

/** A clock that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /**
   * Moves time on, waking every sleeper at its own instant and in order. Between two instants everything that is ready
   * to run gets its turn, so that what a sleeper starts may sleep again within the same move.
   */
  advance(durationMs: number): Promise<void>;
}

/** Enough turns of the event loop for chains of promises and local sockets to come to rest. */
const TURNS = 5;

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

export const manualClock = (startMs: number): ManualClock => {
  let now = epochMs(startMs);
  const sleepers = new Set<Sleeper>();
  const earliest = (): Sleeper | undefined => [...sleepers].sort((one, other) => one.wakeAt - other.wakeAt)[0];
  return {
    now: () => now,
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted || durationMs <= 0) return resolve();
        const wake = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { wakeAt: addMs(now, durationMs), wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      }),
    advance: async (durationMs) => {
      const until = addMs(now, durationMs);
      await settle();
      for (let next = earliest(); next !== undefined && next.wakeAt <= until; next = earliest()) {
        now = next.wakeAt;
        next.wake();
        await settle();
      }
      now = until;
    },
  };
};
