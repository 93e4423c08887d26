import type { EpochMs } from '../fleet/time.ts';
import { type Bell, createBell } from './bell.ts';

/** Why and until when this machine drains. */
export interface DrainState {
  readonly since: EpochMs;
  /** When the machine is expected to end; the nearest of all that has been heard. */
  readonly deadline: EpochMs;
  readonly reason: string;
  /** Somebody asked twice: nothing is waited for any more. */
  readonly isForced: boolean;
}

/**
 * The one drain that every source leads to: metadata service, mailbox, SIGTERM, age, dead-man's switch. It begins once,
 * is never undone (N5), and can only become more urgent.
 */
export interface Drain {
  /** Aborted from the moment it begins: whatever pulls work listens to it. */
  readonly signal: AbortSignal;
  state(): DrainState | undefined;
  begin(cause: { readonly reason: string; readonly deadline: EpochMs; readonly now: EpochMs }): void;
  force(): void;
  /** Called at every change of the state: whoever waits by an older deadline looks again. */
  readonly onChange: Bell['listen'];
}

export const createDrain = (): Drain => {
  const begun = new AbortController();
  const change = createBell();
  let state: DrainState | undefined;

  const become = (next: DrainState): void => {
    state = next;
    begun.abort();
    change.ring();
  };

  return {
    signal: begun.signal,
    state: () => state,
    begin: ({ reason, deadline, now }) => {
      if (state === undefined) become({ since: now, deadline, reason, isForced: false });
      else if (deadline < state.deadline) become({ ...state, deadline, reason });
    },
    force: () => {
      if (state !== undefined && !state.isForced) become({ ...state, isForced: true });
    },
    onChange: change.listen,
  };
};
