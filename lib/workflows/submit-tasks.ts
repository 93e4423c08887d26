import type { FleetName, TaskId } from '../fleet/ids.ts';
import { CHECK_SHARDS, SUBMITTED_SHARE_OF_SWEEP, SWEEP_BATCH_MAX, SWEEP_SECONDS } from '../fleet/limits.ts';
import type { TaskRecord } from '../fleet/task.ts';
import { releasedCheckAt, type TaskOutcome } from '../fleet/task-protocol.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { Blobs } from '../ports/blobs.ts';
import type { Clock } from '../ports/clock.ts';
import type { WorkQueue } from '../ports/queues.ts';
import type { TaskLedger } from '../ports/tasks.ts';
import { packContent } from './content.ts';
import { inParallel } from './in-parallel.ts';
import { type Retry, triedOnce } from './retry.ts';

export interface SubmitWorld {
  readonly tasks: TaskLedger;
  readonly queue: WorkQueue;
  readonly blobs: Blobs;
  readonly clock: Clock;
  /** How often a call that failed is repeated; once and no more when absent. */
  readonly retry?: Retry;
}

export interface NewTask {
  readonly taskId: TaskId;
  readonly body: string;
}

/**
 * What became of one task.
 *
 * - `submitted`: its row was written now.
 * - `already`: its row was there, with the same body, from an earlier time.
 * - `conflicting`: its id is there with another body; nothing was changed.
 * - `failed`: its row could not be written, by `error`.
 *
 * `toBeSwept`: the row is there and its message could not be sent, by `error` if there was one; the sweep sends it.
 */
export interface Submission {
  readonly outcome: 'submitted' | 'already' | 'conflicting' | 'failed';
  readonly toBeSwept?: true;
  readonly error?: unknown;
}

const ROWS_AT_ONCE = 16;

/** One call of the queue takes as many (B12). */
const MESSAGES_AT_ONCE = 10;
const SENDINGS_AT_ONCE = 4;

const ROWS_LOOKED_AT_PER_SWEEP = Math.floor(SWEEP_BATCH_MAX * CHECK_SHARDS * SUBMITTED_SHARE_OF_SWEEP);

/**
 * When the sweep first looks at a new row, should its message be lost: within the promise of W4 for the first ones of a
 * submission. Later ones wait behind so many others anyway, and all at once they would keep the sweep from everything else.
 */
export const firstLookAt = (now: EpochMs, position: number): EpochMs =>
  addMs(releasedCheckAt(now), Math.floor(position / ROWS_LOOKED_AT_PER_SWEEP) * secondsToMs(SWEEP_SECONDS));

const newRow = async (
  world: SubmitWorld,
  fleet: FleetName,
  task: NewTask,
  position: number,
): Promise<TaskRecord & { readonly status: 'ready' }> => {
  const body = await packContent(world.blobs, task.body);
  const now = world.clock.now();
  return {
    form: 1,
    taskId: task.taskId,
    fleet,
    status: 'ready',
    attempt: 0,
    failures: 0,
    reclaims: 0,
    body,
    submittedAt: now,
    checkAt: firstLookAt(now, position),
  };
};

/** The whole attempt is repeated, because all of it may be: objects are named by digest, the row is conditional. */
const writeRow = (world: SubmitWorld, fleet: FleetName, task: NewTask, position: number): Promise<TaskOutcome> =>
  (world.retry ?? triedOnce)(async () => {
    const row = await newRow(world, fleet, task, position);
    return world.tasks.apply(task.taskId, { step: 'submit', row });
  });

/** The ids whose messages were not sent, each with the error if there was one. */
const sendAll = async (world: SubmitWorld, taskIds: readonly TaskId[]): Promise<ReadonlyMap<TaskId, unknown>> => {
  const batches = Array.from({ length: Math.ceil(taskIds.length / MESSAGES_AT_ONCE) }, (_, batch) =>
    taskIds.slice(batch * MESSAGES_AT_ONCE, (batch + 1) * MESSAGES_AT_ONCE),
  );
  const retry = world.retry ?? triedOnce;
  const results = await inParallel(batches, SENDINGS_AT_ONCE, (batch) => retry(() => world.queue.sendMany(batch)));
  return new Map(
    results.flatMap((result, batch) =>
      result.status === 'fulfilled'
        ? result.value.map((taskId): [TaskId, unknown] => [taskId, undefined])
        : batches[batch]!.map((taskId): [TaskId, unknown] => [taskId, result.reason]),
    ),
  );
};

/** Ready and never taken: its message may be in the queue, or may never have been sent. */
const isDoubtful = (outcome: TaskOutcome): boolean =>
  outcome.outcome === 'already' && outcome.row.status === 'ready' && outcome.row.attempt === 0;

const submissionOf = (
  written: PromiseSettledResult<TaskOutcome>,
  unsent: ReadonlyMap<TaskId, unknown>,
  taskId: TaskId,
): Submission => {
  if (written.status === 'rejected') return { outcome: 'failed', error: written.reason };
  if (written.value.outcome === 'refused') return { outcome: 'conflicting' };
  const outcome = written.value.outcome === 'done' ? 'submitted' : 'already';
  if (!unsent.has(taskId)) return { outcome };
  const error = unsent.get(taskId);
  return { outcome, toBeSwept: true, ...(error === undefined ? {} : { error }) };
};

/**
 * Chooses whose messages are sent once the rows are written, from the rows that are new and those that were there and were
 * never taken.
 */
export type ChooseMessages = (fresh: readonly TaskId[], doubtful: readonly TaskId[]) => readonly TaskId[];

const sendForBoth: ChooseMessages = (fresh, doubtful) => [...fresh, ...doubtful];

/**
 * Writes the rows, then sends the messages: a message never names a row that is not there. Answers what became of each,
 * in order. `position` counts the tasks of the same submission before these.
 */
export const submitTogether = async (
  world: SubmitWorld,
  fleet: FleetName,
  tasks: readonly NewTask[],
  position = 0,
  choose: ChooseMessages = sendForBoth,
): Promise<readonly Submission[]> => {
  const indexed = tasks.map((task, index) => ({ task, index }));
  const written = await inParallel(indexed, ROWS_AT_ONCE, ({ task, index }) =>
    writeRow(world, fleet, task, position + index),
  );
  const idsWhere = (holds: (outcome: TaskOutcome) => boolean): TaskId[] =>
    written.flatMap((result, index) =>
      result.status === 'fulfilled' && holds(result.value) ? [tasks[index]!.taskId] : [],
    );
  const fresh = idsWhere(({ outcome }) => outcome === 'done');
  const unsent = await sendAll(world, choose(fresh, idsWhere(isDoubtful)));
  return tasks.map(({ taskId }, index) => submissionOf(written[index]!, unsent, taskId));
};

/** Messages for rows that were there already; nobody is told of one that is lost, because the sweep sends it in any case. */
export const sendDoubtful = async (world: SubmitWorld, taskIds: readonly TaskId[]): Promise<void> => {
  await sendAll(world, taskIds);
};

export interface SubmitSummary {
  /** In the ledger and sent, now or by an earlier call with the same body. */
  readonly submitted: readonly TaskId[];
  /** The id is there with another body: nothing was changed. */
  readonly conflicting: readonly TaskId[];
  /** In the ledger, but the queue would not take the message: the sweep sends it. */
  readonly toBeSwept: readonly TaskId[];
  readonly failed: readonly { readonly taskId: TaskId; readonly error: string }[];
}

/**
 * Submits a batch that fits into memory. Doing it again changes nothing, and sends again for those that nobody has taken,
 * which is harmless. @throws when the queue fails; the rows are there then, for the sweep or for submitting again
 */
export const submitTasks = async (
  world: SubmitWorld,
  fleet: FleetName,
  tasks: readonly NewTask[],
): Promise<SubmitSummary> => {
  const submissions = await submitTogether(world, fleet, tasks);
  const broken = submissions.find((one) => one.toBeSwept && one.error !== undefined);
  if (broken) throw broken.error;
  const idsWhere = (holds: (submission: Submission) => boolean): TaskId[] =>
    tasks.filter((_, index) => holds(submissions[index]!)).map(({ taskId }) => taskId);
  return {
    submitted: idsWhere(({ outcome }) => outcome === 'submitted' || outcome === 'already'),
    conflicting: idsWhere(({ outcome }) => outcome === 'conflicting'),
    toBeSwept: idsWhere(({ toBeSwept }) => toBeSwept === true),
    failed: tasks.flatMap(({ taskId }, index) => {
      const { outcome, error } = submissions[index]!;
      return outcome === 'failed' ? [{ taskId, error: String(error) }] : [];
    }),
  };
};
