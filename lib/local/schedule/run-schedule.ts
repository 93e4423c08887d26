/**
 * Wakes at every run of a schedule, by the scaled clock.
 *
 * Not modelled: missed runs. A run that passed while the local cloud was busy comes late; of several, only the first does.
 */
import { type EpochMs, epochMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Schedule } from './schedule-expression.ts';

/** The longest sleep in one piece: a timer holds at most 2³¹ ms. */
const SLEEP_MS_MAX = 86_400_000;

export interface ScheduleWindow {
  readonly startMs: number | undefined;
  readonly endMs: number | undefined;
}

export const alwaysOpen: ScheduleWindow = { startMs: undefined, endMs: undefined };

const sleepUntil = async (clock: Clock, instantMs: number, signal: AbortSignal): Promise<void> => {
  while (clock.now() < instantMs && !signal.aborted) {
    await clock.sleep(Math.min(instantMs - clock.now(), SLEEP_MS_MAX), signal);
  }
};

/** Calls `run` with each scheduled instant until the schedule ends or `signal` aborts. Does not wait for `run`. */
export const runSchedule = async (
  clock: Clock,
  schedule: Schedule,
  window: ScheduleWindow,
  signal: AbortSignal,
  run: (scheduledAt: EpochMs) => void,
): Promise<void> => {
  const createdMs = Math.max(clock.now(), window.startMs ?? 0);
  let afterMs = Math.max(clock.now(), (window.startMs ?? 0) - 1);
  while (!signal.aborted) {
    const next = schedule.nextAfter(afterMs, createdMs);
    if (next === undefined || next > (window.endMs ?? Number.POSITIVE_INFINITY)) return;
    await sleepUntil(clock, next, signal);
    if (signal.aborted) return;
    run(epochMs(next));
    afterMs = Math.max(next, clock.now());
  }
};
