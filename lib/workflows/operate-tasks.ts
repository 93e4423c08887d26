import type { FleetName, InstanceId, TaskId } from '../fleet/ids.ts';
import type { TaskRecord, TaskStatus } from '../fleet/task.ts';
import { secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { InstanceStore } from '../ports/instances.ts';
import type { WorkQueue } from '../ports/queues.ts';
import type { TaskLedger } from '../ports/tasks.ts';
import { type Retry, triedOnce } from './retry.ts';

export interface OperatorWorld {
  readonly tasks: TaskLedger;
  readonly queue: (fleet: FleetName) => WorkQueue;
  readonly clock: Clock;
  readonly retry?: Retry;
}

/** Cancelling reaches whoever runs the task as well. */
export interface CancelWorld extends OperatorWorld {
  readonly instances: Pick<InstanceStore, 'get' | 'dropLease'>;
}

/**
 * What an operator's wish came to.
 *
 * - `done`: the row was changed, and a message sent where one is needed. `isOwnerTold` is `false` when the machine that
 *   ran the task could not be told, and hears of it at its next write.
 * - `not-allowed`: the protocol does not let this status be changed so; nothing was done.
 * - `unknown`: there is no such task.
 */
export type Operated =
  | { readonly outcome: 'done'; readonly before: TaskRecord; readonly isOwnerTold?: boolean }
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

/** A machine that has just taken a task holds it well within this. */
const HOLD_SECONDS_MAX = 2;

const dropLease = async (
  world: CancelWorld,
  owner: InstanceId,
  { taskId, attempt }: TaskRecord,
  isJustCancelled: boolean,
): Promise<void> => {
  const retry = patienceOf(world);
  const item = await retry(() => world.instances.get(owner));
  if (item === undefined || item.goneAt !== undefined) return;
  const isHeld = item.leases[taskId] === attempt;
  if (!isHeld && !isJustCancelled) return;
  if (!isHeld) await world.clock.sleep(secondsToMs(HOLD_SECONDS_MAX));
  await retry(() => world.instances.dropLease(owner, taskId, attempt));
};

/** A lease that is gone from the machine's item is what its agent looks for with each heartbeat. */
const tellOwner = async (world: CancelWorld, row: TaskRecord, isJustCancelled: boolean): Promise<boolean> => {
  if (row.owner === undefined) return true;
  try {
    await dropLease(world, row.owner, row, isJustCancelled);
    return true;
  } catch {
    return false;
  }
};

/**
 * Not finished to cancelled, and then the owner is told. An owner that nobody could tell goes on until its next write,
 * which is refused. The message goes with either. Cancelling again tells an owner that a crash kept from being told.
 */
export const cancelTask = async (world: CancelWorld, taskId: TaskId): Promise<Operated> => {
  const before = await readRow(world, taskId);
  if (before === undefined) return { outcome: 'unknown' };
  const retry = patienceOf(world);
  const { outcome, row } = await retry(() => world.tasks.apply(taskId, { step: 'cancel', now: world.clock.now() }));
  if (row === undefined) return { outcome: 'unknown' };
  if (outcome === 'refused') return { outcome: 'not-allowed', status: row.status };
  // Cancelled by a write of ours whose reply was lost: it was not finished when it was read.
  const isOurs = outcome === 'done' || before.status !== 'cancelled';
  const isOwnerTold = await tellOwner(world, row, isOurs);
  return isOurs ? { outcome: 'done', before, isOwnerTold } : { outcome: 'not-allowed', status: row.status };
};
