/** What a process has to tell the time by. */
export interface MachineTime {
  /** The machine's own date, in milliseconds since the epoch. It may be wrong, and anybody may set it. */
  wallMs(): number;
  /** Milliseconds since some moment; nobody sets it. It stands still while the machine is suspended (CLOCK_MONOTONIC). */
  steadyMs(): number;
  /** Calls once after so many steady milliseconds, unless the function that it answers was called before. */
  after(durationMs: number, call: () => void): () => void;
}

/** Node fires a longer timer at once. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

export const machineTime: MachineTime = {
  wallMs: () => Date.now(),
  steadyMs: () => performance.now(),
  after: (durationMs, call) => {
    const timer = setTimeout(call, Math.min(Math.max(0, durationMs), TIMER_MS_MAX));
    return () => clearTimeout(timer);
  },
};
