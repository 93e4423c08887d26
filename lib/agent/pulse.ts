import { HEARTBEAT_FRESH_SECONDS } from '../fleet/limits.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';

/**
 * Notices that this process stood still: suspended with its machine, stopped by a signal, or starved. Whatever it
 * believed before may be wrong afterwards, so the next outside effect is preceded by a look at the row (F10, F57).
 *
 * The heartbeat loop ticks; a step between two ticks that is longer than a fresh heartbeat's age is a pause. It is
 * measured twice: by the service's time, which a correction may move back just then, and by a clock that only goes
 * forward. A date that is set forward may look like a suspended machine, and costs one read.
 */
export interface Pulse {
  tick(now: EpochMs): void;
  /** How many pauses there have been, one still unnoticed by the heartbeat loop included. */
  pauses(now: EpochMs): number;
}

const PAUSE_MS = secondsToMs(HEARTBEAT_FRESH_SECONDS);

/** `monotonicMs` is the clock's own, where it has one. */
export const createPulse = (start: EpochMs, monotonicMs: () => number = () => 0): Pulse => {
  let last = start;
  let lastMonotonicMs = monotonicMs();
  let count = 0;
  const tick = (now: EpochMs): void => {
    const steadyMs = monotonicMs();
    if (now - last > PAUSE_MS || steadyMs - lastMonotonicMs > PAUSE_MS) count += 1;
    last = now;
    lastMonotonicMs = steadyMs;
  };
  return {
    tick,
    pauses: (now) => {
      tick(now);
      return count;
    },
  };
};
