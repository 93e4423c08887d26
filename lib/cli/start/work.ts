import type { Random } from '../../ports/random.ts';
import type { NewTask } from '../../workflows/submit-tasks.ts';
import { type PlannedTask, planBatch } from './plan-batch.ts';
import type { SourceFile } from './source-files.ts';

/** A task of the user's own. */
export interface OwnTask extends NewTask {
  /** Of the input, from 1. */
  readonly line?: number;
}

/** What the fleet is given to do. */
export type Work =
  | {
      readonly kind: 'demonstration';
      readonly tasks: readonly NewTask[];
      /** The files of each task, so that the result can be computed a second time. */
      readonly planned: readonly PlannedTask[];
    }
  | {
      readonly kind: 'own';
      readonly tasks: readonly OwnTask[];
      /** Where they come from, in words. */
      readonly from: string;
    };

export const demonstrationWork = (files: readonly SourceFile[], count: number, random: Random): Work => {
  const planned = planBatch(files, count, random);
  const tasks = planned.map(({ taskId, files: paths, restMs }) => ({
    taskId,
    body: JSON.stringify({ files: paths, restMs }),
  }));
  return { kind: 'demonstration', tasks, planned };
};
