import type { Purchase } from '../../fleet/pool.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { type Market, type MarketPool, poolName } from '../../market/market.ts';
import type { PriceSurge } from '../../market/surge.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Machine, MachineLaunch } from '../machines/machine.ts';
import type { LocalContext } from '../service.ts';
import type { Candidate, Refusal } from './allocate.ts';
import type { FleetRequest } from './fleet-request.ts';
import type { Identifiers } from './identifiers.ts';
import type { LaunchTemplateStore, Tags } from './launch-templates.ts';
import type { LocalNetwork } from './network.ts';

/** Machines of one override that one fleet request brought. */
export interface FleetGrant {
  readonly candidate: Candidate;
  readonly purchase: Purchase;
  readonly instanceIds: readonly string[];
}

export interface FleetRefusal {
  readonly candidate: Candidate;
  readonly purchase: Purchase;
  readonly refusal: Refusal;
}

export interface FleetRecord {
  readonly fleetId: string;
  readonly createdAt: EpochMs;
  readonly request: FleetRequest;
  readonly fingerprint: string;
  readonly tags: Tags;
  readonly grants: readonly FleetGrant[];
  readonly refusals: readonly FleetRefusal[];
}

/** Everything the EC2 service knows, shared by its calls. */
export interface Ec2State {
  readonly context: LocalContext;
  readonly clock: Clock;
  readonly market: Market;
  /** Scripted prices, which the market answers above its own. */
  readonly surges: PriceSurge[];
  readonly network: LocalNetwork;
  readonly identifiers: Identifiers;
  readonly templates: LaunchTemplateStore;
  readonly onDemandLimitVcpu: number;
  readonly machines: Map<string, Machine>;
  readonly fleets: Map<string, FleetRecord>;
  readonly fleetIdByToken: Map<string, string>;
  /** Machines launched so far, by pool: the next one's ordinal. */
  readonly launchedByPool: Map<string, number>;
  /** A scripted shortage: no spot capacity anywhere before this. */
  noSpotUntil: EpochMs;
  /** Set when the local cloud closes: nothing is launched any more. */
  isClosing: boolean;
  launch(launch: MachineLaunch): void;
}

const isLive = (machine: Machine): boolean => machine.state === 'pending' || machine.state === 'running';

export const liveMachines = (state: Ec2State, purchase?: Purchase): readonly Machine[] =>
  [...state.machines.values()].filter(
    (machine) => isLive(machine) && (purchase === undefined || machine.launch.purchase === purchase),
  );

/** Spot machines that the pool can still take. */
export const freeSpot = (state: Ec2State, pool: MarketPool): number => {
  const now = state.clock.now();
  if (now < state.noSpotUntil) return 0;
  const used = liveMachines(state, 'spot').filter((machine) => poolName(machine.launch) === poolName(pool)).length;
  return Math.max(0, state.market.capacityAt(pool, now) - used);
};

export const onDemandVcpuInUse = (state: Ec2State): number =>
  liveMachines(state, 'on-demand').reduce(
    (sum, machine) => sum + (state.market.type(machine.launch.instanceType)?.vcpu ?? 0),
    0,
  );

/** Terminated machines stay visible for about an hour (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html). */
const TERMINATED_VISIBLE_MS = 3_600_000;

export const forgetOldMachines = (state: Ec2State): void => {
  const before = state.clock.now() - TERMINATED_VISIBLE_MS;
  for (const [instanceId, machine] of state.machines) {
    if (machine.terminatedAt !== undefined && machine.terminatedAt < before) state.machines.delete(instanceId);
  }
};

/** Zone ids, addresses and the like follow from the machine's place in its pool. */
export const privateIpOf = (state: Ec2State, launch: MachineLaunch): string => {
  const zoneIndex = state.network.subnets.findIndex((subnet) => subnet.subnetId === launch.subnetId);
  const host = 10 + [...state.machines.keys()].indexOf(launch.instanceId);
  return `10.0.${Math.max(0, zoneIndex)}.${host % 246}`;
};
