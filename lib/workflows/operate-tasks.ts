import type { FleetName, TaskId } from '../fleet/ids.ts';
import type { TaskRecord, TaskStatus } from '../fleet/task.ts';
import type { Clock } from '../ports/clock.ts';
import type { WorkQueue } from '../ports/queues.ts';
import type { TaskLedger } from '../ports/tasks.ts';
import { type Retry, triedOnce } from './retry.ts';

export interface OperatorWorld {
  readonly tasks: TaskLedger;
  readonly queue: (fleet: FleetName) => WorkQueue;
  readonly clock: Clock;
  readonly retry?: Retry;
}

/**
 * What an operator's wish came to.
 *
 * - `done`: the row was changed, and a message sent where one is needed.
 * - `not-allowed`: the protocol does not let this status be changed so; nothing was done.
 * - `unknown`: there is no such task.
 */
export type Operated =
  | { readonly outcome: 'done'; readonly before: TaskRecord }
  | { readonly outcome: 'not-allowed'; readonly status: TaskStatus }
  | { readonly outcome: 'unknown' };

const patienceOf = ({ retry }: OperatorWorld): Retry => retry ?? triedOnce;

const readRow = (world: OperatorWorld, taskId: TaskId): Promise<TaskRecord | undefined> =>
  patienceOf(world)(() => world.tasks.get(taskId));

/** Ready now and dead when it was read: somebody retried it in between, or our own write's reply was lost. */
const isRetried = (row: TaskRecord | undefined): boolean => row?.status === 'ready';

/**
 * Dead to ready, then a message: the ledger is always written first, so that a crash in between leaves a row that the
 * sweep finds. A copy in the dead-letter queue stays there; `redrive` takes it away.
 */
export const retryTask = async (world: OperatorWorld, taskId: TaskId): Promise<Operated> => {
  const before = await readRow(world, taskId);
  if (before === undefined) return { outcome: 'unknown' };
  if (before.status !== 'dead') return { outcome: 'not-allowed', status: before.status };
  const retry = patienceOf(world);
  const { outcome, row } = await retry(() => world.tasks.apply(taskId, { step: 'retry', now: world.clock.now() }));
  if (outcome === 'refused' && !isRetried(row)) {
    return row === undefined ? { outcome: 'unknown' } : { outcome: 'not-allowed', status: row.status };
  }
  await retry(() => world.queue(before.fleet).send(taskId));
  return { outcome: 'done', before };
};

/** Not finished to cancelled. Whoever runs it goes on until its next write, which is refused; its message goes with that. */
export const cancelTask = async (world: OperatorWorld, taskId: TaskId): Promise<Operated> => {
  const before = await readRow(world, taskId);
  if (before === undefined) return { outcome: 'unknown' };
  const retry = patienceOf(world);
  const { outcome, row } = await retry(() => world.tasks.apply(taskId, { step: 'cancel', now: world.clock.now() }));
  if (outcome === 'done') return { outcome: 'done', before };
  if (row === undefined) return { outcome: 'unknown' };
  // Cancelled by a write of ours whose reply was lost: it was not finished when it was read.
  const isOurs = outcome === 'already' && before.status !== 'cancelled';
  return isOurs ? { outcome: 'done', before } : { outcome: 'not-allowed', status: row.status };
};
