import { fileURLToPath } from 'node:url';
import { Command, CommanderError, Option } from 'commander';
import { BOUNDS, DEFAULTS, type NumberOption, readNumber, type StartOptions } from './options.ts';
import { renderSummary } from './render-summary.ts';
import { Interrupted, runDemo } from './run-demo.ts';
import { openScreen } from './screen.ts';

const PROJECT_FOLDER = fileURLToPath(new URL('../../..', import.meta.url));

const EXIT = { held: 0, didNotHold: 1, usage: 2, interrupted: 130 } as const;

const numberOption = (option: NumberOption, description: string): Option =>
  new Option(`--${option} <N>`, description).default(DEFAULTS[option]).argParser((text) => {
    const read = readNumber(option, text);
    if ('problem' in read) throw new CommanderError(EXIT.usage, 'spothop.number', read.problem);
    return read.value;
  });

const AFTER_HELP = `
Examples:
  npm start
  npm start -- --seed 7 --instances 10 --tasks 600
  npm start -- --exec "python3 examples/python-worker/worker.py" --json

Exit codes:
  0    everything held: no task lost, none committed twice, the result verified, no process left
  1    something did not hold; the summary says what
  2    the command line cannot be understood
  130  interrupted; everything was cleaned up`;

const program = (): Command =>
  new Command('npm start --')
    .description('Run the whole service on this machine: a fleet of real processes works off a batch on a spot market.')
    .option('--json', 'the summary as one JSON object, the last line on stdout', false)
    .addOption(numberOption('tasks', `tasks in the batch, ${BOUNDS.tasks.min} to ${BOUNDS.tasks.max}`))
    .addOption(numberOption('instances', 'machines at most'))
    .addOption(numberOption('seconds', 'wall-clock seconds that the batch may take at most'))
    .addOption(numberOption('seed', 'of the batch and of the market'))
    .option('--no-script', 'nothing on top of what the seed brings')
    .option('--exec <CMD>', 'your own worker: input on stdin, result on stdout, exit 0 done, 75 hand back, else failed')
    .option('--record <DIR>', 'write the record of every request, process and market event there')
    .addHelpText('after', AFTER_HELP)
    .exitOverride();

/** The first Ctrl-C cleans up, the second ends at once: the machines' guards then kill what they guard. */
const onInterrupt = (abort: () => void): (() => void) => {
  let count = 0;
  const listener = (): void => {
    count += 1;
    if (count > 1) process.exit(EXIT.interrupted);
    abort();
  };
  process.on('SIGINT', listener);
  process.on('SIGTERM', listener);
  return () => {
    process.off('SIGINT', listener);
    process.off('SIGTERM', listener);
  };
};

const parse = (words: readonly string[]): StartOptions | number => {
  try {
    return program().parse(words, { from: 'user' }).opts<StartOptions>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return EXIT.held;
    if (error.code === 'spothop.number') process.stderr.write(`usage: ${error.message}\n`);
    return EXIT.usage;
  }
};

/** With `--json` people's lines go to stderr, so that the last line on stdout is the object and nothing else. */
export const startMain = async (words: readonly string[]): Promise<number> => {
  const options = parse(words);
  if (typeof options === 'number') return options;
  const out = options.json ? process.stderr : process.stdout;
  const aborting = new AbortController();
  const stopListening = onInterrupt(() => aborting.abort());
  const write = (text: string): void => void out.write(text);
  const screen = openScreen(write, out.isTTY === true);
  try {
    const summary = await runDemo(options, {
      projectFolder: PROJECT_FOLDER,
      environment: process.env,
      screen,
      signal: aborting.signal,
    });
    for (const line of renderSummary(summary)) write(`${line}\n`);
    if (options.json) process.stdout.write(`${JSON.stringify(summary)}\n`);
    return summary.held ? EXIT.held : EXIT.didNotHold;
  } catch (error) {
    if (error instanceof Interrupted || aborting.signal.aborted) {
      write('\nInterrupted; everything was cleaned up.\n');
      return EXIT.interrupted;
    }
    write(`\nThe run could not be finished: ${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.didNotHold;
  } finally {
    stopListening();
  }
};
