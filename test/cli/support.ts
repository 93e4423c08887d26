import { runProgram } from '../../lib/cli/program.ts';
import { epochMs } from '../../lib/fleet/time.ts';

const NO_SUCH_FILE = Object.assign(new Error('no such file'), { code: 'ENOENT' });

export interface Transcript {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line against files that exist only here; `-` is the file of that name. The clock stands still. */
export const run = async (
  words: readonly string[],
  files: Readonly<Record<string, string>> = {},
  now: number = Date.UTC(2026, 0, 1),
): Promise<Transcript> => {
  const output = { stdout: '', stderr: '' };
  const read = (path: string): Promise<string> => {
    const contents = files[path];
    return contents === undefined ? Promise.reject(NO_SUCH_FILE) : Promise.resolve(contents);
  };
  const code = await runProgram(words, {
    stdout: (text) => {
      output.stdout += text;
    },
    stderr: (text) => {
      output.stderr += text;
    },
    stdin: () => read('-'),
    readFile: read,
    colour: false,
    clock: { now: () => epochMs(now), sleep: () => Promise.resolve() },
    interruption: () => new AbortController().signal,
    environment: {},
  });
  return { code, ...output };
};
