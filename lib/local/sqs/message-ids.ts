/** Which message a receipt handle stands for, so that the record can name the message and never needs the body. */

/** Handles of messages that nobody ever deleted would otherwise pile up; the oldest are forgotten first. */
const HANDLES_MAX = 50_000;

export interface MessageIds {
  note(receiptHandle: string, messageId: string): void;
  idOf(receiptHandle: unknown): string | undefined;
}

export const messageIds = (): MessageIds => {
  const ids = new Map<string, string>();
  return {
    note: (receiptHandle, messageId) => {
      ids.set(receiptHandle, messageId);
      const oldest = ids.keys().next().value;
      if (ids.size > HANDLES_MAX && oldest !== undefined) ids.delete(oldest);
    },
    idOf: (receiptHandle) => ids.get(String(receiptHandle)),
  };
};
