import { secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';

/** Six tries span about six seconds: longer than a throttled partition, shorter than half a visibility. */
const RETRY_TRIES_MAX = 6;
const RETRY_PAUSE_SECONDS = 0.2;

/**
 * A finished task's result is worth more patience: nine tries span some 45 seconds, about as long as the control plane
 * waits for a machine that has fallen silent.
 */
export const RESULT_TRIES_MAX = 9;

/** The longest pause of a loop that never gives up, such as the one that asks for work. */
const BACK_OFF_SECONDS_MAX = 20;

/** The pause after so many failures in a row: doubled with each after the first, up to the most. */
export const doublingPauseMs = (failures: number, firstSeconds: number, mostSeconds: number): number =>
  secondsToMs(Math.min(firstSeconds * 2 ** Math.max(0, failures - 1), mostSeconds));

export const backOffMs = (failures: number): number =>
  doublingPauseMs(failures, RETRY_PAUSE_SECONDS, BACK_OFF_SECONDS_MAX);

/**
 * Repeats a call that failed, which every call of the agent allows: each is conditional or says the same again.
 * Gives up with the last error after so many tries; what is left open then is the control plane's to find.
 */
export const withRetries = async <T>(
  clock: Clock,
  call: () => Promise<T>,
  triesMax: number = RETRY_TRIES_MAX,
): Promise<T> => {
  for (let failures = 1; ; failures += 1) {
    try {
      return await call();
    } catch (error) {
      if (failures >= triesMax) throw error;
      await clock.sleep(backOffMs(failures));
    }
  }
};
