import { Command, CommanderError, Option } from 'commander';
import { makePlaces, optionProblems, quoted } from './option-problems.ts';
import { BOUNDS, DEFAULTS, type NumberOption, readNumber, type StartOptions } from './options.ts';

export const EXIT = { held: 0, didNotHold: 1, usage: 2, interrupted: 130, unread: 141 } as const;

/** What to run, or why not: nothing wrong means that help was asked for and given. */
export type CommandLine = { readonly options: StartOptions } | { readonly problems: readonly string[] };

const AFTER_HELP = `
Examples:
  npm start
  npm start -- --seed 7 --instances 10 --tasks 600
  npm start -- --task ./count-words.ts --input tasks.ndjson --concurrency 4
  npm start -- --exec "python3 worker.py" --input orders.ndjson --id-path order.id
  npm start -- --exec "python3 examples/python-worker/worker.py" --json

A worker of your own goes through the same interruptions as the demonstration. Service time runs 10 times as fast as
your clock, so a notice of two minutes lasts 12 seconds: tasks that take some seconds show most. Take a lower
--time-factor for longer tasks, or on a busy machine, where what takes a second lasts ten seconds of service time.

--input has one task a line, its body as JSON. Ids are made as by spothop submit: from --id-path, else from the body's
digest. Every body is checked by the task's schema before anything starts. Without --input the worker gets the
demonstration's tasks, whose bodies are {"files":["node_modules/…"]}. A task file and what it imports may lie anywhere;
packages that are not installed beside it are taken from this project.

Every run writes its record and names it at its end, with the command that judges it: spothop audit --trace FILE.
What became of each task is written as one line of JSON: {taskId, status, result or reason, attempts, reclaims}.

Exit codes:
  0    everything held: no task lost or dead, none committed twice, the result verified, no process left
  1    something did not hold; the summary says what
  2    the command line or the tasks of --input cannot be understood
  130  interrupted; everything was cleaned up`;

/** What is wrong is gathered, so that one attempt shows all of it. */
const numberOption = (option: NumberOption, description: string, problems: string[]): Option =>
  new Option(`--${option} <N>`, description).argParser((text) => {
    const read = readNumber(option, text);
    if ('value' in read) return read.value;
    problems.push(read.problem);
    return undefined;
  });

const withOwnWorker = (command: Command, problems: string[]): Command =>
  command
    .option('--task <FILE>', 'your own worker: a TypeScript file that exports a task')
    .option('--exec <CMD>', 'your own worker: input on stdin, result on stdout, exit 0 done, 75 hand back, else failed')
    .option('--input <FILE>', 'the tasks for your worker, one JSON body a line')
    .option('--id-path <PATH>', 'where each body of --input has its id, such as order.id')
    .addOption(numberOption('concurrency', 'tasks at once on each machine', problems).default(DEFAULTS.concurrency))
    .option('--results <FILE>', 'what became of each task (default: results.ndjson in the folder of the run)');

const program = (problems: string[]): Command => {
  const command = new Command('npm start --')
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
        'wall-clock seconds that the batch may take at most (default: 100, or a third of the tasks; 600 with --input)',
        problems,
      ),
    )
    .addOption(numberOption('seed', 'of the batch and of the market', problems).default(DEFAULTS.seed))
    .addOption(numberOption('time-factor', 'service time runs so much faster', problems).default(DEFAULTS.timeFactor))
    .option('--no-script', 'nothing on top of what the seed brings');
  return withOwnWorker(command, problems)
    .option(
      '--record [PLACE]',
      "write the record of every request, process and market event there: a folder, or a file .jsonl (default: the run's folder)",
    )
    .addHelpText('after', AFTER_HELP)
    .allowUnknownOption()
    .allowExcessArguments()
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
};

const leftOver = (word: string): string =>
  word.startsWith('-') ? `there is no option ${quoted(word)}` : `${quoted(word)} is one word too many`;

export const readCommandLine = (words: readonly string[]): CommandLine => {
  const problems: string[] = [];
  try {
    const parsed = program(problems).parse(words, { from: 'user' });
    const options = parsed.opts<StartOptions>();
    const tasksGiven = parsed.getOptionValueSource('tasks') === 'cli';
    problems.push(...parsed.args.map(leftOver), ...optionProblems(options, tasksGiven));
    if (problems.length === 0) problems.push(...makePlaces(options));
    return problems.length === 0 ? { options } : { problems };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { problems: error.exitCode === 0 ? [] : [...problems, error.message.replace(/^error: /, '')] };
  }
};
