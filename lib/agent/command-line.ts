import { parseArgs } from 'node:util';
import type { Environment } from '../config/environment.ts';
import { parseEnvironmentFile } from './environment-file.ts';

/** What the agent was asked on its command line: to work with these variables, or to say something and end. */
export type AgentCommandLine =
  | { readonly do: 'work'; readonly environment: Environment }
  | { readonly do: 'say'; readonly text: string }
  | { readonly do: 'refuse'; readonly problem: string };

const AGENT_HELP = `Usage: agent [options]

Takes tasks from a fleet's queue and runs them on this machine until it is to end.

Options:
  --task FILE          run the TypeScript task, or tasks, that this file exports by default
  --exec COMMAND       run this command for each task
  --supervise COMMAND  keep another system's worker running instead of taking tasks
  --fleet NAME         the fleet that this machine belongs to
  --queue URL          the fleet's work queue
  --concurrency N      tasks at once, 1 to 100
  --environment FILE   read variables from this file, NAME=value a line
  -V, --version        show the version
  -h, --help           show this help

Each of them stands for a variable, and wins over it. The others, tables and queues, come from the environment; what is
missing is named, all at once.

Examples:
  agent --environment /etc/spothop/agent.env
  agent --environment agent.env --exec "python3 worker.py" --concurrency 4

Exit codes:
  0    drained: the machine may end
  2    it cannot start; the reason is on standard error
  3    another agent has this machine
`;

const text = { type: 'string' } as const;
const OPTIONS = {
  environment: text,
  task: text,
  exec: text,
  supervise: text,
  fleet: text,
  queue: text,
  concurrency: text,
  version: { type: 'boolean', short: 'V' },
  help: { type: 'boolean', short: 'h' },
} as const;

type Values = ReturnType<typeof parseArgs<{ readonly options: typeof OPTIONS }>>['values'];

/** A worker named on the command line replaces whichever the environment names. */
const workerVariables = ({ task, exec, supervise }: Values): Environment =>
  task === undefined && exec === undefined && supervise === undefined
    ? {}
    : { SPOTHOP_TASK: task ?? '', SPOTHOP_EXEC: exec ?? '', SPOTHOP_SUPERVISE: supervise ?? '' };

const otherVariables = ({ fleet, queue, concurrency }: Values): Environment => ({
  ...(fleet === undefined ? {} : { SPOTHOP_FLEET: fleet }),
  ...(queue === undefined ? {} : { SPOTHOP_QUEUE_URL: queue }),
  ...(concurrency === undefined ? {} : { SPOTHOP_CONCURRENCY: concurrency }),
});

const environmentOf = (values: Values, readFile: (path: string) => string): Environment => ({
  ...(values.environment === undefined ? {} : parseEnvironmentFile(readFile(values.environment))),
  ...workerVariables(values),
  ...otherVariables(values),
});

const problemOf = (error: unknown): string => {
  const [what = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return `agent: ${what}; add --help to see what is accepted`;
};

/** @param readFile the text of the file that `--environment` names; throws where there is none */
export const readAgentCommandLine = (
  words: readonly string[],
  version: string,
  readFile: (path: string) => string,
): AgentCommandLine => {
  try {
    const { values } = parseArgs({ args: [...words], options: OPTIONS, strict: true });
    if (values.help === true) return { do: 'say', text: AGENT_HELP };
    if (values.version === true) return { do: 'say', text: `${version}\n` };
    return { do: 'work', environment: environmentOf(values, readFile) };
  } catch (error) {
    return { do: 'refuse', problem: problemOf(error) };
  }
};
