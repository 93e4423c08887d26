import type { FleetName, TaskId } from '../fleet/ids.ts';
import { HIDDEN_SECONDS_MAX } from '../fleet/limits.ts';
import { isFinished, type TaskStatus } from '../fleet/task.ts';
import { addMs, type EpochMs, msUntil } from '../fleet/time.ts';
import type { WorkQueue } from '../ports/queues.ts';
import { type Operated, type OperatorWorld, retryTask } from './operate-tasks.ts';
import { type DeadLetter, readDeadLetters } from './read-dead-letters.ts';
import { triedOnce } from './retry.ts';

export interface RedriveWorld extends OperatorWorld {
  readonly deadLetters: (fleet: FleetName) => WorkQueue;
}

export interface RedriveOptions {
  readonly fleet: FleetName;
  /** Only these; every one when absent. */
  readonly taskIds?: ReadonlySet<TaskId>;
  /** Tasks a second at most: a fleet that broke on them is not to break on all of them at once. */
  readonly ratePerSecond: number;
  readonly isDryRun: boolean;
  /** Stops after what is under way. */
  readonly signal: AbortSignal;
}

/**
 * What became, or with a dry run would become, of one message.
 *
 * - `retried`: its task was dead; it is ready and sent, and the message gone.
 * - `brought-back`: its task was never dead; it is sent, and the message gone.
 * - `removed`: its task is done or cancelled, or an earlier message has brought it back; only this message is gone.
 * - `left-unknown`, `left-foreign`: nothing was done to it.
 * - `not-chosen`: it is none of those asked for.
 */
export interface Redriven {
  readonly outcome: 'retried' | 'brought-back' | 'removed' | 'left-unknown' | 'left-foreign' | 'not-chosen';
  readonly messageId: string;
  readonly taskId?: TaskId;
  readonly status?: TaskStatus;
}

/** Messages stay hidden until their turn at this rate has long come: one answer is ten of them. */
const visibilitySecondsAt = (ratePerSecond: number): number =>
  Math.min(HIDDEN_SECONDS_MAX, Math.ceil(60 + 20 / ratePerSecond));

/** Turns at a steady rate. A turn that comes late does not make the next ones come early. */
const turnstile = (world: RedriveWorld, { ratePerSecond, signal }: RedriveOptions) => {
  let next: EpochMs | undefined;
  return async (): Promise<void> => {
    const now = world.clock.now();
    if (next !== undefined) await world.clock.sleep(msUntil(next, now), signal);
    next = addMs(Math.max(next ?? now, now) as EpochMs, 1_000 / ratePerSecond);
  };
};

type TaskLetter = Extract<DeadLetter, { readonly kind: 'task' }>;
type Outcome = Redriven['outcome'];

const plannedFor = ({ row }: TaskLetter): Outcome => {
  if (row.status === 'dead') return 'retried';
  return isFinished(row) ? 'removed' : 'brought-back';
};

const outcomeOf = (operated: Operated): Outcome => {
  if (operated.outcome === 'done') return 'retried';
  return operated.outcome === 'unknown' ? 'left-unknown' : 'removed';
};

/** The row before the message, the message before its copy's end: whatever stops it, a second redrive does the rest. */
const redriveTask = async (world: RedriveWorld, { row, message }: TaskLetter, planned: Outcome): Promise<Outcome> => {
  const retry = world.retry ?? triedOnce;
  const { taskId, fleet } = row;
  if (planned === 'brought-back') await retry(() => world.queue(fleet).send(taskId));
  const outcome = planned === 'retried' ? outcomeOf(await retryTask(world, taskId)) : planned;
  if (outcome !== 'left-unknown') await retry(() => world.deadLetters(fleet).delete(message));
  return outcome;
};

const isChosen = (letter: DeadLetter, { taskIds }: RedriveOptions): boolean => {
  if (taskIds === undefined) return true;
  if (letter.kind === 'foreign') return false;
  return taskIds.has(letter.kind === 'task' ? letter.row.taskId : letter.taskId);
};

/**
 * Brings the tasks of a dead-letter queue back to work, as far as the ledger lets them: it decides what is dead, the queue
 * only says whom to look at. Answers each message as it is done with.
 */
export async function* redrive(
  world: RedriveWorld,
  options: RedriveOptions,
): AsyncGenerator<Redriven, void, undefined> {
  const { fleet, ratePerSecond, isDryRun, signal } = options;
  const takeTurn = turnstile(world, options);
  const reading = { tasks: world.tasks, deadLetters: world.deadLetters(fleet), fleet };
  const letters = readDeadLetters(
    world.retry === undefined ? reading : { ...reading, retry: world.retry },
    visibilitySecondsAt(ratePerSecond),
    () => signal.aborted,
  );
  const handled = new Set<TaskId>();
  for await (const letter of letters) {
    const { messageId } = letter.message;
    if (!isChosen(letter, options)) yield { outcome: 'not-chosen', messageId };
    else if (letter.kind === 'foreign') yield { outcome: 'left-foreign', messageId };
    else if (letter.kind === 'unknown') yield { outcome: 'left-unknown', messageId, taskId: letter.taskId };
    else {
      const { taskId, status } = letter.row;
      const planned = handled.has(taskId) ? 'removed' : plannedFor(letter);
      handled.add(taskId);
      if (!isDryRun && planned !== 'removed') await takeTurn();
      if (signal.aborted) return;
      yield { outcome: isDryRun ? planned : await redriveTask(world, letter, planned), messageId, taskId, status };
    }
  }
}
