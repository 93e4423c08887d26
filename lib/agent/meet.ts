import { decideRevisitSeconds } from '../decisions/decide-revisit.ts';
import { isFinished, type TaskRecord } from '../fleet/task.ts';
import type { ReceivedMessage } from '../ports/queues.ts';
import { withRetries } from './retry.ts';
import type { AgentShared } from './world.ts';

/**
 * What is done to messages. They are hints: a delete or a change that fails for good is logged and forgotten, because
 * the message will show again and be met by whatever its row says then (F38–F41).
 */
const tryOnMessage = async (shared: AgentShared, what: string, call: () => Promise<void>): Promise<void> => {
  try {
    await withRetries(shared.ports.clock, call);
  } catch (error) {
    shared.ports.log.warn(`${what} failed`, { error: String(error) });
  }
};

export const putBack = (shared: AgentShared, message: ReceivedMessage, seconds: number): Promise<void> =>
  tryOnMessage(shared, 'change of visibility', () => shared.ports.queue.changeVisibility(message, seconds));

export const deleteMessage = (shared: AgentShared, message: ReceivedMessage): Promise<void> =>
  tryOnMessage(shared, 'delete of the message', () => shared.ports.queue.delete(message));

/**
 * A dead task is copied to the dead-letter queue before its message goes, also when the message is met again: whoever
 * declared it dead may have ended between the two. A second copy is harmless, none is not (O2).
 */
export const buryDead = async (shared: AgentShared, row: TaskRecord, message: ReceivedMessage): Promise<void> => {
  const { clock, deadLetters } = shared.ports;
  await withRetries(clock, () => deadLetters.send(row.taskId, row.reason ?? 'no reason given'));
  await deleteMessage(shared, message);
};

/** A message whose task is not to be taken: the protocol's "meets a running task" and "meets a finished task". */
export const meetRow = async (shared: AgentShared, row: TaskRecord, message: ReceivedMessage): Promise<void> => {
  if (row.status === 'dead') return buryDead(shared, row, message);
  if (isFinished(row)) {
    shared.tally.removed += 1;
    return deleteMessage(shared, message);
  }
  if (row.status === 'ready') return putBack(shared, message, 0);
  shared.tally.putBack += 1;
  const seconds = decideRevisitSeconds(row, shared.runTimes.expectedMs(), shared.ports.clock.now());
  return putBack(shared, message, seconds);
};
