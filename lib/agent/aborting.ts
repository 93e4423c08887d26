import type { SleepSignal } from '../ports/clock.ts';

/** Calls at once when it was aborted already; not any more after `until`. */
export const onAbort = (signal: AbortSignal, until: AbortSignal, listener: () => void): void => {
  if (signal.aborted) listener();
  else signal.addEventListener('abort', listener, { once: true, signal: until });
};

export const untilAborted = (signal: SleepSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
