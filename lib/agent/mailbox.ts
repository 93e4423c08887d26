import type { InstanceRecord } from '../fleet/instance.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import type { LeaseOutcome } from '../ports/instances.ts';

/** The machine's own item as it was last read: what others want of this machine is written there. */
export interface Mailbox {
  record(): InstanceRecord;
  /** When the item was last readable, for the dead-man's switch. */
  readAt(): EpochMs;
  /** Every answer about the item comes by here, whichever write brought it. */
  hear(outcome: LeaseOutcome): void;
}

export interface MailboxOptions {
  readonly clock: Clock;
  readonly first: InstanceRecord;
  onRecord(record: InstanceRecord): void;
  /** Another agent has this machine now. */
  onSessionLost(): void;
}

export const createMailbox = ({ clock, first, onRecord, onSessionLost }: MailboxOptions): Mailbox => {
  let record = first;
  let readAt = clock.now();
  return {
    record: () => record,
    readAt: () => readAt,
    hear: (outcome) => {
      if (outcome.outcome === 'refused' && outcome.because === 'other-session') return onSessionLost();
      if (outcome.record === undefined) return;
      record = outcome.record;
      readAt = clock.now();
      onRecord(record);
    },
  };
};
