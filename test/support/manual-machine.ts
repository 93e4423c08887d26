import type { MachineTime } from '../../lib/clock/machine-time.ts';
import type { ManualClock } from './manual-clock.ts';

/**
 * A machine beside a true clock that a test moves: its own date may be wrong and be set, and while it is suspended its
 * steady clock and its timers stand still.
 */
export const manualMachine = (truth: ManualClock, wrongByMs = 0) => {
  const startMs = truth.now();
  let dateWrongByMs = wrongByMs;
  let suspendedMs = 0;
  let suspendedAt: number | undefined;
  let halted: Promise<void> | undefined;
  const steadyMs = (): number => (suspendedAt ?? truth.now()) - startMs - suspendedMs;

  const wait = async (durationMs: number, signal: AbortSignal): Promise<void> => {
    const dueMs = steadyMs() + durationMs;
    do {
      await truth.sleep(Math.max(1, dueMs - steadyMs()), signal);
      await halted;
    } while (steadyMs() < dueMs && !signal.aborted);
  };

  const time: MachineTime = {
    wallMs: () => truth.now() + dateWrongByMs,
    steadyMs,
    after: (durationMs, call) => {
      const cancelled = new AbortController();
      void wait(durationMs, cancelled.signal).then(() => {
        if (!cancelled.signal.aborted) call();
      });
      return () => cancelled.abort();
    },
  };
  /** Nothing happens on the machine until the function that is answered is called. */
  const halt = (): (() => void) => {
    let goOn = (): void => undefined;
    halted = new Promise((resolve) => {
      goOn = resolve;
    });
    return () => {
      halted = undefined;
      goOn();
    };
  };

  return {
    time,
    /** Resolves at once unless nothing happens on this machine just now. */
    running: async (): Promise<void> => halted,
    /** Its process stands still, as after SIGSTOP, until the function that is answered is called: all clocks go on. */
    halt,
    /** Somebody sets the machine's date. */
    setDate: (byMs: number): void => {
      dateWrongByMs += byMs;
    },
    /** Lets true time pass while the machine is suspended. */
    suspendFor: async (durationMs: number): Promise<void> => {
      suspendedAt = truth.now();
      const resume = halt();
      await truth.advance(durationMs);
      suspendedMs += durationMs;
      suspendedAt = undefined;
      resume();
    },
  };
};

/** A moment as an HTTP server writes it: its second, cut off. */
export const httpDate = (instantMs: number): string => new Date(instantMs).toUTCString();
