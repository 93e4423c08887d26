import type { FailurePolicy, RunnerContext, RunnerOutcome } from './runner.ts';
import type { HostExit } from './task-host-exit.ts';

/** Of so many runs it is known whose late output is. */
const RUNS_REMEMBERED = 1_000;

/**
 * What the end of a host's process says of a run in it: `sure`, this run ended the process; `none`, another did;
 * `unknown`, one of several.
 */
type Blame = 'sure' | 'none' | 'unknown';

/** How a run in a host ended: by itself, or by the end of the process. */
export type HostedEnd =
  | { readonly kind: 'outcome'; readonly outcome: RunnerOutcome }
  | {
      readonly kind: 'host-ended';
      readonly blame: Blame;
      readonly reason: string;
      readonly policy: FailurePolicy;
    };

/** A run that is in a host now. */
export interface LiveRun {
  readonly number: number;
  readonly context: RunnerContext;
  /** Aborted once the agent has its end. */
  readonly over: AbortController;
  policy: FailurePolicy;
  settle(end: HostedEnd): void;
}

/** Who is in a host, and who should not be any more. */
export const createOccupants = () => {
  const live = new Map<number, LiveRun>();
  const abandoned = new Set<number>();
  const taskIds = new Map<number, string>();
  let served = 0;
  return {
    live,
    abandoned,
    served: () => served,
    taskIdOf: (number = 0) => live.get(number)?.context.taskId ?? taskIds.get(number),
    add: (context: RunnerContext, settle: LiveRun['settle']): LiveRun => {
      served += 1;
      const run: LiveRun = { number: served, context, policy: {}, over: new AbortController(), settle };
      live.set(served, run);
      taskIds.set(served, context.taskId);
      taskIds.delete(served - RUNS_REMEMBERED);
      return run;
    },
    settle: (run: LiveRun | undefined, end: HostedEnd): void => {
      if (run === undefined) return;
      live.delete(run.number);
      run.over.abort();
      run.settle(end);
    },
  };
};

type Occupants = ReturnType<typeof createOccupants>;

/** Memory may have been used up by tasks that ended long ago, so a signal alone proves nothing in a host that served others. */
export const blameOf = (run: LiveRun, exit: HostExit, { live, abandoned, served }: Occupants): Blame => {
  if (exit.endedBy !== undefined) return run.number === exit.endedBy ? 'sure' : 'none';
  const isOnly = live.size === 1 && abandoned.size === 0;
  return isOnly && (exit.signal === null || served() === 1) ? 'sure' : 'unknown';
};
