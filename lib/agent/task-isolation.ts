/**
 * `together`: with whatever else runs. `alone`: with nothing else, because when several tasks were in a process that
 * ended, only a process of its own can show which of them ends processes.
 */
export type RunMode = 'together' | 'alone';

/** A place to run in. */
export interface Turn {
  readonly mode: RunMode;
  /** Makes room for others. Only the first time counts. */
  leave(): void;
}

interface Waiter {
  mode: RunMode;
  grant(): void;
}

/**
 * Who may run beside whom. Whoever runs alone waits for the others to end, and the others wait for it; those that were
 * here first go first.
 */
export interface TaskIsolation {
  /** Resolves when it is this run's turn; `undefined` when `signal` aborts before. The mode granted is the mode asked for, or milder. */
  enter(mode: RunMode, signal: AbortSignal): Promise<Turn | undefined>;
  /** The culprit is found: whoever still waits to run alone may run with the others. */
  acquit(): void;
}

export const createIsolation = (): TaskIsolation => {
  let waiters: Waiter[] = [];
  let together = 0;
  let isOneAlone = false;

  const grant = (waiter: Waiter): void => {
    waiters = waiters.filter((other) => other !== waiter);
    if (waiter.mode === 'alone') isOneAlone = true;
    else together += 1;
    waiter.grant();
  };

  const grantWhoMay = (): void => {
    if (isOneAlone) return;
    const first = waiters.find(({ mode }) => mode === 'alone');
    if (first === undefined) for (const waiter of [...waiters]) grant(waiter);
    else if (together === 0) grant(first);
  };

  const turnOf = ({ mode }: Waiter): Turn => {
    let hasLeft = false;
    return {
      mode,
      leave: () => {
        if (hasLeft) return;
        hasLeft = true;
        if (mode === 'alone') isOneAlone = false;
        else together -= 1;
        grantWhoMay();
      },
    };
  };

  return {
    enter: (mode, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve(undefined);
        const giveUp = (): void => {
          waiters = waiters.filter((other) => other !== waiter);
          resolve(undefined);
          grantWhoMay();
        };
        const waiter: Waiter = {
          mode,
          grant: () => {
            signal.removeEventListener('abort', giveUp);
            resolve(turnOf(waiter));
          },
        };
        signal.addEventListener('abort', giveUp, { once: true });
        waiters.push(waiter);
        grantWhoMay();
      }),
    acquit: () => {
      for (const waiter of waiters) waiter.mode = 'together';
      grantWhoMay();
    },
  };
};
