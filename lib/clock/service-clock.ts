import { addMs, type EpochMs, epochMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import { type MachineTime, machineTime } from './machine-time.ts';
import { createOffsetEstimate } from './offset-estimate.ts';
import { type TimeScale, unscaledTime } from './wall-clock.ts';

/**
 * The service's time as a machine can know it (reliability F10, F55–F57).
 *
 * `now()` is the machine's date at the start, corrected by the dates of the service's answers, and moved on by a clock
 * that nobody sets: neither a machine's wrong date nor its being set during a task moves a stamp or a sleep. A machine
 * that was suspended finds the service's time far ahead; `now()` follows in one step, which is how a pause is noticed.
 */
export interface ServiceClock extends Clock {
  /**
   * Steady time, and whatever the machine's date ran ahead of it: the machine was suspended then, or somebody set its
   * date. Which of them, only the service's next answer tells; until then a pause has to be assumed.
   */
  monotonicMs(): number;
  /** The moments that `onDate` is to be told, in real milliseconds. */
  steadyMs(): number;
  /** What a service's answer says in its `Date` header, and when the request was made and the answer came. */
  onDate(date: string, sentAtMs: number, receivedAtMs: number): void;
}

export interface ServiceClockOptions {
  readonly time?: MachineTime;
  /** In the local cloud headers carry real time, and the service's runs faster by this. */
  readonly scale?: TimeScale;
}

/** By less than this the date is moved by whoever keeps it right. */
const DATE_STEP_MS = 1_000;

const createPauseCounter = (time: MachineTime) => {
  let aheadBefore = time.wallMs() - time.steadyMs();
  let pausedMs = 0;
  return (): number => {
    const ahead = time.wallMs() - time.steadyMs();
    if (ahead - aheadBefore > DATE_STEP_MS) pausedMs += ahead - aheadBefore;
    aheadBefore = ahead;
    return time.steadyMs() + pausedMs;
  };
};

interface Sleeper {
  readonly until: EpochMs;
  readonly untilSteadyMs: number;
  readonly wake: () => void;
  disarm: () => void;
}

/** The one form of a date that HTTP servers may send today (RFC 9110, section 5.6.7). */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

const httpDateMs = (text: string): number => (HTTP_DATE.test(text) ? Date.parse(text) : Number.NaN);

export const createServiceClock = ({
  time = machineTime,
  scale = unscaledTime,
}: ServiceClockOptions = {}): ServiceClock => {
  const machineOffsetMs = (): number => time.wallMs() - time.steadyMs();
  const estimate = createOffsetEstimate(machineOffsetMs());
  const steadyAndPausesMs = createPauseCounter(time);
  const sleepers = new Set<Sleeper>();

  const now = (): EpochMs => {
    const realMs = time.steadyMs() + estimate.offsetMs();
    return epochMs(Math.round(scale.originMs + (realMs - scale.originMs) * scale.timeFactor));
  };

  /**
   * A sleep ends after its duration, whatever becomes of the date; and sooner when the service's time has run ahead, for
   * then the machine stood still meanwhile.
   */
  const arm = (sleeper: Sleeper): void => {
    sleeper.disarm();
    const untilDateMs = (sleeper.until - now()) / scale.timeFactor;
    const restMs = Math.min(sleeper.untilSteadyMs - time.steadyMs(), untilDateMs);
    if (restMs <= 0) sleeper.wake();
    else sleeper.disarm = time.after(Math.ceil(restMs), () => arm(sleeper));
  };

  const sleep: Clock['sleep'] = (durationMs, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const wake = (): void => {
        sleeper.disarm();
        sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const untilSteadyMs = time.steadyMs() + durationMs / scale.timeFactor;
      const sleeper: Sleeper = { until: addMs(now(), durationMs), untilSteadyMs, wake, disarm: () => undefined };
      sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
      // Even a sleep of no length gives everybody else a turn.
      sleeper.disarm = time.after(Math.max(0, Math.ceil(durationMs / scale.timeFactor)), () => arm(sleeper));
    });

  return {
    now,
    sleep,
    monotonicMs: () => steadyAndPausesMs() * scale.timeFactor,
    steadyMs: () => time.steadyMs(),
    onDate: (date, sentAtMs, receivedAtMs) => {
      const dateMs = httpDateMs(date);
      if (Number.isNaN(dateMs)) return;
      const before = estimate.offsetMs();
      estimate.observe({ dateMs, sentAtMs, receivedAtMs }, machineOffsetMs());
      if (estimate.offsetMs() > before) for (const sleeper of [...sleepers]) arm(sleeper);
    },
  };
};
