import type { Lifecycle, RunTimeSummary } from '../fleet/instance.ts';
import { INTERRUPTION_NOTICE_SECONDS } from '../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import { type Forecast, forecastOf } from './remaining-time.ts';

/** The least time between asking a task to stop and handing it back: it has to notice, and to write one checkpoint. */
export const STOP_GRACE_SECONDS = 3;

/** Where nothing is known of how long checkpoints take, all of them together are left no more of the notice than this. */
const UNLEARNED_SHARE_MAX = 0.25;

/** A task that ought to end at any moment is looked at no more often than this. */
const LOOK_AGAIN_SECONDS_MIN = 1;

/** Chances closer than this are the same one, worked out in two ways. */
const ROUNDING = 1e-9;

/** One running task on a draining machine, as the agent knows it. */
export interface RunningTask {
  readonly startedAt: EpochMs;
  /** Up to where its work is kept: its last accepted checkpoint, or its start. */
  readonly keptAt: EpochMs;
  /**
   * `yes`: a checkpoint of it was accepted, or it said that it saves when it is asked to stop. `no`: it said that it does
   * not. `unknown`: it may.
   */
  readonly saves: 'yes' | 'no' | 'unknown';
  /** The time it still needs by its own account, counted down to now. */
  readonly toldLeftMs?: number;
  /** It has been asked to stop, and is handed back at `endAt` unless it is writing then. */
  readonly stopping?: { readonly askedAt: EpochMs; readonly endAt: EpochMs };
  /** A checkpoint of it is being written. */
  readonly isSaving?: boolean;
}

/** The time a draining machine has, and what is known of its queue. */
export interface TimeLeft {
  /** When the drain began. */
  readonly since: EpochMs;
  /** When the machine is expected to end. */
  readonly deadline: EpochMs;
  /** Kept back for the last writes and for late delivery of the notice. */
  readonly marginSeconds: number;
  readonly learned?: RunTimeSummary;
  /** Nine of ten checkpoints are written within this. */
  readonly checkpointMs?: number;
}

/**
 * What happens to a running task while its machine drains.
 *
 * - `finish`: it is expected to end in time, runs on, and is decided about again at `lookAgainAt`.
 * - `checkpoint-and-hand-back`: it runs on, is asked to stop at `stopAt`, and is handed back by `endAt`.
 * - `hand-back-now`: it is asked to stop at once, and handed back by `endAt`; now, where that is `endAt`.
 */
export type AgentStep =
  | {
      readonly do: 'finish';
      readonly endExpectedAt: EpochMs;
      readonly lookAgainAt: EpochMs;
      readonly reason: string;
    }
  | {
      readonly do: 'checkpoint-and-hand-back';
      readonly stopAt: EpochMs;
      readonly endAt: EpochMs;
      readonly reason: string;
    }
  | { readonly do: 'hand-back-now'; readonly endAt: EpochMs; readonly reason: string };

/** The moments of one drain. */
interface Window {
  readonly now: EpochMs;
  /** Deadline − margin: nothing of a task runs beyond it. */
  readonly endAt: EpochMs;
  /** The last moment at which a single checkpoint can still be written. */
  readonly lastStopAt: EpochMs;
  readonly graceMs: number;
  readonly learned?: RunTimeSummary;
}

const windowOf = ({ deadline, marginSeconds, checkpointMs = 0, learned }: TimeLeft, now: EpochMs): Window => {
  const endAt = addMs(deadline, -secondsToMs(marginSeconds));
  const graceMs = Math.max(secondsToMs(STOP_GRACE_SECONDS), checkpointMs);
  return { now, endAt, lastStopAt: addMs(endAt, -graceMs), graceMs, ...(learned === undefined ? {} : { learned }) };
};

/** A task that may save has to be through while it can still be asked to; one that cannot may run to the end. */
const finishBefore = (task: RunningTask, window: Window): EpochMs =>
  task.saves === 'yes' ? window.lastStopAt : window.endAt;

/**
 * Running on loses least, for a task that has kept nothing. Let it have run for e, let t be left, and p be its chance to
 * end in that time. Handed back now it loses e for certain; running on it loses e + t, unless it ends. So it runs on when
 * (1 − p)(e + t) ≤ e, that is when p ≥ t / (e + t). A chance that it saves when asked stands on both sides alike, as it is
 * asked either way. Of a task about which nothing is known, p is exactly t / (e + t) (`forecastOf`): it runs on, since
 * a draining machine has no other use for the time.
 */
const runningOnLosesLeast = (task: RunningTask, forecast: Forecast, { now, endAt }: Window): boolean => {
  const unsavedMs = now - task.keptAt;
  const leftMs = endAt - now;
  return forecast.chanceWithin(leftMs) >= leftMs / (unsavedMs + leftMs) - ROUNDING;
};

const finish = (task: RunningTask, forecast: Forecast, window: Window): AgentStep => {
  const endExpectedAt = addMs(window.now, forecast.medianMs);
  const soonest = addMs(window.now, secondsToMs(LOOK_AGAIN_SECONDS_MIN));
  const lookAgainAt = Math.min(finishBefore(task, window), Math.max(endExpectedAt, soonest)) as EpochMs;
  return { do: 'finish', endExpectedAt, lookAgainAt, reason: 'it is expected to end in time' };
};

const handBackNow = (task: RunningTask, { now, endAt, graceMs }: Window): AgentStep => ({
  do: 'hand-back-now',
  endAt: task.saves === 'no' ? now : (Math.min(endAt, addMs(now, graceMs)) as EpochMs),
  reason: 'it would not end in time and has no checkpoint to build on',
});

const alreadyAsked = (task: RunningTask, asked: NonNullable<RunningTask['stopping']>, window: Window): AgentStep => {
  // Whoever is writing is given what there is: cutting a checkpoint short loses all that it would have kept.
  const endAt = task.isSaving ? window.endAt : (Math.min(asked.endAt, window.endAt) as EpochMs);
  if (window.now >= endAt) return { do: 'hand-back-now', endAt: window.now, reason: 'it did not stop in time' };
  return { do: 'checkpoint-and-hand-back', stopAt: asked.askedAt, endAt, reason: 'it has been asked to stop' };
};

const forecastFor = ({ startedAt, toldLeftMs }: RunningTask, { now, learned }: Window): Forecast =>
  forecastOf({
    elapsedMs: Math.max(0, now - startedAt),
    ...(toldLeftMs === undefined ? {} : { toldLeftMs }),
    ...(learned === undefined ? {} : { learned }),
  });

/** Each task by itself; `slot` means that it saves at the end, and when depends on the others. */
const decideAlone = (task: RunningTask, window: Window): AgentStep | 'slot' => {
  const { now, endAt, lastStopAt } = window;
  if (now >= endAt) return { do: 'hand-back-now', endAt: now, reason: 'no time is left' };
  if (task.stopping !== undefined) return alreadyAsked(task, task.stopping, window);
  const forecast = forecastFor(task, window);
  const isExpected = forecast.source !== 'unknown' && addMs(now, forecast.medianMs) <= finishBefore(task, window);
  if (isExpected) return finish(task, forecast, window);
  if (task.saves === 'yes') return 'slot';
  if (!runningOnLosesLeast(task, forecast, window)) return handBackNow(task, window);
  const stopAt = task.saves === 'no' ? endAt : (Math.max(now, lastStopAt) as EpochMs);
  return { do: 'checkpoint-and-hand-back', stopAt, endAt, reason: 'it may still end in time' };
};

const slotMs = (count: number, { since, checkpointMs }: TimeLeft, { endAt }: Window): number =>
  checkpointMs ??
  Math.min(secondsToMs(STOP_GRACE_SECONDS), (UNLEARNED_SHARE_MAX * Math.max(0, endAt - since)) / Math.max(1, count));

/**
 * When each of the tasks that save is asked to stop, most unsaved work first: as late as all checkpoints still fit one
 * after the other. Those for which the time does not suffice are the ones with least to lose. They are asked with the
 * last, because checkpoints often take less than nine tenths of them did, and waiting costs nothing.
 */
const stopTimes = (count: number, left: TimeLeft, window: Window): EpochMs[] => {
  const eachMs = slotMs(count, left, window);
  const fitting = eachMs <= 0 ? count : Math.min(count, Math.floor((window.endAt - window.now) / eachMs));
  return Array.from({ length: count }, (_, place) => {
    const neededMs = Math.max(window.graceMs, (fitting - Math.min(place, fitting - 1)) * eachMs);
    return Math.max(window.now, addMs(window.endAt, -neededMs)) as EpochMs;
  });
};

/**
 * Decides about all running tasks of a draining machine at once, so that the least work is lost:
 *
 * - a task that is expected to end in time is finished;
 * - one that saves works on until the last moment at which its checkpoint can still be written. Several are asked one
 *   after the other, most unsaved work first, so that their checkpoints do not all come in the same last second;
 * - one that has kept nothing and will not end is handed back at once only if that loses least
 *   (`runningOnLosesLeast`), and is given a moment to save in case it can.
 *
 * Answers one step for each task, in their order. Asked again, with a later `now`, it stays with what it has begun.
 */
export const decideAgentSteps = (tasks: readonly RunningTask[], left: TimeLeft, now: EpochMs): readonly AgentStep[] => {
  const window = windowOf(left, now);
  const alone = tasks.map((task) => decideAlone(task, window));
  const saving = [...tasks.keys()].filter((index) => alone[index] === 'slot');
  saving.sort((one, other) => tasks[one]!.keptAt - tasks[other]!.keptAt || one - other);
  const stops = stopTimes(saving.length, left, window);
  const places = new Map(saving.map((index, place) => [index, place]));
  return alone.map((step, index) =>
    step === 'slot'
      ? {
          do: 'checkpoint-and-hand-back',
          stopAt: stops[places.get(index)!]!,
          endAt: window.endAt,
          reason: 'it would not end in time and saves its work',
        }
      : step,
  );
};

/**
 * Whether a machine may ask for a task. A wary one takes only what it could finish within a notice that came now; a
 * task of which nothing is known is let in, because keeping a machine idle on a hint costs more than one hand-back.
 */
export const mayTakeTask = (lifecycle: Lifecycle, runMsExpected: number | undefined): boolean => {
  if (lifecycle === 'active') return true;
  if (lifecycle !== 'wary') return false;
  return runMsExpected === undefined || runMsExpected <= secondsToMs(INTERRUPTION_NOTICE_SECONDS);
};
