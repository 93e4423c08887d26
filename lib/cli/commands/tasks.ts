import { type Command, Option } from 'commander';
import { type CommandContext, groupOf, type RegisterCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { onService, STACK_HELP, type StackOptions, withStackOptions } from '../stack-options.ts';
import { STATUSES } from '../tasks/list-tasks.ts';
import type { OperateOptions } from '../tasks/operate.ts';
import type { ListOptions } from '../tasks/run-list.ts';
import type { RetryOptions } from '../tasks/run-retry.ts';
import type { ShowOptions } from '../tasks/show-task.ts';
import { limitOf } from '../whole-number.ts';

const LIMIT_DEFAULT = 50;

const LIST_HELP = `
Examples:
  spothop tasks list
  spothop tasks list --fleet index --status dead
  spothop tasks list --status running --json | jq -r .taskId

TAKEN is how often machines took the task, FAILED how often it failed by itself, FOR how long it has been what it is.
The list comes from indexes and may be seconds behind; no table is scanned. With --json each task is one line.
${STACK_HELP}

Exit codes:
  0  listed, even if there was nothing
  1  the service could not be asked
  2  the command line cannot be understood`;

const registerList = (group: Command, { world, finish }: CommandContext): void => {
  const command = group
    .command('list')
    .description('the tasks of the ledger: running, ready and dead ones first')
    .option('--fleet <NAME>', 'only tasks of this fleet')
    .addOption(new Option('--status <STATUS>', 'only tasks that are this').choices([...STATUSES]))
    .option('--limit <N>', 'at most so many', limitOf, LIMIT_DEFAULT)
    .option('--json', 'one JSON object a line, one line a task');
  withStackOptions(command)
    .addHelpText('after', LIST_HELP)
    .action(async (options: ListOptions) => {
      const { listTasks } = await import('../tasks/run-list.ts');
      finish(await onService(world, options, (service) => listTasks(service, options, world)));
    });
};

const SHOW_HELP = `
Examples:
  spothop tasks show order-17
  spothop tasks show order-17 --result
  spothop tasks show order-17 --json --body | jq .body

Bodies and results may be confidential: they are shown only when they are asked for.
${STACK_HELP}

Exit codes:
  0  shown
  1  there is no such task, or the service could not be asked
  2  the command line cannot be understood`;

const registerShow = (group: Command, { world, finish }: CommandContext): void => {
  const command = group
    .command('show')
    .description('everything that is known of one task')
    .argument('<id>', "the task's id")
    .option('--body', 'its body too')
    .option('--result', 'its result too')
    .option('--json', 'as one JSON object on one line');
  withStackOptions(command)
    .addHelpText('after', SHOW_HELP)
    .action(async (id: string, options: ShowOptions & StackOptions) => {
      const { showTask } = await import('../tasks/show-task.ts');
      finish(await onService(world, options, (service) => showTask(service, id, options, world)));
    });
};

const OPERATE_CODES = `${STACK_HELP}

Exit codes:
  0  done, to all of them
  1  some were left as they are, or the service could not be asked
  2  the command line cannot be understood`;

const RETRY_HELP = `
Examples:
  spothop tasks retry order-17 order-18
  spothop tasks retry --all-dead --fleet index --dry-run

A dead task becomes ready again with no failures counted; what is not dead is left as it is. Its copy in the
dead-letter queue stays there: spothop dlq redrive does both. With --json each task is one line {taskId, outcome}.
${OPERATE_CODES}`;

const registerRetry = (group: Command, { world, finish }: CommandContext): void => {
  const command = group
    .command('retry')
    .description('make dead tasks ready again')
    .argument('[id...]', 'ids of tasks')
    .option('--all-dead', 'every dead task')
    .option('--fleet <NAME>', 'with --all-dead: only of this fleet')
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would be done')
    .option('--json', 'one JSON object a line, one line a task');
  withStackOptions(command)
    .addHelpText('after', RETRY_HELP)
    .action(async (ids: readonly string[], options: RetryOptions) => {
      if ((ids.length === 0) === (options.allDead === undefined)) {
        world.stderr('usage: name tasks, or say --all-dead; add --help to see what is accepted\n');
        return finish(EXIT.usage);
      }
      const { retryTasks } = await import('../tasks/run-retry.ts');
      finish(await onService(world, options, (service) => retryTasks(service, ids, options, world)));
    });
};

const CANCEL_HELP = `
Examples:
  spothop tasks cancel order-17
  spothop tasks cancel order-17 order-18 --dry-run

A task that waits will not be run. One that runs is asked to stop within seconds, and ended 5 s later; what it still
writes is refused.
With --json each task is one line {taskId, outcome}.
${OPERATE_CODES}`;

const registerCancel = (group: Command, { world, finish }: CommandContext): void => {
  const command = group
    .command('cancel')
    .description('end tasks that are not finished')
    .argument('<id...>', 'ids of tasks')
    .option('--dry-run', 'say what would be done')
    .option('--json', 'one JSON object a line, one line a task');
  withStackOptions(command)
    .addHelpText('after', CANCEL_HELP)
    .action(async (ids: readonly string[], options: OperateOptions & StackOptions) => {
      const { CANCEL, operate } = await import('../tasks/operate.ts');
      finish(await onService(world, options, (service) => operate(CANCEL, service, ids, options, world)));
    });
};

/** `spothop tasks`: the ledger, looked at and operated by hand. */
export const registerTasks: RegisterCommand = (program, context) => {
  const group = groupOf(program, 'tasks', 'look at tasks, retry and cancel them');
  for (const register of [registerList, registerShow, registerRetry, registerCancel]) register(group, context);
};
