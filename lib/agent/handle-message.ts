import type { TaskId } from '../fleet/ids.ts';
import { parseTaskMessage } from '../fleet/message.ts';
import type { TaskRecord } from '../fleet/task.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { ReceivedMessage } from '../ports/queues.ts';
import { createAttempt } from './attempt.ts';
import type { Mailbox } from './mailbox.ts';
import { type RunEnd, runTask } from './run-task.ts';
import { settle } from './settle.ts';
import { type Beginner, takeFromMessage } from './take.ts';
import { createTicket, type Ticket } from './ticket.ts';
import { keepHidden, type VisibilityKeeper } from './visibility.ts';
import type { AgentShared } from './world.ts';

/**
 * Deals with one message, from taking its task to the task's end. Never rejects. `leave` is called once the ledger has
 * the outcome: what is left to do with the message needs no slot.
 */
export type MessageHandler = (message: ReceivedMessage, leave: () => void) => Promise<void>;

/** One message's claim on a task: a second message of the same task finds it in hand, until it is released. */
const createClaim = (inHand: Set<TaskId>, onRelease: () => void) => {
  let claimed: TaskId | undefined;
  return {
    isInHand: (taskId: TaskId): boolean => {
      if (inHand.has(taskId)) return true;
      inHand.add(taskId);
      claimed = taskId;
      return false;
    },
    taskId: () => claimed,
    release: (): void => {
      if (claimed !== undefined) inHand.delete(claimed);
      claimed = undefined;
      onRelease();
    },
  };
};

type Claim = ReturnType<typeof createClaim>;

/** Attempts that were begun here and whose end is not written. */
interface Begun {
  begin(row: TaskRecord): void;
  end(row: TaskRecord): void;
  /** What an earlier process of this session took is none of ours to begin either: it may have. */
  whoBegan(row: TaskRecord): Beginner;
}

const createBegun = (startedAt: EpochMs): Begun => {
  const attempts = new Map<TaskId, number>();
  return {
    begin: ({ taskId, attempt }) => void attempts.set(taskId, attempt),
    end: ({ taskId, attempt }) => {
      if (attempts.get(taskId) === attempt) attempts.delete(taskId);
    },
    whoBegan: ({ taskId, attempt, takenAt }) => {
      if (attempts.get(taskId) === attempt) return 'we did';
      return takenAt !== undefined && takenAt < startedAt ? 'perhaps the process before' : 'nobody';
    },
  };
};

/** Whatever becomes of the message comes after its last renewal (F36). */
const afterRenewals = (ticket: Ticket, keeper: VisibilityKeeper): Ticket => {
  const after =
    <Told extends readonly unknown[], T>(what: (...told: Told) => Promise<T>) =>
    async (...told: Told): Promise<T> => {
      await keeper.stop();
      return what(...told);
    };
  const { remove, putBack, hide } = ticket;
  return { ...ticket, remove: after(remove), putBack: after(putBack), hide: after(hide) };
};

const keepMessageHidden = (shared: AgentShared, ticket: Ticket, { taskId }: Claim): VisibilityKeeper => {
  const handOver = async (): Promise<boolean> => {
    const id = taskId();
    return id !== undefined && ticket.handOver(id);
  };
  const { visibilitySeconds } = shared.settings;
  return keepHidden(ticket, { ...shared.ports, visibilitySeconds, handOver });
};

interface Handling {
  readonly shared: AgentShared;
  readonly mailbox: Mailbox;
  readonly begun: Begun;
}

const runToItsEnd = async ({ shared, mailbox, begun }: Handling, message: Ticket, claim: Claim): Promise<void> => {
  const { isInHand } = claim;
  const pausesSeen = shared.pulse.pauses(shared.ports.clock.now());
  const keeper = keepMessageHidden(shared, message, claim);
  const ticket = afterRenewals(message, keeper);
  try {
    const row = await takeFromMessage(shared, ticket, {
      onLeaseOutcome: mailbox.hear,
      isInHand,
      whoBegan: begun.whoBegan,
    });
    if (row === undefined) return;
    const attempt = createAttempt(shared, row, pausesSeen);
    const release = (): void => {
      shared.leases.letGo(row.taskId, row.attempt);
      claim.release();
    };
    let isKept = false;
    const keep = (): void => {
      isKept = true;
      claim.release();
    };
    let over: Promise<void> = Promise.resolve();
    try {
      const isOurs = await attempt.isOurs();
      begun.begin(row);
      const end: RunEnd = isOurs ? await runTask(shared, attempt) : { kind: 'stale', over };
      if (end.kind === 'stale') over = end.over;
      await keeper.stop();
      await settle(shared, { attempt, ticket, release, keep }, end);
      begun.end(row);
    } finally {
      if (!isKept) shared.leases.letGo(row.taskId, row.attempt);
      await over;
    }
  } finally {
    await keeper.stop();
  }
};

/** Received by a poll that the drain was too late to end: nobody has looked at it, and the next machine may at once. */
const putBackUnseen = (ticket: Ticket): Promise<void> => {
  const parsed = parseTaskMessage(ticket.message.body);
  return parsed.kind === 'task' ? ticket.putBack(0, parsed.taskId) : ticket.hide(0);
};

/**
 * A message whose handling failed for good stays hidden until it shows again; its row says by then how far it came. A
 * task we took and do not hold, or hold no longer, is released by the sweep.
 */
export const createMessageHandler = (
  shared: AgentShared,
  mailbox: Mailbox,
  mayStart: () => boolean,
): MessageHandler => {
  const inHand = new Set<TaskId>();
  const handling = { shared, mailbox, begun: createBegun(shared.ports.clock.now()) };
  return async (message, leave) => {
    const ticket = createTicket(shared, message);
    const claim = createClaim(inHand, leave);
    try {
      if (mayStart()) await runToItsEnd(handling, ticket, claim);
      else await putBackUnseen(ticket);
    } catch (error) {
      shared.ports.log.error('message not handled', { messageId: message.messageId, error: String(error) });
    } finally {
      claim.release();
    }
  };
};
