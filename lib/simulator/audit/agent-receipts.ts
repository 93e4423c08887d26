import { parseTaskMessage } from '../../fleet/message.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { ReceivedMessage } from '../../ports/queues.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';

/** A message that could not be sent leaves the old one to be put back; a call is tried for a minute at most. */
const TRIES_MS = 60_000;

export type ReceiptsWorld = Pick<AgentDutiesWorld, 'now' | 'judge' | 'receivesMax' | 'visibilitySeconds'>;

/**
 * A queue that somebody else made counts receipts, and moves what was received too often to a queue of its own: a task that
 * is put back again and again would be found by the sweep alone. Its message is replaced before that, with one receipt left
 * for a process that ends unseen (reliability B13).
 */
export const watchReceipts = ({ now, judge, receivesMax, visibilitySeconds }: ReceiptsWorld) => ({
  /** A message is shown again after so many seconds; `failedAt`: when a call of the process has failed last. */
  putBack: (message: ReceivedMessage, seconds: number, failedAt: EpochMs | undefined): void => {
    if (receivesMax === undefined || message.receiveCount < receivesMax - 1 || seconds === visibilitySeconds) return;
    if (failedAt !== undefined && now() - failedAt < TRIES_MS) return;
    // What somebody else sent is put back as it is by whoever drains: whose task it is, only a look would tell.
    const told = parseTaskMessage(message.body);
    if (told.kind !== 'task') return;
    judge.say(
      'O2',
      `the message of ${told.taskId} is put back, received ${message.receiveCount} times of ${receivesMax}`,
    );
  },
});
