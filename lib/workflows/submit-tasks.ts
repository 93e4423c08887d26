import type { FleetName, TaskId } from '../fleet/ids.ts';
import type { TaskRecord } from '../fleet/task.ts';
import { releasedCheckAt } from '../fleet/task-protocol.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Clock } from '../ports/clock.ts';
import type { WorkQueue } from '../ports/queues.ts';
import type { TaskLedger } from '../ports/tasks.ts';
import { packContent } from './content.ts';
import { inParallel } from './in-parallel.ts';

export interface SubmitWorld {
  readonly tasks: TaskLedger;
  readonly queue: WorkQueue;
  readonly blobs: Blobs;
  readonly clock: Clock;
}

export interface NewTask {
  readonly taskId: TaskId;
  readonly body: string;
}

export interface SubmitSummary {
  /** In the ledger and sent, now or by an earlier call with the same body. */
  readonly submitted: readonly TaskId[];
  /** The id is there with another body: nothing was changed. */
  readonly conflicting: readonly TaskId[];
  /** In the ledger, but the queue would not take the message: the sweep sends it. */
  readonly toBeSwept: readonly TaskId[];
  readonly failed: readonly { readonly taskId: TaskId; readonly error: string }[];
}

const ROWS_AT_ONCE = 16;

const newRow = async (world: SubmitWorld, fleet: FleetName, task: NewTask, now: EpochMs): Promise<TaskRecord> => ({
  form: 1,
  taskId: task.taskId,
  fleet,
  status: 'ready',
  attempt: 0,
  failures: 0,
  reclaims: 0,
  body: await packContent(world.blobs, task.body),
  submittedAt: now,
  // Should its message be lost, the sweep finds the row within the promise of W4.
  checkAt: releasedCheckAt(now),
});

const writeRow = async (world: SubmitWorld, fleet: FleetName, task: NewTask): Promise<'written' | 'conflicting'> => {
  const row = await newRow(world, fleet, task, world.clock.now());
  const { outcome } = await world.tasks.apply(task.taskId, { step: 'submit', row });
  return outcome === 'refused' ? 'conflicting' : 'written';
};

/**
 * Writes the rows, then sends the messages: a message never names a row that is not there. Submitting the same tasks
 * again changes nothing and sends them again, which is harmless.
 */
export const submitTasks = async (
  world: SubmitWorld,
  fleet: FleetName,
  tasks: readonly NewTask[],
): Promise<SubmitSummary> => {
  const results = await inParallel(tasks, ROWS_AT_ONCE, (task) => writeRow(world, fleet, task));
  const idsWhere = (outcome: 'written' | 'conflicting'): TaskId[] =>
    tasks.flatMap(({ taskId }, index) => {
      const result = results[index]!;
      return result.status === 'fulfilled' && result.value === outcome ? [taskId] : [];
    });
  const written = idsWhere('written');
  const toBeSwept = await world.queue.sendMany(written);
  return {
    submitted: written,
    conflicting: idsWhere('conflicting'),
    toBeSwept,
    failed: tasks.flatMap(({ taskId }, index) => {
      const result = results[index]!;
      return result.status === 'rejected' ? [{ taskId, error: String(result.reason) }] : [];
    }),
  };
};
