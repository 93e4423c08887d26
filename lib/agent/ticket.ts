import type { TaskId } from '../fleet/ids.ts';
import { HIDDEN_SECONDS_MAX, LONG_POLL_SECONDS, QUEUE_DELAY_SECONDS_MAX } from '../fleet/limits.ts';
import { secondsToMs } from '../fleet/time.ts';
import type { ReceivedMessage } from '../ports/queues.ts';
import { withRetries } from './retry.ts';
import type { AgentShared } from './world.ts';

/**
 * The message through which a task came here, while there is one. It is a hint: a delete or a change that fails for
 * good is logged and forgotten, because the message will show again and be met by whatever its row says then (F38–F41).
 */
export interface Ticket {
  readonly message: ReceivedMessage;
  remove(): Promise<void>;
  /**
   * Shows the task to whoever asks for work, so many seconds from now. A message that its queue would soon count as
   * received too often, or would not hide for so long, is replaced by a new one; so is one that has been handed over
   * already.
   */
  putBack(seconds: number, taskId: TaskId): Promise<void>;
  /** Hides the message of something that is not a task, whatever its queue makes of that. */
  hide(seconds: number): Promise<void>;
  /**
   * Before the queue's own limit of hiding a message is reached: a new message takes its place, which whoever receives
   * it puts back while the task runs here (F43). Answers whether it could be sent.
   */
  handOver(taskId: TaskId): Promise<boolean>;
}

/** One receipt is left for a message whose visibility runs out unseen. */
const RECEIPTS_SPARE = 1;

export const createTicket = (shared: AgentShared, message: ReceivedMessage): Ticket => {
  const { queue, clock, log } = shared.ports;
  const receivedAt = clock.now();
  let isOurs = true;

  const tryOnMessage = async (what: string, call: () => Promise<void>): Promise<boolean> => {
    try {
      await withRetries(clock, call);
      return true;
    } catch (error) {
      log.warn(`${what} failed`, { messageId: message.messageId, error: String(error) });
      return false;
    }
  };

  const remove = async (): Promise<void> => {
    if (isOurs) await tryOnMessage('delete of the message', () => queue.delete(message));
  };

  const hide = async (seconds: number): Promise<void> => {
    await tryOnMessage('change of visibility', () => queue.changeVisibility(message, seconds));
  };

  /** Counted from its receipt, which was at most one long poll ago; asked for more, SQS shows the message at once. */
  const canBeHidden = (seconds: number): boolean =>
    clock.now() - receivedAt <= secondsToMs(HIDDEN_SECONDS_MAX - LONG_POLL_SECONDS - seconds);

  /** Shown at once, a message needs to be hidden no longer, however old it is. */
  const mustBeReplaced = async (seconds: number): Promise<boolean> => {
    if (seconds > 0 && !canBeHidden(seconds)) return true;
    const receivesMax = await shared.receivesMax();
    return receivesMax !== undefined && message.receiveCount >= receivesMax - RECEIPTS_SPARE;
  };

  /** What is due later than a queue can delay is sent by the sweep, which looks at the row in any case. */
  const send = async (taskId: TaskId, seconds: number): Promise<boolean> =>
    seconds > QUEUE_DELAY_SECONDS_MAX || tryOnMessage('sending the task again', () => queue.send(taskId, seconds));

  const replace = async (taskId: TaskId, seconds: number): Promise<boolean> => {
    const isSent = await send(taskId, seconds);
    if (isSent) {
      await remove();
      isOurs = false;
    }
    return isSent;
  };

  return {
    message,
    remove,
    hide,
    putBack: async (seconds, taskId) => {
      if (!isOurs) await send(taskId, seconds);
      else if (!(await mustBeReplaced(seconds)) || !(await replace(taskId, seconds))) await hide(seconds);
    },
    handOver: (taskId) => replace(taskId, QUEUE_DELAY_SECONDS_MAX),
  };
};
