import { type FleetFileResult, formatProblems, readFleetFile } from '../../config/fleet-file.ts';
import type { FleetSpecification } from '../../config/fleet-specification.ts';
import type { WholeCloud } from '../../local/whole-cloud.ts';
import { printable } from '../../signals/printable.ts';
import { errorLine, type RegisterCommand, readText } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { renderGuide } from '../local/guide.ts';
import { LOCAL_DEFAULTS, type LocalOptions, wholeNumber } from '../local/options.ts';
import { placeOfFleets } from '../local/place-of-fleets.ts';
import { guideTo, openLocalCloud, tellUntil } from '../local/run-local.ts';
import type { CliWorld } from '../world.ts';

const EXAMPLES = `
Examples:
  spothop local
  spothop local --time-factor 1 --port 4600
  spothop local --fleet-file staging.yml --record /tmp/run

It serves the AWS services that Spothop uses on 127.0.0.1, for the fleets of the fleet file as it stands, until Ctrl-C.
Nothing is kept from one start to the next but the outbox. With --json the first line on standard output is one object
{endpoint, environment, fleetFile, fleets, outbox, record, timeFactor, seed, next}; what happens is told on standard error.

Exit codes:
  0  ended by Ctrl-C, with every machine
  1  it could not start: the fleet file, the port or a folder
  2  the command line cannot be understood`;

const PATH_CHARACTERS_MAX = 1_000;

const readFleets = async (
  file: string,
  world: CliWorld,
): Promise<readonly FleetSpecification[] | { readonly error: string }> => {
  const shown = printable(file, PATH_CHARACTERS_MAX);
  const read = await readText(file, world);
  if (!read.ok) return { error: errorLine(shown, read.because, 'name your fleet file with --fleet-file') };
  const result: FleetFileResult = readFleetFile(read.text);
  return result.ok ? result.fleets : { error: `${formatProblems(shown, result.problems)}\n` };
};

const serve = async (
  cloud: WholeCloud,
  options: LocalOptions,
  fleets: readonly FleetSpecification[],
  world: CliWorld,
): Promise<void> => {
  const guide = guideTo(
    cloud,
    options,
    fleets.map(({ name }) => name),
  );
  world.stdout(options.json ? `${JSON.stringify(guide)}\n` : renderGuide(guide));
  const tell = options.json ? world.stderr : world.stdout;
  await tellUntil(cloud, world.interruption(), (text) => tell(`${text}\n`));
};

const runLocal = async (options: LocalOptions, world: CliWorld): Promise<ExitCode> => {
  const fleets = await readFleets(options.fleetFile, world);
  if ('error' in fleets) {
    world.stderr(fleets.error);
    return EXIT.failedCheck;
  }
  const found = placeOfFleets(fleets);
  if (!found.ok) {
    world.stderr(errorLine(printable(options.fleetFile, PATH_CHARACTERS_MAX), found.because, found.fix));
    return EXIT.failedCheck;
  }
  try {
    await serve(await openLocalCloud(options, found.place), options, fleets, world);
    return EXIT.ok;
  } catch (error) {
    world.stderr(`${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.failedCheck;
  }
};

/** `spothop local`: the local cloud, kept running for a deployment of your own. */
export const registerLocal: RegisterCommand = (program, { world, finish }) => {
  program
    .command('local')
    .description('run the local cloud until Ctrl-C, and say how to deploy into it')
    .option('--port <N>', 'where it listens on 127.0.0.1; 0 for any', wholeNumber('port'), LOCAL_DEFAULTS.port)
    .option('--seed <N>', 'of the spot market', wholeNumber('seed'), LOCAL_DEFAULTS.seed)
    .option(
      '--time-factor <N>',
      'how much faster than the wall clock time runs',
      wholeNumber('timeFactor'),
      LOCAL_DEFAULTS.timeFactor,
    )
    .option('--state <DIR>', "folder for functions, machines' logs and the outbox", LOCAL_DEFAULTS.state)
    .option('--record <DIR>', "folder for the record (default: the state's)")
    .option('--fleet-file <FILE>', 'the fleets to be deployed', LOCAL_DEFAULTS.fleetFile)
    .option('--json', 'how to reach it as one JSON object on one line')
    .addHelpText('after', EXAMPLES)
    .action(async (options: LocalOptions) => finish(await runLocal(options, world)));
};
