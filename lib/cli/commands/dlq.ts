import { type Command, InvalidArgumentError } from 'commander';
import type { FleetName } from '../../fleet/ids.ts';
import type { TaskService } from '../../wiring-cli.ts';
import { type CommandContext, groupOf, type RegisterCommand } from '../command.ts';
import type { RunRedriveOptions } from '../dlq/run-redrive.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { onService, STACK_HELP, type StackOptions, withStackOptions } from '../stack-options.ts';
import { limitOf } from '../whole-number.ts';

interface DlqOptions extends StackOptions {
  readonly fleet?: string;
  readonly json?: true;
}

const LIMIT_DEFAULT = 100;
const RATE_DEFAULT = 10;
const RATE = { min: 0.1, max: 1_000 } as const;

/** `10`, `10/s` or `0.5/s`. */
const rateOf = (text: string): number => {
  const value = Number(/^(\d+(?:\.\d+)?)(?:\/s)?$/.exec(text)?.[1]);
  if (value >= RATE.min && value <= RATE.max) return value;
  throw new InvalidArgumentError(`It is a number from ${RATE.min} to ${RATE.max}, such as 10/s.`);
};

const withFleetOptions = (command: Command): Command =>
  withStackOptions(command.option('--fleet <NAME>', 'the fleet; may be left out if there is only one'));

const codesOf = (done: string, failed: string): string => `
Exit codes:
  0  ${done}
  1  ${failed}
  2  the command line cannot be understood`;

const LIST_HELP = `
Examples:
  spothop dlq list --fleet index
  spothop dlq list --fleet index --json | jq -r 'select(.status == "dead") | .taskId'

Messages are handed out to be listed, and shown again at once; while it runs others do not see them.
With --json each message is one line.
${STACK_HELP}
${codesOf('listed, even if there was nothing', 'the service could not be asked')}`;

const LOOK_HELP = `
Examples:
  spothop dlq show --fleet index order-17

Shows why the task was given up and what the ledger knows of it; spothop tasks show has its body and result.
${STACK_HELP}
${codesOf('shown', 'there is no such dead letter, or the service could not be asked')}`;

const REDRIVE_HELP = `
Examples:
  spothop dlq redrive --fleet index order-17
  spothop dlq redrive --fleet index --all --dry-run
  spothop dlq redrive --fleet index --all --rate 50/s --yes

The ledger decides what becomes of each message:
  dead                ready again with no failures counted, sent, the message removed
  done, cancelled     only the message is removed
  ready, running      not dead at all: sent again, the message removed
  unknown, not ours   left alone, and listed
It may be ended and begun again at any moment: nothing is lost, and nothing done twice. On a terminal --all asks first.
With --json each message is one line {outcome, messageId, taskId, status}.
${STACK_HELP}

Exit codes:
  0    every message asked for was dealt with
  1    some were left alone or not found, or the service could not be asked
  2    the command line cannot be understood
  130  ended by Ctrl-C`;

type OnFleet = (
  options: DlqOptions,
  run: (service: TaskService, fleet: FleetName) => Promise<ExitCode>,
) => Promise<void>;

const onFleet =
  ({ world, finish }: CommandContext): OnFleet =>
  async (options, run) =>
    finish(
      await onService(world, options, async (service) => {
        const { chooseFleet } = await import('../choose-fleet.ts');
        return run(service, chooseFleet(service, options.fleet));
      }),
    );

const registerList = (group: Command, context: CommandContext): void => {
  const command = group
    .command('list')
    .description('the dead letters of a fleet, beside what the ledger says')
    .option('--limit <N>', 'at most so many', limitOf, LIMIT_DEFAULT)
    .option('--json', 'one JSON object a line, one line a message');
  withFleetOptions(command)
    .addHelpText('after', LIST_HELP)
    .action((options: DlqOptions & { readonly limit: number }) =>
      onFleet(context)(options, async (service, fleet) => {
        const { listLetters } = await import('../dlq/look.ts');
        return listLetters(service, fleet, options, context.world);
      }),
    );
};

const registerShow = (group: Command, context: CommandContext): void => {
  const command = group
    .command('show')
    .description('why one task was given up')
    .argument('<id>', "the task's id")
    .option('--json', 'one JSON object a line, one line a message');
  withFleetOptions(command)
    .addHelpText('after', LOOK_HELP)
    .action((id: string, options: DlqOptions) =>
      onFleet(context)(options, async (service, fleet) => {
        const { showLetter } = await import('../dlq/look.ts');
        return showLetter(service, fleet, id, options, context.world);
      }),
    );
};

const registerRedrive = (group: Command, context: CommandContext): void => {
  const { world, finish } = context;
  const command = group
    .command('redrive')
    .description('bring dead letters back to work, as far as the ledger lets them')
    .argument('[id...]', 'ids of tasks')
    .option('--all', 'every dead letter of the fleet')
    .option('--rate <N/s>', 'tasks a second at most', rateOf, RATE_DEFAULT)
    .option('--yes', 'do not ask')
    .option('--dry-run', 'say what would be done')
    .option('--json', 'one JSON object a line, one line a message');
  withFleetOptions(command)
    .addHelpText('after', REDRIVE_HELP)
    .action(async (ids: readonly string[], options: DlqOptions & RunRedriveOptions) => {
      if ((ids.length === 0) === (options.all === undefined)) {
        world.stderr('usage: name tasks, or say --all; add --help to see what is accepted\n');
        return finish(EXIT.usage);
      }
      await onFleet(context)(options, async (service, fleet) => {
        const { runRedrive } = await import('../dlq/run-redrive.ts');
        return runRedrive(service, fleet, ids, options, world);
      });
    });
};

/** `spothop dlq`: a fleet's dead-letter queue beside the ledger. */
export const registerDlq: RegisterCommand = (program, context) => {
  const group = groupOf(program, 'dlq', 'look at dead letters, and bring them back');
  for (const register of [registerList, registerShow, registerRedrive]) register(group, context);
};
