/** Queues in memory with visibility by a clock: what a standard queue does, without the wire. */

import { AwsError, type QueueAccess, type QueueMessage, type QueueSendOptions } from '../../../lib/local/service.ts';
import type { Clock } from '../../../lib/ports/clock.ts';

export interface SentMessage {
  readonly messageId: string;
  readonly body: string;
  readonly options: QueueSendOptions;
  visibleAt: number;
  receives: number;
  deleted: boolean;
}

export interface MemoryQueues extends QueueAccess {
  sent(queueArn: string): readonly SentMessage[];
  /** Bodies not deleted yet, in flight or not. */
  left(queueArn: string): readonly string[];
}

/** `refuses` says which sends a queue's policy would refuse; a queue not in `names` does not exist. */
export const memoryQueues = (
  clock: Clock,
  names: readonly string[],
  refuses: (queueArn: string, options: QueueSendOptions) => boolean = () => false,
): MemoryQueues => {
  const queues = new Map<string, SentMessage[]>(names.map((name) => [name, []]));
  const waiting = new Set<() => void>();

  const find = (queue: string): SentMessage[] => {
    const found = queues.get(queue);
    if (found === undefined) throw new AwsError(400, 'AWS.SimpleQueueService.NonExistentQueue', `No queue ${queue}.`);
    return found;
  };

  const take = (queue: string, max: number, visibilitySeconds: number): readonly QueueMessage[] => {
    const visible = find(queue).filter((message) => !message.deleted && message.visibleAt <= clock.now());
    return visible.slice(0, max).map((message) => {
      message.receives += 1;
      message.visibleAt = clock.now() + visibilitySeconds * 1_000;
      return {
        messageId: message.messageId,
        receiptHandle: `${message.messageId}#${message.receives}`,
        body: message.body,
        attributes: { ApproximateReceiveCount: String(message.receives) },
        messageAttributes: message.options.messageAttributes ?? {},
        md5OfBody: `md5 of ${message.body}`,
      };
    });
  };

  const byHandle = (queue: string, handle: string): SentMessage | undefined =>
    find(queue).find((message) => `${message.messageId}#${message.receives}` === handle);

  return {
    send: async (queue, body, options = {}) => {
      if (refuses(queue, options)) throw new AwsError(403, 'AccessDenied', `The policy of ${queue} does not allow it.`);
      const messages = find(queue);
      const messageId = `message-${messages.length + 1}`;
      messages.push({ messageId, body, options, visibleAt: clock.now(), receives: 0, deleted: false });
      for (const wake of [...waiting]) wake();
      return { messageId };
    },
    receive: async (queue, max, visibilitySeconds = 30, waitSeconds = 0) => {
      const first = take(queue, max, visibilitySeconds);
      if (first.length > 0 || waitSeconds === 0) return first;
      const over = new AbortController();
      const wake = () => over.abort();
      waiting.add(wake);
      const hidden = find(queue).filter((message) => !message.deleted && message.visibleAt > clock.now());
      const appearsInMs = Math.min(...hidden.map((message) => message.visibleAt - clock.now()), waitSeconds * 1_000);
      await clock.sleep(appearsInMs, over.signal);
      waiting.delete(wake);
      return take(queue, max, visibilitySeconds);
    },
    delete: async (queue, handle) => {
      const message = byHandle(queue, handle);
      if (message !== undefined) message.deleted = true;
    },
    changeVisibility: async (queue, handle, seconds) => {
      const message = byHandle(queue, handle);
      if (message !== undefined) message.visibleAt = clock.now() + seconds * 1_000;
    },
    depth: async () => undefined,
    sent: (queue) => find(queue),
    left: (queue) => find(queue).flatMap((message) => (message.deleted ? [] : [message.body])),
  };
};
