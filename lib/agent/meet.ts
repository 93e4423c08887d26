import { decideRevisitSeconds } from '../decisions/decide-revisit.ts';
import { isFinished, type TaskRecord } from '../fleet/task.ts';
import { withRetries } from './retry.ts';
import type { Ticket } from './ticket.ts';
import type { AgentShared } from './world.ts';

/** Copied to where people look; a second copy is harmless, none is not (O2). */
export const copyDead = ({ ports }: AgentShared, { taskId, reason }: TaskRecord): Promise<void> =>
  withRetries(ports.clock, () => ports.deadLetters.send(taskId, reason ?? 'no reason given'));

/**
 * A dead task is copied to the dead-letter queue before its message goes, also when the message is met again: whoever
 * declared it dead may have ended between the two. The message may be lost in between as well, so whoever holds the task
 * lets go of it once it is copied, and not before: its lease is what is left to find it by.
 */
export const buryDead = async (
  shared: AgentShared,
  row: TaskRecord,
  ticket: Ticket,
  release: () => void = () => {},
): Promise<void> => {
  await copyDead(shared, row);
  release();
  await ticket.remove();
};

/** A message whose task is not to be taken: the protocol's "meets a running task" and "meets a finished task". */
export const meetRow = async (shared: AgentShared, row: TaskRecord, ticket: Ticket): Promise<void> => {
  if (row.status === 'dead') return buryDead(shared, row, ticket);
  if (isFinished(row)) {
    shared.tally.removed += 1;
    return ticket.remove();
  }
  if (row.status === 'ready') return ticket.putBack(0, row.taskId);
  shared.tally.putBack += 1;
  const seconds = decideRevisitSeconds(row, shared.runTimes.expectedMs(), shared.ports.clock.now());
  return ticket.putBack(seconds, row.taskId);
};
