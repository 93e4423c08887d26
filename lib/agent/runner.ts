import type { InstanceId, TaskId } from '../fleet/ids.ts';
import type { EpochMs } from '../fleet/time.ts';

/** What a running task is given, whatever it is written in. */
export interface RunnerContext {
  readonly taskId: TaskId;
  readonly attempt: number;
  /** The task's body, as it was submitted. */
  readonly input: string;
  /** The text of the last accepted checkpoint, of this attempt or an earlier one. */
  readonly resume: string | undefined;
  /** Aborted when the task should come to an end and may still write one checkpoint. */
  readonly signal: AbortSignal;
  /** Aborted when it must not run any longer. */
  readonly killSignal: AbortSignal;
  /** Aborted, before `signal` is, when the attempt is over: nothing more of it will be accepted. */
  readonly staleSignal?: AbortSignal;
  /** Aborted when this machine begins to drain: from then on `deadline` is known, and the task may still run. */
  readonly noticeSignal: AbortSignal;
  /** When it will be stopped, where that is known. */
  deadline(): EpochMs | undefined;
  /** Why this machine drains, once it does: such as `spot-interruption`. */
  noticeReason?(): string | undefined;
  /** Resolves once the checkpoint is accepted. @throws StaleAttempt when the attempt is no longer ours */
  checkpoint(text: string): Promise<void>;
  /**
   * Commits before the run is over; what the run then ends with counts for nothing. Doing it again with the same result
   * is doing it once. @throws StaleAttempt when the attempt is no longer ours
   */
  commit(result: string): Promise<void>;
  /** How far the task is: kept in memory for deciding about it, and stored with its next checkpoint. */
  progress(report: ProgressReport): void;
}

/** What a task says of itself. Both are hints: nothing is refused for being wrong. */
export interface ProgressReport {
  /** Share of the work done, 0 to 1. */
  readonly share?: number;
  /** The task's own estimate of the time it still needs. */
  readonly secondsLeft?: number;
  /** It can write a checkpoint whenever it is asked to stop, although it may not have written one yet. */
  readonly savesWhenStopped?: boolean;
}

const numberWithin = (value: unknown, most: number): number | undefined =>
  typeof value === 'number' && value >= 0 && value <= most ? value : undefined;

/** The figures of a report, without what cannot be true: a hint that is wrong must not become a wrong row. */
export const plausibleFigures = (told: {
  readonly share?: unknown;
  readonly secondsLeft?: unknown;
}): Pick<ProgressReport, 'share' | 'secondsLeft'> => {
  const share = numberWithin(told.share, 1);
  const secondsLeft = numberWithin(told.secondsLeft, Number.MAX_SAFE_INTEGER);
  return { ...(share === undefined ? {} : { share }), ...(secondsLeft === undefined ? {} : { secondsLeft }) };
};

/** What a task says of its own failures, instead of its fleet's figures. */
export interface FailurePolicy {
  /** Failures at which it is dead. */
  readonly failuresMax?: number;
  readonly retryDelaySeconds?: number;
}

/**
 * - `done`: the result, to be committed under the fence.
 * - `hand-back`: the task asks to be run elsewhere or later; nothing failed.
 * - `failed`: its own failure, with a reason that people can read. A final one would fail again however often it were
 *   repeated, such as an input that its schema refuses: the task is dead at once.
 */
export type RunnerOutcome =
  | { readonly kind: 'done'; readonly result: string }
  | { readonly kind: 'hand-back'; readonly reason: string }
  | ({ readonly kind: 'failed'; readonly reason: string; readonly isFinal?: true } & FailurePolicy);

/** One way to run tasks: a TypeScript module, or any command. */
export interface TaskRunner {
  readonly name: string;
  /** May be called again before an earlier run is over: as many at once as the agent has slots. */
  run(context: RunnerContext): Promise<RunnerOutcome>;
  /** Ends what outlives a single run, such as a process that hosts tasks. Called once, when the agent is through. */
  close?(): Promise<void>;
}

/** What a supervised program is told of its machine's end. */
export interface SupervisedNotice {
  /** When it will be killed. */
  readonly deadline: EpochMs;
  readonly reason: string;
}

/** A long-lived program that pulls its own work, such as another system's worker: one process group, run by the agent. */
export interface SupervisedRun {
  /** Resolves when the program has ended and nothing of its process group is left. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** SIGTERM to the program, not to what it runs: finish, and end. */
  terminate(): void;
  /** SIGKILL to the whole group. */
  kill(): void;
  /** The machine's notice has come, or has come nearer. */
  notice?(notice: SupervisedNotice): void;
}

/** The other way to use a machine: no task of ours runs on it, and a drain means ending the program in time. */
export interface SupervisedProgram {
  readonly name: string;
  /** @throws when the operating system does not let it start */
  start(machine: { readonly instanceId: InstanceId }): SupervisedRun | Promise<SupervisedRun>;
}

const REASON_CHARACTERS_MAX = 300;

/**
 * A reason on one line of printable characters: it is shown on terminals, where a control or direction character could
 * forge a line.
 */
export const printableReason = (text: string): string =>
  text
    .replace(/[\p{C}\p{Z}]+/gu, ' ')
    .trim()
    .slice(0, REASON_CHARACTERS_MAX)
    .toWellFormed() || 'no reason given';
