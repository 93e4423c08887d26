import type { RunnerContext, RunnerOutcome, TaskRunner } from '../../../lib/agent/runner.ts';
import { taskId } from '../../../lib/fleet/ids.ts';
import { epochMs } from '../../../lib/fleet/time.ts';

export interface WorkerRun {
  readonly outcome: Promise<RunnerOutcome>;
  /** What was stored, oldest first. */
  readonly checkpoints: readonly string[];
  /** What was made final before the end. */
  readonly commits: readonly string[];
  /** The shares of work done that it told. */
  readonly shares: readonly number[];
  /** The machine's notice: it may go on. */
  notice(): void;
  /** It should stop now, and may write one more checkpoint. */
  stop(): void;
  /** Resolves when this many checkpoints are stored. */
  stored(count: number): Promise<void>;
}

export interface WorkerInput {
  readonly input: unknown;
  readonly resume?: string | undefined;
  readonly attempt?: number;
  readonly task?: string;
  /** Called before a checkpoint is accepted, such as to refuse it. */
  readonly onCheckpoint?: (text: string) => void | Promise<void>;
}

/** Runs one attempt of a task as the agent does, in a machine whose ledger is a list. */
export const runWorker = (runner: TaskRunner, given: WorkerInput): WorkerRun => {
  const [noticed, stopped, killed] = [new AbortController(), new AbortController(), new AbortController()];
  const [checkpoints, commits, shares]: [string[], string[], number[]] = [[], [], []];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const store = async (text: string): Promise<void> => {
    await given.onCheckpoint?.(text);
    checkpoints.push(text);
    for (const { count, resolve } of waiting) if (checkpoints.length >= count) resolve();
  };
  const context: RunnerContext = {
    taskId: taskId(given.task ?? 'example-1'),
    attempt: given.attempt ?? 1,
    input: JSON.stringify(given.input),
    resume: given.resume,
    signal: stopped.signal,
    killSignal: killed.signal,
    noticeSignal: noticed.signal,
    noticeReason: () => 'spot-interruption',
    deadline: () => (noticed.signal.aborted ? epochMs(Date.UTC(2026, 0, 1)) : undefined),
    checkpoint: store,
    commit: async (result) => void commits.push(result),
    progress: ({ share }) => void (share !== undefined && shares.push(share)),
  };
  return {
    outcome: runner.run(context),
    checkpoints,
    commits,
    shares,
    notice: () => noticed.abort(),
    stop: () => stopped.abort(),
    stored: (count) =>
      checkpoints.length >= count ? Promise.resolve() : new Promise((resolve) => void waiting.push({ count, resolve })),
  };
};
