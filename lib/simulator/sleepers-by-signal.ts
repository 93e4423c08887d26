import type { SleepSignal } from '../ports/clock.ts';

interface Sleeping {
  wake(): void;
}

/**
 * Who sleeps until a signal aborts. Each signal is listened to once, for all of them and for as long as it lives: a listener
 * for every sleep costs more than the sleep.
 */
export interface SleepersBySignal<Sleeper extends Sleeping> {
  add(signal: SleepSignal, sleeper: Sleeper): void;
  /** Removes a sleeper of that signal. */
  leaveOf(signal: SleepSignal): (sleeper: Sleeper) => void;
}

class Group<Sleeper extends Sleeping> {
  readonly sleepers = new Set<Sleeper>();

  constructor(signal: SleepSignal) {
    signal.addEventListener('abort', this.wakeAll, { once: true });
  }

  readonly wakeAll = (): void => {
    for (const sleeper of [...this.sleepers]) sleeper.wake();
  };

  readonly leave = (sleeper: Sleeper): void => void this.sleepers.delete(sleeper);
}

/** On the signal itself: maps with weak keys are most of what a collection of young objects has to do. */
const SLEEPERS = Symbol('sleepers');

export const createSleepersBySignal = <Sleeper extends Sleeping>(): SleepersBySignal<Sleeper> => {
  const groupOf = (signal: SleepSignal & { [SLEEPERS]?: Group<Sleeper> }): Group<Sleeper> => {
    signal[SLEEPERS] ??= new Group<Sleeper>(signal);
    return signal[SLEEPERS];
  };
  return {
    add: (signal, sleeper) => void groupOf(signal).sleepers.add(sleeper),
    leaveOf: (signal) => groupOf(signal).leave,
  };
};
