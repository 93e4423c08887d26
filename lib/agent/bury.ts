import type { TaskRecord } from '../fleet/task.ts';
import { secondsToMs } from '../fleet/time.ts';
import { withRetries } from './retry.ts';
import type { Ticket } from './ticket.ts';
import type { AgentShared } from './world.ts';

/** The pause after tries that all failed: the next ones find the queue again soon after it can be reached. */
const COPY_AGAIN_SECONDS = 30;

/** Copied to where people look; a second copy is harmless, none is not (O2). */
const copyDead = ({ ports }: AgentShared, { taskId, reason }: TaskRecord): Promise<void> =>
  withRetries(ports.clock, () => ports.deadLetters.send(taskId, reason ?? 'no reason given'));

/**
 * Tries until the task is copied, and for the last time when the machine drains. Answers whether it is copied; `onFailure`
 * is called whenever tries have failed.
 */
export const copyInTheEnd = async (shared: AgentShared, row: TaskRecord, onFailure: () => void): Promise<boolean> => {
  const { ports, drain } = shared;
  for (;;) {
    const isLast = drain.signal.aborted;
    try {
      await copyDead(shared, row);
      return true;
    } catch (error) {
      ports.log.warn('a dead task is not copied yet, and stays held', { taskId: row.taskId, error: String(error) });
      onFailure();
    }
    if (isLast) return false;
    await ports.clock.sleep(secondsToMs(COPY_AGAIN_SECONDS), drain.signal);
  }
};

/**
 * A dead task is copied to the dead-letter queue before its message goes, also when the message is met again: whoever
 * declared it dead may have ended between the two.
 */
export const buryDead = async (shared: AgentShared, row: TaskRecord, ticket: Ticket): Promise<void> => {
  await copyDead(shared, row);
  await ticket.remove();
};

/** What becomes of a task that died here. */
export interface Burial {
  readonly ticket: Ticket;
  /** It is copied: nothing has to be found by its lease any more. */
  release(): void;
  /** It is not yet: its lease stays, and its slot does not wait for it. */
  keep(): void;
}

/**
 * The message may be lost before the task is copied, so whoever holds it lets go of it once it is copied, and not before:
 * its lease is what is left to find it by. Should the machine end first, whoever releases its leases sends a new message.
 */
export const buryOwn = async (
  shared: AgentShared,
  row: TaskRecord,
  { ticket, release, keep }: Burial,
): Promise<void> => {
  if (!(await copyInTheEnd(shared, row, keep))) return;
  release();
  await ticket.remove();
};
