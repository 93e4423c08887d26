/** The measurements: `npm run bench -- worker [--json] [--quick] [--tasks N]`, and the proof: `npm run bench -- batch`. */
import { parseArgs } from 'node:util';
import { wallClock } from '../lib/clock/wall-clock.ts';
import { batchMain } from './batch/main.ts';
import { capacityMain } from './capacity/main.ts';
import { decideMain } from './decide/main.ts';
import { renderFigures } from './figures.ts';
import { benchWorker } from './worker.ts';

const HELP = `Measures Spothop on this machine, on an embedded DynamoDB and SQS.

  npm run bench -- worker [--json] [--quick] [--tasks N]
  npm run bench -- batch [--json] [--help]
  npm run bench -- decide [--json]

worker     the agent, bundled as machines get it, against the plain sqs-consumer package on the same queues: throughput,
           calls and DynamoDB units of a task, use of a notice, work lost in interruptions, memory, time to first take

decide     the processor time of a purchasing decision on 1, 20 and 200 pools

batch      3.5 million records in 350 tasks through interruptions, kills and pauses, and a count of every record at the end

--json     ends on one line of JSON: {"worker": {...}}
--quick    one short round of each, about two minutes; figures that vary are for orientation
--tasks N  tasks of each throughput run

Progress goes to stderr. A whole run of worker takes about twelve minutes; leave the machine alone meanwhile.
`;

const USAGE_EXIT_CODE = 2;
const MS_PER_SECOND = 1_000;

const refuse = (problem: string): never => {
  process.stderr.write(`${problem}\n\n${HELP}`);
  process.exit(USAGE_EXIT_CODE);
};

const readArguments = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        quick: { type: 'boolean', default: false },
        tasks: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
};

const readTasks = (text: string | undefined): { readonly tasks?: number } => {
  if (text === undefined) return {};
  const tasks = Number(text);
  return Number.isInteger(tasks) && tasks > 0 ? { tasks } : refuse(`--tasks ${text} is not a whole number above 0.`);
};

if (process.argv[2] === 'capacity') process.exit(capacityMain(process.argv.slice(3)));
if (process.argv[2] === 'decide') process.exit(decideMain(process.argv.slice(3)));
if (process.argv[2] === 'batch') process.exit(await batchMain(process.argv.slice(3)));

const { values, positionals } = readArguments();
if (values.help) {
  process.stdout.write(HELP);
  process.exit(0);
}
if (positionals.join(' ') !== 'worker') refuse(`There is no measurement “${positionals.join(' ')}”; there is: worker.`);

const clock = wallClock();
const startedAt = clock.now();
const say = (line: string): void => {
  const seconds = Math.round((clock.now() - startedAt) / MS_PER_SECOND);
  process.stderr.write(`${String(seconds).padStart(4)} s  ${line}\n`);
};

const INTERRUPTED_EXIT_CODE = 130;

/** The first signal ends the run in good order; its processes and folders with it. */
const onInterrupt = (breakOff: (error: Error) => void): void => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      process.exitCode = INTERRUPTED_EXIT_CODE;
      breakOff(new Error(`Interrupted by ${signal}.`));
    });
  }
};

try {
  const worker = await benchWorker({ isQuick: values.quick, say, onInterrupt, ...readTasks(values.tasks) });
  process.stdout.write(values.json ? `${JSON.stringify({ worker })}\n` : renderFigures(worker));
} catch (error) {
  process.stderr.write(`The measurement failed: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode ??= 1;
}
// Connections that are kept alive would keep the process for a while.
process.exit();
