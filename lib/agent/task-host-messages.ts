import type { FailurePolicy, ProgressReport, RunnerOutcome } from './runner.ts';

/** The argument before the task file that makes the agent's program serve tasks instead: `agent --host FILE`. */
export const HOST_ARGUMENT = '--host';

/** What the agent tells the process that hosts its tasks. `run` is a number that the agent gives each run. */
export type ToHost =
  | {
      readonly kind: 'run';
      readonly run: number;
      readonly taskId: string;
      readonly attempt: number;
      readonly input: string;
      readonly resume?: string;
    }
  /** The machine drains, or its deadline has come nearer. As a duration, because only the agent knows the service's time. */
  | { readonly kind: 'notice'; readonly run: number; readonly msLeft?: number }
  | { readonly kind: 'stop'; readonly run: number }
  | { readonly kind: 'written'; readonly write: number; readonly outcome: 'done' | 'stale' }
  | { readonly kind: 'not-written'; readonly write: number; readonly reason: string }
  | { readonly kind: 'ping' };

/** What the host tells the agent. */
export type FromHost =
  | { readonly kind: 'ready'; readonly tasks: readonly HostedTask[] }
  | { readonly kind: 'unusable'; readonly reason: string }
  /** Which task a body chose. */
  | { readonly kind: 'chosen'; readonly run: number; readonly policy: FailurePolicy }
  | {
      readonly kind: 'write';
      readonly run: number;
      readonly write: number;
      readonly what: WriteKind;
      readonly text: string;
    }
  | { readonly kind: 'progress'; readonly run: number; readonly report: ProgressReport }
  | { readonly kind: 'ended'; readonly run: number; readonly outcome: RunnerOutcome }
  /** An error came from code that nobody waits for: what else that code left behind is unknown. */
  | { readonly kind: 'strayed'; readonly run?: number; readonly reason: string }
  | { readonly kind: 'pong' };

export type WriteKind = 'checkpoint' | 'commit';

/** A task as the agent's log shows it. */
export interface HostedTask {
  readonly name: string;
  readonly description?: string;
  readonly tags?: readonly string[];
}

/**
 * Stands in a host's output before what a run prints, so that the agent can tell the runs apart: the number of the run
 * between two NUL characters, nothing between them for output of no run. With `!` after the number, that run has ended
 * the process.
 */
export const outputMark = (run: number | undefined, isExit = false): string => `\0${run ?? ''}${isExit ? '!' : ''}\0`;

export const OUTPUT_MARKS = /\0(\d*)(!?)\0/g;
