/** The queue of signals as its consumer needs it, besides what Lambda's event source mapping does. */
export interface SignalQueue {
  /** A failed record comes back after a second, not after the whole visibility timeout. */
  retrySoon(receiptHandle: string): Promise<void>;
  /** A body that cannot be acted on is kept in the dead-letter queue, with the reason. */
  keepAside(body: string, reason: string): Promise<void>;
}
