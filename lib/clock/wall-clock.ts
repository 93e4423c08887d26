import { epochMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';

/**
 * The machine's clock, optionally running faster by one stated factor.
 *
 * The local cloud sets a factor so that a market of an hour passes in a few minutes. The factor divides every wait and
 * multiplies every elapsed time alike, so no limit changes its meaning. In an AWS account the factor is always 1.
 */
export interface TimeScale {
  readonly timeFactor: number;
  /** The wall-clock instant, in milliseconds, at which scaled and wall time agree. */
  readonly originMs: number;
}

export const unscaledTime: TimeScale = { timeFactor: 1, originMs: 0 };

/** Reads the scale that the local cloud puts into the environment of everything it starts. */
export const timeScaleFromEnvironment = (environment: Readonly<Record<string, string | undefined>>): TimeScale => {
  const timeFactor = Number(environment['SPOTHOP_TIME_FACTOR'] ?? 1);
  const originMs = Number(environment['SPOTHOP_TIME_ORIGIN_MS'] ?? 0);
  if (!Number.isFinite(timeFactor) || timeFactor < 1 || !Number.isFinite(originMs)) {
    throw new Error(
      `SPOTHOP_TIME_FACTOR=${environment['SPOTHOP_TIME_FACTOR']} is not a number of at least 1; unset it outside the local cloud.`,
    );
  }
  return { timeFactor, originMs };
};

/** A timer that is to run for longer runs out at once (https://nodejs.org/api/timers.html#settimeoutcallback-delay-args). */
const TIMER_MS_MAX = 2_147_483_647;

/** A sleep of more than 24 days ends after them: whoever sleeps so long looks again. */
export const wallClock = (scale: TimeScale = unscaledTime): Clock => ({
  now: () => epochMs(Math.round(scale.originMs + (Date.now() - scale.originMs) * scale.timeFactor)),
  sleep: (durationMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, Math.min(Math.max(0, durationMs) / scale.timeFactor, TIMER_MS_MAX));
      signal?.addEventListener('abort', finish, { once: true });
    }),
});
