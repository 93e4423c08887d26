import type { FleetName, TaskId } from '../fleet/ids.ts';
import { parseTaskMessage } from '../fleet/message.ts';
import type { TaskRecord } from '../fleet/task.ts';
import type { ReceivedMessage, WorkQueue } from '../ports/queues.ts';
import type { TaskLedger } from '../ports/tasks.ts';
import { inParallel } from './in-parallel.ts';
import { type Retry, triedOnce } from './retry.ts';

export interface DeadLetterWorld {
  readonly tasks: TaskLedger;
  readonly deadLetters: WorkQueue;
  readonly fleet: FleetName;
  readonly retry?: Retry;
}

/**
 * A message of a dead-letter queue beside what the ledger says.
 *
 * - `task`: one of this fleet's, with its row.
 * - `unknown`: it names a task that the ledger does not know, or that is another fleet's.
 * - `foreign`: a message that is not ours, or of a form that this version does not know.
 */
export type DeadLetter =
  | { readonly kind: 'task'; readonly message: ReceivedMessage; readonly row: TaskRecord }
  | { readonly kind: 'unknown'; readonly message: ReceivedMessage; readonly taskId: TaskId }
  | { readonly kind: 'foreign'; readonly message: ReceivedMessage };

/** SQS hands out ten at most (B12). */
const RECEIVED_AT_ONCE = 10;

/** A queue is many servers, and one answer asks only some of them unless it waits. */
const WAIT_SECONDS = 1;

/** So many answers without anything new, and the queue counts as read. */
const EMPTY_ANSWERS_MAX = 2;

const joined = async (world: DeadLetterWorld, message: ReceivedMessage): Promise<DeadLetter> => {
  const parsed = parseTaskMessage(message.body);
  if (parsed.kind !== 'task') return { kind: 'foreign', message };
  const row = await (world.retry ?? triedOnce)(() => world.tasks.get(parsed.taskId));
  return row?.fleet === world.fleet
    ? { kind: 'task', message, row }
    : { kind: 'unknown', message, taskId: parsed.taskId };
};

const settled = <Value>(result: PromiseSettledResult<Value>): Value => {
  if (result.status === 'rejected') throw result.reason;
  return result.value;
};

/**
 * Every message once, hidden from others while it is looked at. What the consumer did not delete is shown again at the
 * end, however it ends. A queue cannot be read without that: messages are handed out, not listed.
 */
export async function* readDeadLetters(
  world: DeadLetterWorld,
  visibilitySeconds: number,
  isOver: () => boolean = () => false,
): AsyncGenerator<DeadLetter, void, undefined> {
  const retry = world.retry ?? triedOnce;
  const seen = new Map<string, ReceivedMessage>();
  try {
    for (let emptyAnswers = 0; emptyAnswers < EMPTY_ANSWERS_MAX && !isOver(); ) {
      const received = await retry(() =>
        world.deadLetters.receive({ waitSeconds: WAIT_SECONDS, visibilitySeconds, countMax: RECEIVED_AT_ONCE }),
      );
      const fresh = received.filter(({ messageId }) => !seen.has(messageId));
      for (const message of received) seen.set(message.messageId, message);
      emptyAnswers = fresh.length === 0 ? emptyAnswers + 1 : 0;
      const letters = await inParallel(fresh, RECEIVED_AT_ONCE, (message) => joined(world, message));
      for (const letter of letters) {
        if (isOver()) return;
        yield settled(letter);
      }
    }
  } finally {
    // A handle of a message that was deleted, or shown by itself meanwhile, is no error.
    await inParallel([...seen.values()], RECEIVED_AT_ONCE, (message) => world.deadLetters.changeVisibility(message, 0));
  }
}
