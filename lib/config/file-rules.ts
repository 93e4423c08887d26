import { regionOf } from './build-specification.ts';
import { FLEET_NAME } from './fleet-schema.ts';
import { errorAt, type Finding, quoted } from './problem.ts';
import { knownIn, type LenientFleet } from './rule.ts';

export interface NamedFleet {
  readonly name: string;
  readonly raw: unknown;
  readonly fleet: LenientFleet;
}

type FileRule = (fleets: readonly NamedFleet[]) => readonly Finding[];

/** A key that is no name is refused, whatever stands under it. */
export const checkNames: FileRule = (fleets) =>
  fleets
    .filter(({ name }) => !FLEET_NAME.test(name))
    .map(({ name }) => {
      const fix = 'write 1 to 31 lower-case letters, digits and hyphens, a letter first';
      return errorAt(['fleets', name], `is not a fleet's name: ${quoted(name)}`, fix);
    });

/** One deployment lives in one Region. */
const oneRegion: FileRule = (fleets) => {
  const placed = fleets.flatMap(({ name, fleet }) => {
    const [zone] = knownIn(fleet.zones);
    return zone === undefined ? [] : [{ name, region: regionOf(zone) }];
  });
  const home = placed[0]?.region;
  const fix = 'deploy each Region from a fleet file of its own';
  return placed
    .filter(({ region }) => region !== home)
    .map(({ name, region }) =>
      errorAt(['fleets', name, 'zones'], `is in ${region}; the fleets before it are in ${home}`, fix),
    );
};

/** Two fleets on one queue would each launch machines for all of its backlog. */
const oneFleetForEachQueue: FileRule = (fleets) => {
  const owners = new Map<string, string>();
  return fleets.flatMap(({ name, fleet }) => {
    const arn = fleet.queue?.arn;
    const owner = arn === undefined ? undefined : owners.get(arn);
    if (owner !== undefined) {
      return [
        errorAt(
          ['fleets', name, 'queue', 'arn'],
          `is the queue of fleet ${quoted(owner)} too`,
          'give each fleet its own queue',
        ),
      ];
    }
    if (arn !== undefined) owners.set(arn, name);
    return [];
  });
};

/** What must hold between all the fleets of a file. */
export const checkFileRules: FileRule = (fleets) => [oneRegion, oneFleetForEachQueue].flatMap((rule) => rule(fleets));
