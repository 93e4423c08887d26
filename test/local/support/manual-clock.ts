/** A clock that stands until it is told to move. */
import { type EpochMs, epochMs } from '../../../lib/fleet/time.ts';
import type { Clock } from '../../../lib/ports/clock.ts';

export interface ManualClock extends Clock {
  /** Moves on, waking sleepers in the order of their time, and lets each do its work before the next. */
  advance(durationMs: number): Promise<void>;
  /** Resolves once somebody sleeps for exactly this long. */
  untilSomebodySleeps(durationMs: number): Promise<void>;
}

interface Sleeper {
  readonly wakesAt: number;
  wake(): void;
}

/** Long enough for a chain of promises and for callbacks that the event loop has ready. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

export const manualClock = (start: number): ManualClock => {
  let now = start;
  const sleepers = new Set<Sleeper>();
  const watchers = new Map<number, () => void>();

  const nextBy = (limit: number): Sleeper | undefined =>
    [...sleepers].filter((sleeper) => sleeper.wakesAt <= limit).sort((one, other) => one.wakesAt - other.wakesAt)[0];

  return {
    now: () => epochMs(now) as EpochMs,
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const sleeper: Sleeper = { wakesAt: now + Math.max(0, durationMs), wake: () => finish() };
        const finish = () => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', finish);
          resolve();
        };
        signal?.addEventListener('abort', finish, { once: true });
        sleepers.add(sleeper);
        watchers.get(durationMs)?.();
      }),
    advance: async (durationMs) => {
      const limit = now + durationMs;
      await settle();
      for (let sleeper = nextBy(limit); sleeper !== undefined; sleeper = nextBy(limit)) {
        now = Math.max(now, sleeper.wakesAt);
        sleeper.wake();
        await settle();
      }
      now = limit;
    },
    untilSomebodySleeps: (durationMs) => new Promise((resolve) => void watchers.set(durationMs, resolve)),
  };
};
