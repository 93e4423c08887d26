import type { Clock } from '../ports/clock.ts';

/** Everything a command may touch: the terminal, files, time. Tests hand in their own. */
export interface CliWorld {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** All of standard input, once. */
  readonly stdin: () => Promise<string>;
  /** The text of a file; rejects as `node:fs` does when it cannot be read. */
  readonly readFile: (path: string) => Promise<string>;
  readonly colour: boolean;
  readonly clock: Clock;
  /** For commands that run until somebody wants no more: aborted by Ctrl-C, and when nobody reads the output any more. */
  readonly interruption: () => AbortSignal;
  readonly environment: Readonly<Record<string, string | undefined>>;
}
