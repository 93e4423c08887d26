import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** The processes of a run: one that ends by itself breaks the run, and none outlives it. */
export interface Children {
  /** From here on it is watched; answers it. */
  watch(name: string, child: ChildProcess): ChildProcess;
  /** Ends one that is needed no longer. Resolves when it has ended. */
  end(child: ChildProcess): Promise<void>;
  /** Rejects when a process has ended that nobody has told to, or when the run is broken off. */
  readonly broken: Promise<never>;
  breakOff(error: Error): void;
  /** Resolves when the last one has ended. */
  endAll(): Promise<void>;
}

const howItEnded = (code: number | null, signal: NodeJS.Signals | null): string =>
  signal === null ? `with exit code ${code}` : `by ${signal}`;

export const createChildren = (): Children => {
  const { promise: broken, reject: breakOff } = Promise.withResolvers<never>();
  // Whoever measures hears of it; at a time when nobody does, it must not end this process.
  broken.catch(() => undefined);
  const living = new Set<ChildProcess>();

  const watch = (name: string, child: ChildProcess): ChildProcess => {
    living.add(child);
    child.once('error', (error) => breakOff(new Error(`${name} could not be started: ${error.message}`)));
    child.once('exit', (code, signal) => {
      // A drained agent ends by itself, and well.
      if (living.delete(child) && code !== 0) breakOff(new Error(`${name} ended ${howItEnded(code, signal)}.`));
    });
    return child;
  };

  const end = async (child: ChildProcess): Promise<void> => {
    living.delete(child);
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };

  return {
    watch,
    end,
    broken,
    breakOff,
    endAll: async () => {
      await Promise.all([...living].map(end));
    },
  };
};
