import type { RunningTask } from '../decisions/decide-agent-step.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { Attempt } from './attempt.ts';
import type { RunTimes } from './run-times.ts';
import type { ProgressReport } from './runner.ts';

/** One run as it is told and seen: what there is to decide about it by, should its machine drain. */
export interface ObservedRun {
  /** Notes what the task tells of itself. */
  progress(report: ProgressReport, now: EpochMs): void;
  /** Runs the writing of one checkpoint, and notes what is kept once it is accepted. */
  saving(write: () => Promise<void>): Promise<void>;
  /** It is asked to stop, and has until `endAt`. Only the first time counts. */
  stopping(now: EpochMs, endAt: EpochMs): void;
  isStopping(): boolean;
  /** Up to where its work is kept. */
  keptAt(): EpochMs;
  asOf(now: EpochMs): RunningTask;
}

interface Told {
  readonly leftMs: number;
  readonly at: EpochMs;
}

/** By how the share grew since this attempt began, where an earlier one may have done some of it. */
const leftByShare = (share: number, shareBefore: number, elapsedMs: number): number | undefined => {
  const done = share - shareBefore;
  return done > 0 && elapsedMs > 0 ? (elapsedMs * Math.max(0, 1 - share)) / done : undefined;
};

const toldOf = (report: ProgressReport, attempt: Attempt, now: EpochMs): Told | undefined => {
  const { secondsLeft, share } = report;
  if (secondsLeft !== undefined) return { leftMs: secondsToMs(secondsLeft), at: now };
  if (share === undefined) return undefined;
  const leftMs = leftByShare(share, attempt.row.checkpoint?.share ?? 0, now - attempt.startedAt);
  return leftMs === undefined ? undefined : { leftMs, at: now };
};

export interface ObservedRunOptions {
  readonly runTimes: RunTimes;
  now(): EpochMs;
  /** Called when something has changed that the other runs' decisions depend on. */
  onChange(): void;
}

export const observeRun = (attempt: Attempt, { runTimes, now, onChange }: ObservedRunOptions): ObservedRun => {
  let told: Told | undefined;
  let savesWhenStopped: boolean | undefined;
  let keptAt: EpochMs | undefined;
  let stopping: RunningTask['stopping'];
  let savesUnderWay = 0;
  let isAnswerAwaited = false;

  const saves = (): RunningTask['saves'] => {
    const hasSaved = keptAt !== undefined || attempt.row.checkpoint !== undefined;
    // One whose first checkpoint is on its way saves, whatever else it has said.
    if (hasSaved || savesUnderWay > 0 || savesWhenStopped) return 'yes';
    if (savesWhenStopped === false) return 'no';
    return runTimes.checkpointMs() === undefined ? 'unknown' : 'yes';
  };

  /** How long it took to save on being asked counts from the asking: the task has to notice it first. */
  const accepted = (startedAt: EpochMs): void => {
    keptAt = startedAt;
    runTimes.addCheckpoint(now() - (isAnswerAwaited && stopping !== undefined ? stopping.askedAt : startedAt));
    isAnswerAwaited = false;
    onChange();
  };

  return {
    progress: (report, at) => {
      told = toldOf(report, attempt, at) ?? told;
      savesWhenStopped = report.savesWhenStopped ?? savesWhenStopped;
    },
    saving: async (write) => {
      const startedAt = now();
      savesUnderWay += 1;
      try {
        await write();
        accepted(startedAt);
      } finally {
        savesUnderWay -= 1;
      }
    },
    stopping: (askedAt, endAt) => {
      if (stopping !== undefined) return;
      stopping = { askedAt, endAt };
      isAnswerAwaited = true;
    },
    isStopping: () => stopping !== undefined,
    keptAt: () => keptAt ?? attempt.startedAt,
    asOf: (at) => ({
      startedAt: attempt.startedAt,
      keptAt: keptAt ?? attempt.startedAt,
      saves: saves(),
      isSaving: savesUnderWay > 0,
      ...(told === undefined ? {} : { toldLeftMs: told.leftMs - (at - told.at) }),
      ...(stopping === undefined ? {} : { stopping }),
    }),
  };
};
