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
  receive(options: {
    readonly waitSeconds: number;
    readonly visibilitySeconds: number;
    readonly signal?: AbortSignal;
  }): Promise<readonly ReceivedMessage[]>;
  delete(message: ReceivedMessage): Promise<void>;
  changeVisibility(message: ReceivedMessage, seconds: number): Promise<void>;
  backlog(): Promise<Backlog>;
}

/** Where the dead are copied, with their reason, for people to look at. */
export interface DeadLetters {
  send(taskId: TaskId, reason: string): Promise<void>;
}

/** A wake carries no information and may be lost: the minute schedule does the same. */
export interface WakeQueue {
  wake(fleet: FleetName, delaySeconds?: number): Promise<void>;
}
