import type { CapacityPolicy, FleetSettings, GroupSettings } from '../fleet/fleet-settings.ts';
import type { FleetName } from '../fleet/ids.ts';
import { FLEET_TAG, STACK_TAG, TEMPLATE_VERSION_TAG } from '../fleet/tags.ts';
import type { FleetSpecification } from './fleet-specification.ts';

/** What the deployment made for a fleet, as `serverless.yml` tells it to the functions. */
export interface DeployedFleet {
  readonly queueUrl: string;
  /** Absent for fleets that launch nothing. */
  readonly launchTemplateId?: string;
  readonly launchTemplateVersion?: string;
}

const SECONDS_IN_HOUR = 3_600;

const placesOf = ({ instanceTypes, zones, network }: FleetSpecification) =>
  instanceTypes.flatMap((instanceType) =>
    zones.map((zone) => ({ instanceType, zone, subnetId: network.subnets[zone] ?? '' })),
  );

const windowOf = ({ windowHours, worker }: FleetSpecification): Pick<CapacityPolicy, 'window'> =>
  windowHours === undefined
    ? {}
    : { window: { windowSeconds: windowHours * SECONDS_IN_HOUR, slots: worker.concurrency } };

const groupsOf = ({ attach, worker }: FleetSpecification): { groups?: GroupSettings } => {
  if (attach.autoScalingGroup === undefined && attach.targetGroups.length === 0) return {};
  return { groups: { ...attach, isSupervised: worker.program.kind === 'supervise' } };
};

const settingsOfFleet = (fleet: FleetSpecification, deployed: DeployedFleet, stack: string): FleetSettings => ({
  fleet: fleet.name,
  mode: fleet.mode,
  drain: fleet.drain,
  capacity: {
    machinesMin: fleet.capacity.min,
    machinesMax: fleet.capacity.max,
    targetBacklog: fleet.capacity.targetBacklog,
    spotPercentMax: fleet.spot.maxPercentOfOnDemand,
    spotStrategy: fleet.spot.strategy,
    onDemandBase: fleet.onDemand.base,
    onDemandFallback: fleet.onDemand.fallback,
    onDemandMax: fleet.onDemand.max,
    ...(fleet.onDemand.afterSeconds > 0 && { onDemandAfterSeconds: fleet.onDemand.afterSeconds }),
    ...windowOf(fleet),
    places: placesOf(fleet),
  },
  maximumAgeSeconds: fleet.worker.maximumAgeHours * SECONDS_IN_HOUR,
  launchTemplateId: deployed.launchTemplateId ?? '',
  launchTemplateVersion: deployed.launchTemplateVersion ?? '',
  upgrade: fleet.upgrade,
  ...groupsOf(fleet),
  // The user's own tags first: ours can never be overwritten.
  tags: {
    ...fleet.tags,
    Name: `spothop-${fleet.name}`,
    [STACK_TAG]: stack,
    [FLEET_TAG]: fleet.name,
    ...(deployed.launchTemplateVersion && { [TEMPLATE_VERSION_TAG]: deployed.launchTemplateVersion }),
  },
});

/** The fleets of the fleet file joined with what was deployed for them. */
export const fleetSettings = (
  fleets: readonly FleetSpecification[],
  deployed: Readonly<Record<string, DeployedFleet>>,
  stack: string,
): ReadonlyMap<FleetName, FleetSettings> =>
  new Map(
    fleets.map((fleet) => {
      const resources = deployed[fleet.name];
      if (resources === undefined)
        throw new Error(`Fleet ${fleet.name} is in the fleet file but was not deployed: run serverless deploy.`);
      return [fleet.name, settingsOfFleet(fleet, resources, stack)];
    }),
  );
