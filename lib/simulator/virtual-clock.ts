import { addMs, type EpochMs } from '../fleet/time.ts';
import type { Clock, SleepSignal } from '../ports/clock.ts';
import { createQueueByTime } from './queue-by-time.ts';
import { createSleepersBySignal } from './sleepers-by-signal.ts';

/** Time that passes as fast as there is nothing to do in it. */
export interface VirtualClock extends Clock {
  /** Moves time on to the instant, waking every sleeper at its own moment and in the order in which they lay down. */
  runUntil(instant: EpochMs): Promise<void>;
  /** Calls once, after so long or as soon as the signal aborts; for those who would sleep and then look at something. */
  after(durationMs: number, call: () => void, signal?: SleepSignal): Sleeper;
}

export interface Sleeper {
  /** Wakes it now; what it had to call is called once. */
  wake(): void;
  /** It never wakes. */
  forget(): void;
}

class TimedSleeper implements Sleeper {
  readonly at: EpochMs;
  readonly serial: number;
  #call: (() => void) | undefined;
  #leave: ((sleeper: TimedSleeper) => void) | undefined;

  constructor(at: EpochMs, serial: number, call: () => void, leave?: (sleeper: TimedSleeper) => void) {
    this.at = at;
    this.serial = serial;
    this.#call = call;
    this.#leave = leave;
  }

  isAwake(): boolean {
    return this.#call === undefined;
  }

  wake(): void {
    const call = this.#call;
    this.forget();
    call?.();
  }

  forget(): void {
    if (this.#call === undefined) return;
    this.#call = undefined;
    this.#leave?.(this);
    this.#leave = undefined;
  }
}

/** In a world without real input and output every chain of promises has come to rest by the next turn of the loop. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const SETTLED = Promise.resolve();

export const virtualClock = (start: EpochMs): VirtualClock => {
  let now = start;
  let serial = 0;
  const sleepers = createQueueByTime<TimedSleeper>();
  const bySignal = createSleepersBySignal<TimedSleeper>();

  const after: VirtualClock['after'] = (durationMs, call, signal) => {
    serial += 1;
    const sleeper = new TimedSleeper(addMs(now, durationMs), serial, call, signal && bySignal.leaveOf(signal));
    if (signal?.aborted || durationMs <= 0) {
      sleeper.wake();
      return sleeper;
    }
    if (signal !== undefined) bySignal.add(signal, sleeper);
    sleepers.add(sleeper);
    return sleeper;
  };

  /** Wakes whoever is next; `false` when nobody is until then. */
  const wakeNext = (instant: EpochMs): boolean => {
    for (let next = sleepers.first(); next !== undefined && next.at <= instant; next = sleepers.first()) {
      sleepers.removeFirst();
      if (next.isAwake()) continue;
      now = next.at;
      next.wake();
      return true;
    }
    return false;
  };

  return {
    now: () => now,
    after,
    sleep: (durationMs, signal) => new Promise((resolve) => void after(durationMs, resolve, signal)),
    runUntil: async (instant) => {
      await settle();
      await new Promise<void>((resolve) => {
        // A tick asked for by a promise comes after every promise that is settled and all that follows from them.
        const step = (): void => {
          if (wakeNext(instant)) process.nextTick(stepByPromise);
          else resolve();
        };
        const stepByPromise = (): void => void SETTLED.then(step);
        stepByPromise();
      });
      now = instant;
    },
  };
};
