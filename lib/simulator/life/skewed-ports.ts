import type { Faults } from '../faults/faults.ts';
import { type OtherVersion, portsOfVersion } from '../faults/version-skew.ts';
import type { SeededRandom } from '../random.ts';
import type { Caller } from './caller.ts';
import type { LifePorts } from './life.ts';

/** A caller of another version is so at whichever queue it is. */
const versionOf = (ports: LifePorts, version: OtherVersion): LifePorts => {
  const { otherQueue } = ports;
  const versioned = portsOfVersion(ports, version);
  if (otherQueue === undefined) return versioned;
  return { ...versioned, otherQueue: portsOfVersion({ ...ports, queue: otherQueue }, version).queue };
};

/** Callers of the version before and after ours: which one a caller is of is drawn when it first asks for its ports. */
export const skewedPorts = (random: SeededRandom, faults: Faults, ports: () => LifePorts) => {
  const made: Partial<Record<OtherVersion, LifePorts>> = {};
  const ofVersion = (version: OtherVersion): LifePorts => {
    made[version] ??= versionOf(ports(), version);
    return made[version];
  };
  return {
    portsOf: (caller: Caller): LifePorts =>
      faults.strikes('F99', caller.name) ? ofVersion(random.chance(0.5) ? 'newer' : 'older') : ports(),
  };
};
