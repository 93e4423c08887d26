import { decideRevisitSeconds } from '../decisions/decide-revisit.ts';
import { isFinished, type TaskRecord } from '../fleet/task.ts';
import { buryDead } from './bury.ts';
import type { Ticket } from './ticket.ts';
import type { AgentShared } from './world.ts';

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
