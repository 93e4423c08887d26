import { secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { Random } from '../ports/random.ts';

/** Repeats a call that may be repeated, until it succeeds or is given up; then its last error is thrown. */
export type Retry = <Answer>(call: () => Promise<Answer>) => Promise<Answer>;

export const triedOnce: Retry = (call) => call();

export interface Patience {
  readonly clock: Clock;
  readonly random: Random;
  /** Whether trying again would only fail again, as without credentials. */
  readonly isLasting: (error: unknown) => boolean;
}

/** With the SDK's own tries in each, these span some twenty seconds: longer than a throttled partition lasts. */
const TRIES_MAX = 6;
const PAUSE_SECONDS = 0.5;

/** Doubled with each failure, at random between half and all of it, so that many callers do not come back as one. */
const pauseMs = (failures: number, random: Random): number =>
  secondsToMs(PAUSE_SECONDS * 2 ** (failures - 1)) * (0.5 + random() / 2);

/** For callers that would rather wait than fail: the command line and programs that submit. */
export const patiently =
  ({ clock, random, isLasting }: Patience): Retry =>
  async (call) => {
    for (let failures = 1; ; failures += 1) {
      try {
        return await call();
      } catch (error) {
        if (failures >= TRIES_MAX || isLasting(error)) throw error;
        await clock.sleep(pauseMs(failures, random));
      }
    }
  };
