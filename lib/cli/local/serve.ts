import { type FleetFileResult, formatProblems, readFleetFile } from '../../config/fleet-file.ts';
import type { FleetSpecification } from '../../config/fleet-specification.ts';
import { printable } from '../../signals/printable.ts';
import { errorLine, readText } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { CliWorld } from '../world.ts';
import { renderGuide } from './guide.ts';
import type { LocalOptions } from './options.ts';
import { type PlaceOfFleets, placeOfFleets } from './place-of-fleets.ts';
import { guideTo, openLocalCloud, tellUntil } from './run-local.ts';

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
  options: LocalOptions,
  place: PlaceOfFleets,
  fleets: readonly FleetSpecification[],
  world: CliWorld,
): Promise<void> => {
  const cloud = await openLocalCloud(options, place);
  const guide = guideTo(
    cloud,
    options,
    fleets.map(({ name }) => name),
  );
  world.stdout(options.json ? `${JSON.stringify(guide)}\n` : renderGuide(guide));
  const tell = options.json ? world.stderr : world.stdout;
  await tellUntil(cloud, fleets, world.interruption(), (text) => tell(`${text}\n`));
};

/** `spothop local`, once its options are read: until somebody wants no more. */
export const runLocal = async (options: LocalOptions, world: CliWorld): Promise<ExitCode> => {
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
    await serve(options, found.place, fleets, world);
    return EXIT.ok;
  } catch (error) {
    world.stderr(`${error instanceof Error ? error.message : String(error)}\n`);
    return EXIT.failedCheck;
  }
};
