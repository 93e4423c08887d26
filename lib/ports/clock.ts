import type { EpochMs } from '../fleet/time.ts';

/** What may end a sleep before its time: an `AbortSignal`, or as much of one as a sleep needs. */
export interface SleepSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Where time comes from. Only the files in `lib/clock/` read the machine's clock; everything else is handed one of these. */
export interface Clock {
  now(): EpochMs;
  /** Resolves after `durationMs`, or as soon as `signal` aborts (it never rejects). */
  sleep(durationMs: number, signal?: SleepSignal): Promise<void>;
  /**
   * Milliseconds of a clock that never goes backwards and counts on while the machine is suspended, for noticing a pause
   * that a correction of `now()` would hide.
   */
  monotonicMs?(): number;
}
