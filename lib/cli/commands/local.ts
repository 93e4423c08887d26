import type { Command } from 'commander';
import type { CommandContext, RegisterCommand } from '../command.ts';
import type { InterruptOptions } from '../local/interrupt.ts';
import { LOCAL_BOUNDS, LOCAL_DEFAULTS, type LocalOptions } from '../local/options.ts';
import { wholeNumber } from '../whole-number.ts';

const EXAMPLES = `
Examples:
  spothop local
  spothop local --time-factor 1 --port 4600
  spothop local --fleet-file staging.yml --record /tmp/run
  spothop local interrupt --all     # in another terminal: the market's doing, by hand

It serves the AWS services that Spothop uses on 127.0.0.1, for the fleets of the fleet file as it stands, until Ctrl-C.
Nothing is kept from one start to the next but the outbox. With --json the first line on standard output is one object
{endpoint, environment, fleetFile, fleets, logs, outbox, record, timeFactor, seed, next}; what happens is told on standard error.

Exit codes:
  0  ended by Ctrl-C, with every machine
  1  it could not start: the fleet file, the port or a folder
  2  the command line cannot be understood`;

const INTERRUPT_HELP = `
Examples:
  spothop local interrupt i-0123456789abcdef0
  spothop local interrupt --all --rebalance
  spothop local interrupt --without-warning i-0123456789abcdef0

Without an option each machine gets its notice, and is taken two minutes of service time later. It works on the local
cloud alone: export what \`spothop local\` prints. With --json each machine is one line {instanceId, outcome, because}.

Exit codes:
  0  done, to all of them
  1  some were left as they are, or no local cloud answers
  2  the command line cannot be understood`;

const registerInterrupt = (local: Command, { world, finish }: CommandContext): void => {
  local
    .command('interrupt')
    .description('interrupt spot machines of the local cloud')
    .argument('[id...]', 'ids of machines, as `spothop local` tells them')
    .option('--all', 'every running spot machine')
    .option('--rebalance', 'a rebalance recommendation only')
    .option('--without-warning', 'take them at once')
    .option('--json', 'one JSON object a line, one line a machine')
    .addHelpText('after', INTERRUPT_HELP)
    .action(async (ids: readonly string[], _own: InterruptOptions, command: Command) => {
      const { interruptMachines } = await import('../local/interrupt.ts');
      // --json is an option of `spothop local` too, which reads it wherever it stands.
      finish(await interruptMachines(ids, command.optsWithGlobals<InterruptOptions>(), world));
    });
};

/** `spothop local`: the local cloud, kept running for a deployment of your own. */
export const registerLocal: RegisterCommand = (program, context) => {
  const { world, finish } = context;
  const local = program
    .command('local')
    .helpCommand(false)
    .description('run the local cloud until Ctrl-C, and say how to deploy into it')
    .option(
      '--port <N>',
      'where it listens on 127.0.0.1; 0 for any',
      wholeNumber(LOCAL_BOUNDS.port),
      LOCAL_DEFAULTS.port,
    )
    .option('--seed <N>', 'of the spot market', wholeNumber(LOCAL_BOUNDS.seed), LOCAL_DEFAULTS.seed)
    .option(
      '--time-factor <N>',
      'how much faster than the wall clock time runs',
      wholeNumber(LOCAL_BOUNDS.timeFactor),
      LOCAL_DEFAULTS.timeFactor,
    )
    .option('--state <DIR>', "folder for functions, machines' logs and the outbox", LOCAL_DEFAULTS.state)
    .option('--record <DIR>', "folder for the record (default: the state's)")
    .option('--fleet-file <FILE>', 'the fleets to be deployed', LOCAL_DEFAULTS.fleetFile)
    .option('--json', 'how to reach it as one JSON object on one line')
    .addHelpText('after', EXAMPLES)
    .action(async (options: LocalOptions) => {
      const { runLocal } = await import('../local/serve.ts');
      finish(await runLocal(options, world));
    });
  registerInterrupt(local, context);
};
