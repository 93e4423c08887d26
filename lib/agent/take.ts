import type { TaskId } from '../fleet/ids.ts';
import { HEARTBEAT_SECONDS, REVISIT_SECONDS_MAX, REVISIT_SECONDS_MIN } from '../fleet/limits.ts';
import { parseTaskMessage } from '../fleet/message.ts';
import type { TaskRecord } from '../fleet/task.ts';
import { secondsToMs } from '../fleet/time.ts';
import { UnknownForm } from '../fleet/unknown-form.ts';
import type { LeaseOutcome } from '../ports/instances.ts';
import { meetRow } from './meet.ts';
import { registerForeign } from './register.ts';
import { withRetries } from './retry.ts';
import type { Ticket } from './ticket.ts';
import type { AgentShared } from './world.ts';

/**
 * What must not be guessed at is left as it is: hidden for as long as a message may be put back, and counted. It is
 * neither deleted nor passed on, because the fault may be ours, such as an agent pointed at the wrong table.
 */
const leaveAlone = async (shared: AgentShared, ticket: Ticket, why: string): Promise<undefined> => {
  shared.tally.leftAlone += 1;
  shared.ports.log.error('message left alone', { messageId: ticket.message.messageId, why });
  await ticket.hide(REVISIT_SECONDS_MAX);
  return undefined;
};

/** The row is given back, by default unused: nothing ran, so nothing was reclaimed. */
const giveBack = async (
  shared: AgentShared,
  row: TaskRecord,
  ticket: Ticket,
  countsAsReclaim = false,
): Promise<void> => {
  const { clock, tasks } = shared.ports;
  const owner = shared.instanceId;
  const step = { step: 'hand-back', attempt: row.attempt, owner, now: clock.now(), countsAsReclaim } as const;
  await withRetries(clock, () => tasks.apply(row.taskId, step));
  await ticket.putBack(0, row.taskId);
};

export type Beginner = 'nobody' | 'we did' | 'perhaps the process before';

export interface TakeOptions {
  /** Told of every answer about our own item. */
  onLeaseOutcome(outcome: LeaseOutcome): void;
  /** Whether this agent deals with the task already, from an earlier message; from now on it does. */
  isInHand(taskId: TaskId): boolean;
  /** Who has run this attempt on this machine before. */
  whoBegan(row: TaskRecord): Beginner;
}

const hold = async (
  shared: AgentShared,
  row: TaskRecord,
  ticket: Ticket,
  { onLeaseOutcome }: TakeOptions,
): Promise<TaskRecord | undefined> => {
  const outcome = await shared.leases.hold(row.taskId, row.attempt);
  onLeaseOutcome(outcome);
  if (outcome.outcome === 'done') return row;
  shared.ports.log.info('hold refused', { taskId: row.taskId, because: outcome.because });
  await giveBack(shared, row, ticket);
  // The same answer would come at once for the next message.
  await shared.ports.clock.sleep(secondsToMs(HEARTBEAT_SECONDS), shared.drain.signal);
  return undefined;
};

/**
 * A second message of a task that runs here, such as one that was handed over: taking it would be recognised as our own
 * lost reply, and the task would run twice under one attempt.
 */
const meetOurOwn = async (shared: AgentShared, id: TaskId, ticket: Ticket): Promise<undefined> => {
  shared.tally.putBack += 1;
  await ticket.putBack(REVISIT_SECONDS_MIN, id);
  return undefined;
};

/**
 * The row says that the task is ours already, and no reply was lost: it ran here, and how it ended could not be written.
 * Its next run gets a number of its own, which fences whatever this one may still do (W2). What the process before took
 * it may not have begun, so that nothing is counted as lost.
 */
const giveUpBegun = async (
  shared: AgentShared,
  row: TaskRecord,
  ticket: Ticket,
  beginner: Beginner,
): Promise<undefined> => {
  const { taskId, attempt } = row;
  shared.ports.log.warn('task handed back: it is ours, and may have run here before', { taskId, attempt, beginner });
  await giveBack(shared, row, ticket, beginner === 'we did');
  shared.tally.handedBack += 1;
  return undefined;
};

const takeAndHold = async (
  shared: AgentShared,
  id: TaskId,
  ticket: Ticket,
  options: TakeOptions,
): Promise<TaskRecord | undefined> => {
  if (options.isInHand(id)) return meetOurOwn(shared, id, ticket);
  const { clock, tasks } = shared.ports;
  const { instanceId: owner, session } = shared;
  const outcome = await withRetries(clock, () => tasks.apply(id, { step: 'take', owner, session, now: clock.now() }));
  const beginner = outcome.outcome === 'already' ? options.whoBegan(outcome.row) : 'nobody';
  if (outcome.outcome === 'already' && beginner !== 'nobody') return giveUpBegun(shared, outcome.row, ticket, beginner);
  if (outcome.outcome !== 'refused') return hold(shared, outcome.row, ticket, options);
  if (outcome.row === undefined) return leaveAlone(shared, ticket, 'it names a task that the ledger does not know');
  await meetRow(shared, outcome.row, ticket);
  return undefined;
};

const takeForeign = async (
  shared: AgentShared,
  ticket: Ticket,
  options: TakeOptions,
): Promise<TaskRecord | undefined> => {
  const row = await registerForeign(shared, ticket.message);
  if (row === undefined) return leaveAlone(shared, ticket, 'its task id belongs to a task with another body');
  if (row.status === 'ready') return takeAndHold(shared, row.taskId, ticket, options);
  // A running row may be our own from before a lost reply: taking recognises it.
  if (row.status === 'running' && row.owner === shared.instanceId) {
    return takeAndHold(shared, row.taskId, ticket, options);
  }
  await meetRow(shared, row, ticket);
  return undefined;
};

/**
 * From a message to a task that is taken and held, or to nothing: then the message has been dealt with by what its
 * row says.
 */
export const takeFromMessage = async (
  shared: AgentShared,
  ticket: Ticket,
  options: TakeOptions,
): Promise<TaskRecord | undefined> => {
  const parsed = parseTaskMessage(ticket.message.body);
  try {
    if (parsed.kind === 'unknown-form') return await leaveAlone(shared, ticket, 'its form is not known');
    if (parsed.kind === 'foreign') return await takeForeign(shared, ticket, options);
    return await takeAndHold(shared, parsed.taskId, ticket, options);
  } catch (error) {
    if (error instanceof UnknownForm) return leaveAlone(shared, ticket, 'the form of its row is not known');
    throw error;
  }
};
