import type { SleepSignal } from '../ports/clock.ts';
import { createBell } from './bell.ts';

/** How many tasks run at once, and how many more have been asked for. */
export interface Slots {
  /** Neither running nor promised to a message that has been asked for. */
  free(): number;
  /** Tasks under way, those included that have left their slot and are tidying up. */
  running(): number;
  /** Promises so many slots; whoever asked starts tasks in them or gives them back. */
  reserve(count: number): void;
  giveBack(count: number): void;
  /** Runs a task in a slot that was reserved for it, and frees the slot at its end, or before when it leaves it. */
  start(run: (leave: () => void) => Promise<void>): void;
  /** Aborted by the next slot that becomes free, and by `wake`. */
  changeSignal(): SleepSignal;
  wake(): void;
  /** Resolves once nothing runs. */
  idle(): Promise<void>;
}

export const createSlots = (count: number): Slots => {
  const underWay = new Set<Promise<void>>();
  let reserved = 0;
  let taken = 0;
  const change = createBell();

  return {
    free: () => count - taken - reserved,
    running: () => underWay.size,
    reserve: (wanted) => {
      reserved += wanted;
    },
    giveBack: (unused) => {
      reserved -= unused;
      change.ring();
    },
    start: (run) => {
      reserved -= 1;
      taken += 1;
      let isTaken = true;
      const leave = (): void => {
        if (isTaken) taken -= 1;
        isTaken = false;
        change.ring();
      };
      const running: Promise<void> = run(leave).finally(() => {
        underWay.delete(running);
        leave();
      });
      underWay.add(running);
    },
    changeSignal: change.signal,
    wake: change.ring,
    idle: async () => {
      while (underWay.size > 0) await Promise.all(underWay);
    },
  };
};
