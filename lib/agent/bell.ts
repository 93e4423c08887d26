/** Rung whenever something has changed that others wait for. */
export interface Bell {
  /** Aborted by the next ring. */
  signal(): AbortSignal;
  ring(): void;
}

/** Without a reason of its own, every abort makes an error with a stack that nobody reads. */
const RUNG = 'rung';

export const createBell = (): Bell => {
  /** Only while somebody waits for it. */
  let next: AbortController | undefined;
  return {
    signal: () => {
      next ??= new AbortController();
      return next.signal;
    },
    ring: () => {
      const rung = next;
      next = undefined;
      rung?.abort(RUNG);
    },
  };
};
