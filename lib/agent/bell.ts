import type { SleepSignal } from '../ports/clock.ts';

/** Rung whenever something has changed that others wait for. */
export interface Bell {
  ring(): void;
  /** Aborted by the next ring. */
  signal(): SleepSignal;
  /** Calls at every ring, until what this answers is called. */
  listen(listener: () => void): () => void;
}

/** One ring to come. An AbortController would do, and costs more than all that is woken by it. */
class NextRing implements SleepSignal {
  aborted = false;
  readonly #listeners = new Set<() => void>();

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  come(): void {
    this.aborted = true;
    for (const listener of [...this.#listeners]) listener();
    this.#listeners.clear();
  }
}

export const createBell = (): Bell => {
  const listeners = new Set<() => void>();
  /** Only while somebody waits for it. */
  let next: NextRing | undefined;
  return {
    ring: () => {
      const rung = next;
      next = undefined;
      rung?.come();
      for (const listener of [...listeners]) listener();
    },
    signal: () => {
      next ??= new NextRing();
      return next;
    },
    listen: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};
