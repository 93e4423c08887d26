import type { TaskId } from '../fleet/ids.ts';
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
  /** When it will be stopped, where that is known. */
  deadline(): EpochMs | undefined;
  /** Resolves once the checkpoint is accepted. @throws StaleAttempt when the attempt is no longer ours */
  checkpoint(text: string): Promise<void>;
}

/**
 * - `done`: the result, to be committed under the fence.
 * - `hand-back`: the task asks to be run elsewhere or later; nothing failed.
 * - `failed`: its own failure, with a reason that people can read.
 */
export type RunnerOutcome =
  | { readonly kind: 'done'; readonly result: string }
  | { readonly kind: 'hand-back'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

/** One way to run tasks: a TypeScript module, or any command. */
export interface TaskRunner {
  readonly name: string;
  run(context: RunnerContext): Promise<RunnerOutcome>;
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
