import type { AgentPorts } from './world.ts';

/** The receipts that the work queue's own dead-letter rule allows a message; `undefined` where it has none. */
export type ReceivesMax = () => Promise<number | undefined>;

/**
 * Asked until there is an answer, which is remembered: the rule of a queue that others made changes by their hand. An
 * agent that may not read it works on as if there were none, and says so once.
 */
export const createReceivesMax = ({ queue, log }: Pick<AgentPorts, 'queue' | 'log'>): ReceivesMax => {
  let answer: Promise<number | undefined> | undefined;
  let hasComplained = false;
  const ask = async (): Promise<number | undefined> => {
    try {
      return await queue.receivesMax();
    } catch (error) {
      answer = undefined;
      if (!hasComplained)
        log.warn('the work queue’s redrive policy cannot be read; allow sqs:GetQueueAttributes', {
          error: String(error),
        });
      hasComplained = true;
      return undefined;
    }
  };
  return () => {
    answer ??= ask();
    return answer;
  };
};
