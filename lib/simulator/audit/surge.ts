import type { FleetState, Member } from '../../fleet/fleet.ts';
import type { FleetSettings } from '../../fleet/fleet-settings.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import { poolKey } from '../../fleet/pool.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { SURGE_SHARE } from './counts.ts';
import { takingOf } from './what-items-say.ts';

/** What a reconcile had read when it asked for machines. */
export interface ReadFleet {
  readonly state: FleetState;
  readonly records: ReadonlyMap<InstanceId, InstanceRecord | undefined>;
  readonly useful: readonly Member[];
  readonly settings: FleetSettings;
  /** When: a recommendation that expires while the order is written was there when it was decided. */
  readonly readAt: EpochMs;
}

/** Machines of one pool that are warned within this time were lost together (docs/capacity.md). */
const TOGETHER_MS = 600_000;

const placeOf = ({ pool }: Member): string => poolKey(pool);

const isAdvised = ({ records, settings, readAt }: ReadFleet, { instanceId }: Member): boolean => {
  const advised = records.get(instanceId)?.signals['rebalance-recommendation'];
  return advised !== undefined && readAt < advised.recordedAt + settings.drain.warySeconds * 1_000;
};

const wasJustTaken = ({ records, readAt }: ReadFleet, { instanceId }: Member): boolean => {
  const record = records.get(instanceId);
  const taken = record && takingOf(record);
  return taken !== undefined && readAt < taken.recordedAt + TOGETHER_MS;
};

/** Places in which two machines at least were just taken, and half of those that are there. */
const stormyPlaces = (read: ReadFleet): ReadonlySet<string> => {
  const byPlace = Map.groupBy(read.state.members, placeOf);
  const isStormy = (members: readonly Member[]): boolean => {
    const taken = members.filter((member) => wasJustTaken(read, member)).length;
    return taken >= 2 && 2 * taken >= members.length;
  };
  return new Set([...byPlace].filter(([, members]) => isStormy(members)).map(([place]) => place));
};

/** Spot machines that may be taken soon: EC2 recommends to move them, or their pool is losing machines together. */
const doubtful = (read: ReadFleet): number => {
  const stormy = stormyPlaces(read);
  const isDoubtful = (member: Member): boolean =>
    member.pool.purchase === 'spot' &&
    ((read.settings.drain.rebalance !== 'ignore' && isAdvised(read, member)) || stormy.has(placeOf(member)));
  return read.useful.filter(isDoubtful).length;
};

/**
 * How many may be asked for beyond what is wanted, so that a replacement is there before a machine goes: as many as there
 * are machines to replace, for one reason at a time, and a quarter of the fleet at most (N3).
 */
export const surgeAllowed = (read: ReadFleet, onDemand: number, wanted: number): number => {
  const standIns = Math.max(0, onDemand - Math.min(read.settings.capacity.onDemandBase, wanted));
  return Math.min(Math.max(standIns, doubtful(read)), Math.ceil(wanted * SURGE_SHARE));
};
