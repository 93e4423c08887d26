import { fileURLToPath } from 'node:url';
import { EXIT, readCommandLine } from './command-line.ts';
import { Interrupted } from './demo-run.ts';
import { findWork } from './find-work.ts';
import type { StartOptions } from './options.ts';
import type { BundleTask } from './own-task.ts';
import { renderSummary } from './render-summary.ts';
import { runDemo } from './run-demo.ts';
import { openScreen, settingsOf } from './screen.ts';

const PROJECT_FOLDER = fileURLToPath(new URL('../../..', import.meta.url));

interface Ending {
  /** Aborted once somebody wants no more. */
  readonly signal: AbortSignal;
  /** The exit code that this asks for. */
  code(): number;
  forget(): void;
}

/**
 * The first Ctrl-C cleans up, the second ends at once: the machines' guards then kill what they guard. Whoever closes
 * the pipe (`| head`) has seen enough, which is the same wish.
 */
const listenForTheEnd = (): Ending => {
  const aborting = new AbortController();
  let code: number = EXIT.interrupted;
  const onSignal = (): void => {
    if (aborting.signal.aborted) process.exit(EXIT.interrupted);
    aborting.abort();
  };
  const onUnread = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
    code = EXIT.unread;
    aborting.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const name of signals) process.on(name, onSignal);
  for (const stream of [process.stdout, process.stderr]) stream.on('error', onUnread);
  return {
    signal: aborting.signal,
    code: () => code,
    forget: () => {
      for (const name of signals) process.off(name, onSignal);
    },
  };
};

/** What `npm start` needs from elsewhere in the project. */
export interface StartParts {
  readonly bundleTask: BundleTask;
}

/** Nobody reads on beyond these, and mending them mostly mends the others. */
const PROBLEMS_MAX = 20;

const refuse = (problems: readonly string[]): number => {
  for (const problem of problems.slice(0, PROBLEMS_MAX)) process.stderr.write(`usage: ${problem}\n`);
  if (problems.length > PROBLEMS_MAX) process.stderr.write(`usage: and ${problems.length - PROBLEMS_MAX} more\n`);
  process.stderr.write('Add --help to see what is accepted.\n');
  return EXIT.usage;
};

const run = async (options: StartOptions, { bundleTask }: StartParts, ending: Ending): Promise<number> => {
  // With --json people's lines go to stderr, so that the object is all there is on stdout.
  const out = options.json ? process.stderr : process.stdout;
  const write = (text: string): void => void out.write(text);
  try {
    const screen = openScreen(write, settingsOf(out));
    const world = { projectFolder: PROJECT_FOLDER, environment: process.env, screen, signal: ending.signal };
    const found = await findWork(options, { projectFolder: PROJECT_FOLDER, bundleTask, signal: ending.signal });
    if (!found.ok) return refuse(found.problems);
    const summary = await runDemo(options, world, found.work);
    for (const line of renderSummary(summary)) write(`${line}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    return summary.held ? EXIT.held : EXIT.didNotHold;
  } catch (error) {
    if (error instanceof Interrupted || ending.signal.aborted) {
      write('\nInterrupted; everything was cleaned up.\n');
      return ending.code();
    }
    write(`\nThe run could not be finished: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.didNotHold;
  }
};

/** `npm start`: answers with the exit code. */
export const startMain = async (words: readonly string[], parts: StartParts): Promise<number> => {
  const commandLine = readCommandLine(words);
  if ('problems' in commandLine) {
    return commandLine.problems.length === 0 ? EXIT.held : refuse(commandLine.problems);
  }
  const ending = listenForTheEnd();
  try {
    return await run(commandLine.options, parts, ending);
  } finally {
    ending.forget();
  }
};
