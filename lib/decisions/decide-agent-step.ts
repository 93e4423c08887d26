import type { Lifecycle } from '../fleet/instance.ts';
import { INTERRUPTION_NOTICE_SECONDS } from '../fleet/limits.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';

/** What a task is given between being asked to stop and being handed back: enough to write one checkpoint. */
export const STOP_GRACE_SECONDS = 3;

/** One running task on a draining machine, as the agent knows it. */
export interface RunningTask {
  readonly startedAt: EpochMs;
  /** When this attempt last had a checkpoint accepted. */
  readonly checkpointedAt?: EpochMs;
  /** How long tasks of this queue usually run, where enough of them have been seen. */
  readonly runMsExpected?: number;
}

/** The time a draining machine has. */
export interface TimeLeft {
  /** When the machine is expected to end. */
  readonly deadline: EpochMs;
  /** Kept back for the last writes and for late delivery of the notice. */
  readonly marginSeconds: number;
}

/**
 * What happens to a running task while its machine drains.
 *
 * - `finish`: it runs on, and is decided about again at `lookAgainAt` should it still run then.
 * - `checkpoint-and-hand-back`: at `stopAt` it is asked to stop, and handed back by `endAt` with its last checkpoint.
 * - `hand-back-now`: nothing that it could still do here would be kept.
 */
export type AgentStep =
  | { readonly do: 'finish'; readonly lookAgainAt: EpochMs; readonly reason: string }
  | {
      readonly do: 'checkpoint-and-hand-back';
      readonly stopAt: EpochMs;
      readonly endAt: EpochMs;
      readonly reason: string;
    }
  | { readonly do: 'hand-back-now'; readonly reason: string };

/**
 * Chooses so that the least work is lost: a task that fits is finished; one that does not, but checkpoints, works on
 * until the last moment at which its checkpoint can still be written; one that does not fit and has kept nothing so
 * far is handed back at once, because every further second here would be thrown away.
 */
export const decideAgentStep = (task: RunningTask, left: TimeLeft, now: EpochMs): AgentStep => {
  const endAt = addMs(left.deadline, -secondsToMs(left.marginSeconds));
  const stopAt = addMs(endAt, -secondsToMs(STOP_GRACE_SECONDS));
  if (now >= endAt) return { do: 'hand-back-now', reason: 'no time is left' };
  if (now >= stopAt) return { do: 'checkpoint-and-hand-back', stopAt: now, endAt, reason: 'the time left is used up' };
  if (task.runMsExpected === undefined) {
    return { do: 'finish', lookAgainAt: stopAt, reason: 'nothing is known of its run time, and there is time left' };
  }
  if (addMs(task.startedAt, task.runMsExpected) <= stopAt) {
    return { do: 'finish', lookAgainAt: stopAt, reason: 'it is expected to end in time' };
  }
  if (task.checkpointedAt === undefined) {
    return { do: 'hand-back-now', reason: 'it would not end in time and has no checkpoint to build on' };
  }
  return { do: 'checkpoint-and-hand-back', stopAt, endAt, reason: 'it would not end in time' };
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
