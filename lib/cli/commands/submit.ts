import type { RegisterCommand } from '../command.ts';
import { STACK_HELP, withStackOptions } from '../stack-options.ts';
import type { SubmitOptions } from '../submit/options.ts';

const EXAMPLES = `
Examples:
  spothop submit --fleet index tasks.ndjson
  spothop submit --fleet index --id-path order.id orders-*.ndjson
  spothop submit --fleet index --body '{"files":["package.json"]}'
  generate-tasks | spothop submit --fleet index -

A file holds one task a line: its body as JSON. The task's id is what the body has under --id-path, by default the
fleet's own queue.taskIdPath; without either it follows from the line's content. The same task submitted again is
recognised, so that every run may be repeated: it counts as "already", as does a line that stands in a file twice.
An id that is there with another body is a conflict; it is listed and changes nothing.

Each body is checked by the schema of the fleet's task (worker.task in spothop.yml, or --task). Files are checked
whole first: if a line is refused, nothing is sent. Standard input can be read once only: the first refused line
ends it, after the tasks before it. --skip-refused leaves refused lines out. Ctrl-C ends after what is under way.

With --json the last line on standard output is one object:
{submitted, already, conflicting, refused, toBeSwept, failed, seconds, perSecond}; --dry-run adds wouldSubmit.
toBeSwept: recorded, but the queue would not take the message now; the service sends it within minutes.
${STACK_HELP}

Exit codes:
  0    every task is submitted (with --skip-refused: every good one)
  1    lines were refused, ids conflict, or AWS could not be reached or said no
  2    the command line cannot be understood
  130  ended by Ctrl-C`;

/** `spothop submit`: tasks into the ledger and the queue. */
export const registerSubmit: RegisterCommand = (program, { world, finish }) => {
  const command = program
    .command('submit')
    .description('submit tasks to a fleet: one, a file of them, or as they come')
    .argument('[file...]', 'files with one JSON body a line; - is standard input')
    .option('--fleet <NAME>', 'the fleet; may be left out if there is only one')
    .option('--body <JSON>', 'one task, given here')
    .option('--body-file <FILE>', 'one task, its body the whole of a file')
    .option('--id <ID>', 'the id of that one task')
    .option('--id-path <PATH>', 'where each body has its id, such as order.id')
    .option('--task <FILE>', "a task file whose schema bodies are checked by (default: the fleet's)")
    .option('--no-schema', 'check no schema')
    .option('--fleet-file <FILE>', 'the fleet file that names the task file (default: spothop.yml)')
    .option('--skip-refused', 'submit the good lines although others are refused')
    .option('--dry-run', 'check everything, send nothing')
    .option('--json', 'the summary as one JSON object on one line');
  withStackOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(async (files: readonly string[], options: SubmitOptions) => {
      const { runSubmit } = await import('../submit/run-submit.ts');
      finish(await runSubmit(files, options, world));
    });
};
