import { HEARTBEAT_FRESH_SECONDS } from '../fleet/limits.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';

/**
 * Notices that this process stood still: suspended with its machine, stopped by a signal, or starved. Whatever it
 * believed before may be wrong afterwards, so the next outside effect is preceded by a look at the row (F10, F57).
 *
 * The heartbeat loop ticks; a step between two ticks that is longer than a fresh heartbeat's age is a pause. A clock
 * that is set forward looks the same and costs one read; one set back hides a pause from here, not from the fence.
 */
export interface Pulse {
  tick(now: EpochMs): void;
  /** How many pauses there have been, one still unnoticed by the heartbeat loop included. */
  pauses(now: EpochMs): number;
}

export const createPulse = (start: EpochMs): Pulse => {
  let last = start;
  let count = 0;
  const tick = (now: EpochMs): void => {
    if (now - last > secondsToMs(HEARTBEAT_FRESH_SECONDS)) count += 1;
    last = now;
  };
  return {
    tick,
    pauses: (now) => {
      tick(now);
      return count;
    },
  };
};
