import { secondsToMs } from '../fleet/time.ts';
import type { Clock } from '../ports/clock.ts';
import { toJsonText } from '../worker/kept-json.ts';

type Save = () => unknown;

/** Stores the state of a running task without the task doing anything, once it has said how the state is found. */
export interface TaskSaver {
  /** A second function takes the place of the first. @throws TypeError for an interval that is none */
  register(save: Save, everySeconds: number): void;
  /** Rejects with what the task's function threw, or with why its answer cannot be kept. Never resolves. */
  readonly failed: Promise<never>;
  /** Stops; stores the state a last time when the task is handed back. */
  close(how: { readonly isHandedBack: boolean }): Promise<void>;
}

export interface SaverOptions {
  readonly clock: Clock;
  /** The task is asked to stop. */
  readonly signal: AbortSignal;
  /** Writes one checkpoint. What it rejects with is not the task's doing. */
  write(text: string): Promise<void>;
}

/** An abort without a reason makes an error with a stack; nobody reads this one. */
const CLOSED = 'closed';

export const createSaver = ({ clock, signal, write }: SaverOptions): TaskSaver => {
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => undefined);
  const closed = new AbortController();
  let current: AbortController | undefined;
  let save: Save | undefined;
  let storedText: string | undefined;
  let storing: Promise<void> = Promise.resolve();

  const textNow = async (): Promise<string | undefined> => {
    try {
      return toJsonText(await save?.(), 'checkpoint');
    } catch (error) {
      failure.reject(error);
      return undefined;
    }
  };

  /** A state that is stored already is not written again. A write that fails is tried again with the next state. */
  const store = async (): Promise<void> => {
    const text = await textNow();
    if (text === undefined || text === storedText) return;
    try {
      await write(text);
      storedText = text;
    } catch {
      storedText = undefined;
    }
  };

  const storeNow = (): Promise<void> => {
    storing = storing.then(store);
    return storing;
  };

  const storeEvery = async (everySeconds: number, ended: AbortSignal): Promise<void> => {
    const anyEnd = AbortSignal.any([ended, signal]);
    for (;;) {
      await clock.sleep(secondsToMs(everySeconds), anyEnd);
      if (ended.aborted) return;
      await storeNow();
      if (signal.aborted) return;
    }
  };

  return {
    failed: failure.promise,
    register: (next, everySeconds) => {
      if (!(everySeconds > 0) || !Number.isFinite(everySeconds)) {
        throw new TypeError(`checkpoint(save, everySeconds): ${everySeconds} is not a number of seconds above 0.`);
      }
      current?.abort();
      current = new AbortController();
      save = next;
      void storeEvery(everySeconds, AbortSignal.any([current.signal, closed.signal]));
    },
    close: async ({ isHandedBack }) => {
      closed.abort(CLOSED);
      if (save !== undefined && isHandedBack) await storeNow();
      await storing;
    },
  };
};
