import type { Clock } from '../ports/clock.ts';

/** Runs what it is given as soon as it has a turn, in the order in which it came. */
export type Turns = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Tasks that began together end together. If they all committed at once, each would wait for the work of all the others,
 * round after round. A few at a time, the first slots have their next task while the last are still committing, and the
 * next round is spread out. Enough for hundreds of commits in a second.
 */
export const COMMITS_AT_ONCE_MAX = 4;

/** What takes longer than this, such as a call that hangs, holds nobody else up: a drain has no time for that. */
const TURN_MS_MAX = 100;

export const createTurns = (clock: Pick<Clock, 'sleep'>, atOnceMax: number): Turns => {
  const waiting: (() => void)[] = [];
  let free = atOnceMax;

  const passOn = (): void => {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  };

  const begin = async (): Promise<() => void> => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    let isPassedOn = false;
    return () => {
      if (!isPassedOn) passOn();
      isPassedOn = true;
    };
  };

  return async (work) => {
    const end = await begin();
    void clock.sleep(TURN_MS_MAX).then(end);
    try {
      return await work();
    } finally {
      end();
    }
  };
};
