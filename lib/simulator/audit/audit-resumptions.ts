import type { InstanceId, TaskId } from '../../fleet/ids.ts';
import type { Checkpoint, TaskRecord } from '../../fleet/task.ts';
import { type EpochMs, epochMs } from '../../fleet/time.ts';
import type { Judge } from './promises.ts';

export interface ResumptionsWorld {
  readonly now: () => EpochMs;
  readonly judge: Judge;
  readonly rowOf: (id: TaskId) => TaskRecord | undefined;
}

/** Judges what each run goes on from by what the runs before it had kept, and by what could be read of it (W6). */
export interface Resumptions {
  /** A machine was given half of the object with this key. */
  cut(by: InstanceId, objectKey: string): void;
  /** A run was told that its checkpoint after so many steps is accepted. */
  kept(id: TaskId, attempt: number, stepsDone: number): void;
  started(by: InstanceId, id: TaskId, attempt: number, stepsDone: number): void;
  /** After so many steps its newest checkpoint was written. */
  stepsKept(id: TaskId): number;
}

interface Kept {
  readonly attempt: number;
  readonly last: number;
  /** By the checkpoint before the last. */
  readonly before: number;
}

const NOTHING: Kept = { attempt: 0, last: 0, before: 0 };

export const auditResumptions = ({ now, judge, rowOf }: ResumptionsWorld): Resumptions => {
  const byTask = new Map<TaskId, Kept>();
  /** When each machine was last given half of each object. */
  const cuts = new Map<string, EpochMs>();

  /** Two tasks that keep the same share an object, so that only what this machine read since the taking counts. */
  const wasCut = (by: InstanceId, since: EpochMs, checkpoint: Checkpoint | undefined): boolean => {
    if (checkpoint === undefined || !('objectKey' in checkpoint.content)) return false;
    const at = cuts.get(`${by}/${checkpoint.content.objectKey}`);
    return at !== undefined && at >= since;
  };

  /** The newest that could be read; where both were cut the task starts over, and is not lost. */
  const leastOf = (by: InstanceId, id: TaskId, { last, before }: Kept): number => {
    const row = rowOf(id);
    // A row that was released meanwhile does not tell it any more.
    const since = row?.takenAt ?? epochMs(0);
    if (!wasCut(by, since, row?.checkpoint)) return last;
    return wasCut(by, since, row?.checkpointBefore) ? 0 : before;
  };

  return {
    cut: (by, objectKey) => void cuts.set(`${by}/${objectKey}`, now()),
    kept: (id, attempt, stepsDone) => {
      const known = byTask.get(id) ?? NOTHING;
      // A zombie's was accepted before the next run's row was read, which goes on from it already.
      if (attempt < known.attempt) return;
      // The same state again is the same object, which is no help to itself.
      const before = stepsDone === known.last ? known.before : known.last;
      byTask.set(id, { attempt, last: stepsDone, before });
    },
    stepsKept: (id) => byTask.get(id)?.last ?? 0,
    started: (by, id, attempt, stepsDone) => {
      const known = byTask.get(id) ?? NOTHING;
      const least = leastOf(by, id, known);
      if (stepsDone < least) judge.say('W6', `${id} goes on from step ${stepsDone}, and had kept ${least}`);
      // From here on it has kept what it goes on from, and beside one that it went back to there is nothing.
      byTask.set(id, { attempt, last: stepsDone, before: stepsDone === known.last ? known.before : 0 });
    },
  };
};
