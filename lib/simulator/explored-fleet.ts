import type { CapacityPolicy, FleetSettings } from '../fleet/fleet-settings.ts';
import { fleetName } from '../fleet/ids.ts';

/** A fleet of two machines at most, with everything else as plain as can be, but for what is said otherwise. */
export const exploredFleet = (
  capacity: Partial<CapacityPolicy>,
  changes: Partial<Omit<FleetSettings, 'capacity'>> = {},
): FleetSettings => ({
  fleet: fleetName('explored'),
  mode: 'manage',
  drain: { marginSeconds: 10, windowSeconds: 120, warySeconds: 900, rebalance: 'wary' },
  capacity: {
    machinesMin: 0,
    machinesMax: 2,
    targetBacklog: 1,
    spotPercentMax: 90,
    spotStrategy: 'capacity',
    onDemandBase: 0,
    onDemandFallback: false,
    onDemandMax: 0,
    places: [],
    ...capacity,
  },
  maximumAgeSeconds: 86_400,
  launchTemplateId: 'lt-explored',
  launchTemplateVersion: '1',
  upgrade: 'on-replacement',
  tags: {},
  ...changes,
});
