import type { Fault } from '../config/fields.ts';
import type { Clock } from '../ports/clock.ts';
import type { PriceService, StackChoice, TaskService } from '../wiring-cli.ts';
import type { Tasks } from '../worker/define-task.ts';

/** A file, or standard input, to be read piece by piece. */
export interface ByteSource {
  /** A pipe can be read once, a file again. */
  readonly isRepeatable: boolean;
  /** Ends, without an error, as soon as the signal aborts. */
  readonly read: (signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

/** Everything a command may touch: the terminal, files, time. Tests hand in their own. */
export interface CliWorld {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** All of standard input, once. */
  readonly stdin: () => Promise<string>;
  /** The text of a file; rejects as `node:fs` does when it cannot be read. */
  readonly readFile: (path: string) => Promise<string>;
  /** For files of any size; `-` is standard input. Rejects as `node:fs` does when it cannot be opened. */
  readonly open: (path: string) => Promise<ByteSource>;
  readonly colour: boolean;
  /** Somebody watches standard error as it is written. */
  readonly isWatched: boolean;
  /** One line that a person types in answer; `undefined` where nobody is there to type. */
  readonly ask: (question: string) => Promise<string | undefined>;
  /** The deployed service; what it throws is for `explainAwsError`. */
  readonly connect: (choice: StackChoice) => Promise<TaskService>;
  /** The same service, as far as prices are concerned. */
  readonly connectPrices: (choice: StackChoice) => Promise<PriceService>;
  /** The tasks of a task file, loaded as a machine would. @throws with the words for people */
  readonly loadTasks: (path: string, fleetFile: string) => Promise<Tasks>;
  readonly clock: Clock;
  /** Milliseconds of a clock that nobody sets or speeds up: for telling how long a command took. */
  readonly steadyMs: () => number;
  /** For commands that run until somebody wants no more: aborted by Ctrl-C, and when nobody reads the output any more. */
  readonly interruption: () => AbortSignal;
  /** Why a deployment could not ship the task file that a fleet file names; nothing when it can. */
  readonly taskFault: (path: string, fleetFile: string) => Promise<Fault | undefined>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}
