import type { FleetName, TaskId } from '../fleet/ids.ts';

export interface ReceivedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly receiptHandle: string;
  readonly receiveCount: number;
}

export interface Backlog {
  /** Both are approximate, and late by up to a minute (SQS). */
  readonly waiting: number;
  readonly inFlight: number;
  readonly delayed: number;
}

/** A fleet's work queue. Messages are hints that may be lost or doubled; the ledger is the truth. */
export interface WorkQueue {
  send(taskId: TaskId, delaySeconds?: number): Promise<void>;
  /** Sends in batches. Answers the ids that the queue would not take, however often asked: the sweep sends those. */
  sendMany(taskIds: readonly TaskId[]): Promise<readonly TaskId[]>;
  /** @throws TooManyInFlight */
  receive(options: {
    readonly waitSeconds: number;
    readonly visibilitySeconds: number;
    /** Messages wanted, 1 to 10; 1 when absent. What is received and not worked on is hidden from everybody. */
    readonly countMax?: number;
    readonly signal?: AbortSignal;
  }): Promise<readonly ReceivedMessage[]>;
  /** A handle that is no longer good is no error, here and below: the message is visible, or somebody else's, or gone. */
  delete(message: ReceivedMessage): Promise<void>;
  /** A message may stay hidden for 12 h after its receipt; asked for more, SQS leaves it as it is (reliability B10). */
  changeVisibility(message: ReceivedMessage, seconds: number): Promise<void>;
  backlog(): Promise<Backlog>;
  /**
   * After how many receipts the queue's own dead-letter rule moves a message away, whatever the ledger says of its task;
   * `undefined` where it has no such rule.
   */
  receivesMax(): Promise<number | undefined>;
}

/** So many messages are in flight that the queue hands out no more until some come back (reliability B11). */
export class TooManyInFlight extends Error {
  override readonly name = 'TooManyInFlight';
  constructor() {
    super('The queue hands out no more: too many of its messages are in flight. They come back as their tasks end.');
  }
}

/** Where the dead are copied, with their reason, for people to look at. */
export interface DeadLetters {
  send(taskId: TaskId, reason: string): Promise<void>;
}

/** A wake carries no information and may be lost: the minute schedule does the same. */
export interface WakeQueue {
  wake(fleet: FleetName, delaySeconds?: number): Promise<void>;
}
