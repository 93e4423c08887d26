interface Sleeping {
  wake(): void;
}

/**
 * Who sleeps until a signal aborts. Each signal is listened to once for all of them: a listener for every sleep costs more
 * than the sleep.
 */
export interface SleepersBySignal<Sleeper extends Sleeping> {
  add(signal: AbortSignal, sleeper: Sleeper): void;
  /** Removes a sleeper of that signal; the last one takes the listener with it, so that nothing keeps the signal alive. */
  leaveOf(signal: AbortSignal): (sleeper: Sleeper) => void;
}

class Group<Sleeper extends Sleeping> {
  readonly sleepers = new Set<Sleeper>();
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  readonly wakeAll = (): void => {
    for (const sleeper of [...this.sleepers]) sleeper.wake();
  };

  add(sleeper: Sleeper): void {
    if (this.sleepers.size === 0) this.#signal.addEventListener('abort', this.wakeAll, { once: true });
    this.sleepers.add(sleeper);
  }

  readonly leave = (sleeper: Sleeper): void => {
    this.sleepers.delete(sleeper);
    if (this.sleepers.size === 0) this.#signal.removeEventListener('abort', this.wakeAll);
  };
}

export const createSleepersBySignal = <Sleeper extends Sleeping>(): SleepersBySignal<Sleeper> => {
  // On the signal itself: maps with weak keys are most of what a collection of young objects has to do.
  const key = Symbol('sleepers');
  const groupOf = (signal: AbortSignal & { [key]?: Group<Sleeper> }): Group<Sleeper> => {
    signal[key] ??= new Group<Sleeper>(signal);
    return signal[key];
  };
  return {
    add: (signal, sleeper) => groupOf(signal).add(sleeper),
    leaveOf: (signal) => groupOf(signal).leave,
  };
};
