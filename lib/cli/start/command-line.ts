import { mkdirSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { printable } from '../../signals/printable.ts';
import { BOUNDS, DEFAULTS, type NumberOption, readNumber, type StartOptions } from './options.ts';

export const EXIT = { held: 0, didNotHold: 1, usage: 2, interrupted: 130, unread: 141 } as const;

/** What to run, or why not: nothing wrong means that help was asked for and given. */
export type CommandLine = { readonly options: StartOptions } | { readonly problems: readonly string[] };

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

const TEXT_CHARACTERS_MAX = 60;

const quoted = (text: string): string => printable(text, TEXT_CHARACTERS_MAX);

/** What is wrong is gathered, so that one attempt shows all of it. */
const numberOption = (option: NumberOption, description: string, problems: string[]): Option =>
  new Option(`--${option} <N>`, description).argParser((text) => {
    const read = readNumber(option, text);
    if ('value' in read) return read.value;
    problems.push(read.problem);
    return undefined;
  });

const program = (problems: string[]): Command =>
  new Command('npm start --')
    .description('Run the whole service on this machine: a fleet of real processes works off a batch on a spot market.')
    .option('--json', 'the summary as one JSON object, the last line on stdout', false)
    .addOption(
      numberOption('tasks', `tasks in the batch, ${BOUNDS.tasks.min} to ${BOUNDS.tasks.max}`, problems).default(
        DEFAULTS.tasks,
      ),
    )
    .addOption(numberOption('instances', 'machines at most', problems).default(DEFAULTS.instances))
    .addOption(
      numberOption(
        'seconds',
        'wall-clock seconds that the batch may take at most (default: 100, or a third of the tasks)',
        problems,
      ),
    )
    .addOption(numberOption('seed', 'of the batch and of the market', problems).default(DEFAULTS.seed))
    .option('--no-script', 'nothing on top of what the seed brings')
    .option('--exec <CMD>', 'your own worker: input on stdin, result on stdout, exit 0 done, 75 hand back, else failed')
    .option('--record <DIR>', 'write the record of every request, process and market event there')
    .addHelpText('after', AFTER_HELP)
    .allowUnknownOption()
    .allowExcessArguments()
    .configureOutput({ outputError: () => undefined })
    .exitOverride();

const leftOver = (word: string): string =>
  word.startsWith('-') ? `there is no option ${quoted(word)}` : `${quoted(word)} is one word too many`;

/** A command beyond what a fleet file may hold, or none at all, would only be found out by the deployment. */
const EXEC_CHARACTERS_MAX = 1_000;

const execProblems = (exec: string | undefined): readonly string[] => {
  if (exec === undefined) return [];
  if (exec.trim() === '') return ['--exec has no command'];
  return exec.length > EXEC_CHARACTERS_MAX
    ? [`--exec is longer than ${EXEC_CHARACTERS_MAX} characters: put the command into a script`]
    : [];
};

const recordProblems = (folder: string | undefined): readonly string[] => {
  if (folder === undefined) return [];
  try {
    mkdirSync(folder, { recursive: true });
    return [];
  } catch (error) {
    return [`--record ${quoted(folder)} cannot be made a folder (${(error as NodeJS.ErrnoException).code})`];
  }
};

export const readCommandLine = (words: readonly string[]): CommandLine => {
  const problems: string[] = [];
  try {
    const parsed = program(problems).parse(words, { from: 'user' });
    const options = parsed.opts<StartOptions>();
    problems.push(...parsed.args.map(leftOver), ...execProblems(options.exec));
    if (problems.length === 0) problems.push(...recordProblems(options.record));
    return problems.length === 0 ? { options } : { problems };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { problems: error.exitCode === 0 ? [] : [...problems, error.message.replace(/^error: /, '')] };
  }
};
