import type { FleetPools } from '../lib/config/fleet-pools.ts';
import type { FleetSpecification } from '../lib/config/fleet-specification.ts';

const poolsOf = ({ instanceTypes, zones, spot }: FleetSpecification): FleetPools => ({
  instanceTypes,
  zones,
  spotPercentMax: spot.maxPercentOfOnDemand,
  spotStrategy: spot.strategy,
});

/** Which pools each fleet may use, for `spothop prices`: one line of JSON among the outputs. */
export const fleetPoolsVariable = (fleets: readonly FleetSpecification[]): string =>
  JSON.stringify(Object.fromEntries(fleets.map((fleet) => [fleet.name, poolsOf(fleet)])));
