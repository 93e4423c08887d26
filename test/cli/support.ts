import { runProgram } from '../../lib/cli/program.ts';
import type { ByteSource, CliWorld } from '../../lib/cli/world.ts';
import type { Fault } from '../../lib/config/fields.ts';
import { epochMs } from '../../lib/fleet/time.ts';

const NO_SUCH_FILE = Object.assign(new Error('no such file'), { code: 'ENOENT' });

export interface Transcript {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A text's bytes, a few at a time. `-` can be read once, as a pipe can. */
const bytesOf = (path: string, contents: string): ByteSource => ({
  isRepeatable: path !== '-',
  read: async function* () {
    const bytes = Buffer.from(contents, 'utf8');
    for (let from = 0; from < bytes.length; from += 7) yield bytes.subarray(from, from + 7);
  },
});

/** Runs a command line against files that exist only here; `-` is the file of that name. The clock stands still. */
export const run = async (
  words: readonly string[],
  files: Readonly<Record<string, string>> = {},
  now: number = Date.UTC(2026, 0, 1),
  taskFaults: Readonly<Record<string, Fault>> = {},
  changes: Partial<CliWorld> = {},
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
    open: async (path) => bytesOf(path, await read(path)),
    colour: false,
    isWatched: false,
    ask: async () => undefined,
    connect: () => Promise.reject(new Error('Nothing is deployed here.')),
    connectPrices: () => Promise.reject(new Error('Nothing is deployed here.')),
    loadTasks: () => Promise.reject(new Error('No task can be loaded here.')),
    steadyMs: () => 0,
    clock: { now: () => epochMs(now), sleep: () => Promise.resolve() },
    taskFault: (path) => Promise.resolve(taskFaults[path]),
    interruption: () => new AbortController().signal,
    environment: {},
    ...changes,
  });
  return { code, ...output };
};
