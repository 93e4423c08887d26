/**
 * SQS, standard queues, by reliability B10 (visibility), B12 (batches, delays), B13 (receives and dead letters) and finding 2
 * (retention from the first sending; an old handle deletes nothing).
 * Held against the adapter by `test/contracts/queues.test.ts`.
 *
 * Not modelled: counts that are approximate and late, order (it is that of sending), a visible message that a short poll misses, the limit
 * in flight (injected: F44), returns after a deletion (F40), batches taken in part (F46), reasons of dead letters without the
 * characters that SQS does not take.
 */
import { HIDDEN_SECONDS_MAX, LONG_POLL_SECONDS, QUEUE_DELAY_SECONDS_MAX } from '../../fleet/limits.ts';
import { encodeTaskMessage } from '../../fleet/message.ts';
import { addMs, type EpochMs, msUntil, secondsToMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Backlog, DeadLetters, ReceivedMessage, WorkQueue } from '../../ports/queues.ts';

/** B12: ten messages in one answer at most. */
const RECEIVED_MAX = 10;

/** The longest that SQS keeps a message, counted from its sending, whatever happened to it since. */
const RETENTION_SECONDS_MAX = 14 * 24 * 3_600;

interface StoredMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly sentAt: EpochMs;
  visibleAt: EpochMs;
  receivedAt?: EpochMs;
  receiptHandle?: string;
  receiveCount: number;
}

export interface MemoryQueueOptions {
  readonly retentionSeconds?: number;
  /** Receipts after which the next one moves the message to `deadLetters` instead (B13). */
  readonly receivesMax?: number;
}

export interface MemoryWorkQueue extends WorkQueue {
  /** Puts any body in, as a producer does that knows nothing of us. */
  sendBody(body: string, attributes?: Readonly<Record<string, string>>, delaySeconds?: number): void;
  /** Bodies that were received too often, in the order in which they were moved. */
  readonly deadLetters: readonly string[];
  /** Messages that are there, in whatever state. */
  size(): number;
  messages(): readonly MessageState[];
  has(messageId: string): boolean;
  /** Somebody takes a message away, or its time is over. */
  drop(messageId: string): void;
}

/** One message as it lies in the queue. */
export interface MessageState {
  readonly messageId: string;
  readonly body: string;
  readonly visibleAt: EpochMs;
  /** Of the last receipt; absent before the first. */
  readonly receiptHandle?: string;
}

type ReceiveOptions = Parameters<WorkQueue['receive']>[0];

class MemoryQueue {
  readonly messages = new Map<string, StoredMessage>();
  readonly deadLetters: string[] = [];
  readonly #clock: Clock;
  readonly #options: MemoryQueueOptions;
  readonly #sleepers = new Set<() => void>();
  #serial = 0;

  constructor(clock: Clock, options: MemoryQueueOptions) {
    this.#clock = clock;
    this.#options = options;
  }

  put(body: string, attributes: Readonly<Record<string, string>> = {}, delaySeconds = 0): void {
    const sentAt = this.#clock.now();
    this.#serial += 1;
    const messageId = `message-${this.#serial}`;
    const delayMs = secondsToMs(Math.min(Math.ceil(delaySeconds), QUEUE_DELAY_SECONDS_MAX));
    const visibleAt = addMs(sentAt, delayMs);
    const message = { messageId, body, attributes, sentAt, visibleAt, receiveCount: 0 };
    this.messages.set(messageId, message);
    this.#announce(message);
  }

  /** Long polling: an answer as soon as there is one, an empty one when the time is over or the caller gives up. */
  async receive(options: ReceiveOptions): Promise<readonly ReceivedMessage[]> {
    const until = addMs(this.#clock.now(), secondsToMs(Math.min(options.waitSeconds, LONG_POLL_SECONDS)));
    for (;;) {
      if (options.signal?.aborted) {
        // Whatever it was woken for is for the next one.
        this.#wakeNext();
        return [];
      }
      const received = this.#take(options);
      if (received.length > 0 || this.#clock.now() >= until) return received;
      await this.#sleepUntilWoken(until, options.signal);
    }
  }

  /** A handle that is not of the receipt in flight may delete nothing, so here it never does (finding 2b). */
  delete(received: ReceivedMessage): void {
    if (this.#inFlight(received)) this.messages.delete(received.messageId);
  }

  #inFlight({ messageId, receiptHandle }: ReceivedMessage): StoredMessage | undefined {
    const message = this.messages.get(messageId);
    return message?.receiptHandle === receiptHandle && message.visibleAt > this.#clock.now() ? message : undefined;
  }

  /** B10: a stale handle, a message that is not in flight and more than the 12 h left are errors and change nothing. */
  changeVisibility(received: ReceivedMessage, seconds: number): void {
    const message = this.#inFlight(received);
    if (!message) return;
    const visibleAt = addMs(this.#clock.now(), secondsToMs(Math.ceil(seconds)));
    if (visibleAt > addMs(message.receivedAt!, secondsToMs(HIDDEN_SECONDS_MAX))) return;
    message.visibleAt = visibleAt;
    this.#announce(message);
  }

  backlog(): Backlog {
    this.#dropExpired();
    const now = this.#clock.now();
    let inFlight = 0;
    let delayed = 0;
    for (const message of this.messages.values()) {
      if (message.visibleAt <= now) continue;
      if (message.receiptHandle === undefined) delayed += 1;
      else inFlight += 1;
    }
    return { waiting: this.messages.size - inFlight - delayed, inFlight, delayed };
  }

  /** Messages older than the retention period are gone, received or not (finding 2a). */
  #dropExpired(): void {
    const retentionMs = secondsToMs(this.#options.retentionSeconds ?? RETENTION_SECONDS_MAX);
    const sentBefore = this.#clock.now() - retentionMs;
    for (const message of this.messages.values()) {
      // They lie in the order of their sending.
      if (message.sentAt > sentBefore) return;
      this.messages.delete(message.messageId);
    }
  }

  #take({ countMax = 1, visibilitySeconds }: ReceiveOptions): ReceivedMessage[] {
    this.#dropExpired();
    const now = this.#clock.now();
    const taken: ReceivedMessage[] = [];
    for (const message of this.messages.values()) {
      if (taken.length >= Math.min(countMax, RECEIVED_MAX)) break;
      if (message.visibleAt > now || this.#isMovedAway(message)) continue;
      taken.push(this.#handOut(message, now, visibilitySeconds));
    }
    return taken;
  }

  /** B13: the queue's own dead-letter rule counts receipts, not failures. */
  #isMovedAway(message: StoredMessage): boolean {
    const { receivesMax } = this.#options;
    if (receivesMax === undefined || message.receiveCount < receivesMax) return false;
    this.messages.delete(message.messageId);
    this.deadLetters.push(message.body);
    return true;
  }

  #handOut(message: StoredMessage, now: EpochMs, visibilitySeconds: number): ReceivedMessage {
    message.receiveCount += 1;
    message.receiptHandle = `${message.messageId}/${message.receiveCount}`;
    message.receivedAt = now;
    message.visibleAt = addMs(now, secondsToMs(visibilitySeconds));
    this.#announce(message);
    const { messageId, body, attributes, receiptHandle, receiveCount } = message;
    return { messageId, body, attributes, receiptHandle, receiveCount };
  }

  /** One that waits for each message: were all of them to look, a fleet of thousands would do nothing else. */
  #wakeNext(): void {
    const [wake] = this.#sleepers;
    wake?.();
  }

  /** Somebody is told when a message can be seen: now or later. */
  #announce({ visibleAt }: StoredMessage): void {
    const waitMs = msUntil(visibleAt, this.#clock.now());
    if (waitMs <= 0) this.#wakeNext();
    else void this.#clock.sleep(waitMs).then(() => this.#wakeNext());
  }

  /** Until a message may be there, the time is over or the caller gives up. */
  #sleepUntilWoken(until: EpochMs, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        if (!this.#sleepers.delete(wake)) return;
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#sleepers.add(wake);
      signal?.addEventListener('abort', wake, { once: true });
      void this.#clock.sleep(msUntil(until, this.#clock.now())).then(wake);
    });
  }
}

/** A standard queue in memory: visibility, delay, receive counts, stale handles and long polling, by the clock handed in. */
export const memoryWorkQueue = (clock: Clock, options: MemoryQueueOptions = {}): MemoryWorkQueue => {
  const queue = new MemoryQueue(clock, options);
  return {
    sendBody: (body, attributes, delaySeconds) => queue.put(body, attributes, delaySeconds),
    deadLetters: queue.deadLetters,
    size: () => queue.messages.size,
    messages: () => [...queue.messages.values()],
    has: (messageId) => queue.messages.has(messageId),
    drop: (messageId) => void queue.messages.delete(messageId),
    send: async (taskId, delaySeconds) => queue.put(encodeTaskMessage(taskId), {}, delaySeconds),
    sendMany: async (taskIds) => {
      for (const taskId of taskIds) queue.put(encodeTaskMessage(taskId));
      return [];
    },
    receive: (asked) => queue.receive(asked),
    delete: async (message) => queue.delete(message),
    changeVisibility: async (message, seconds) => queue.changeVisibility(message, seconds),
    backlog: async () => queue.backlog(),
    receivesMax: async () => options.receivesMax,
  };
};

export interface MemoryDeadLetters extends DeadLetters {
  readonly sent: readonly { readonly taskId: string; readonly reason: string }[];
}

export const memoryDeadLetters = (): MemoryDeadLetters => {
  const sent: { taskId: string; reason: string }[] = [];
  return {
    sent,
    send: async (taskId, reason) => {
      sent.push({ taskId, reason });
    },
  };
};
