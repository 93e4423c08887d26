import type { Member } from '../../fleet/fleet.ts';
import type { CapacityPolicy, FleetSettings } from '../../fleet/fleet-settings.ts';
import type { FleetName, InstanceId } from '../../fleet/ids.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import { type Pool, type Purchase, poolKey } from '../../fleet/pool.ts';
import type { PriceBoard } from '../../fleet/price-board.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { isUseful, wantedOf } from './counts.ts';
import type { Compared, Deeds } from './deeds.ts';
import { isLossy, isTooDear } from './judge-prices.ts';
import { type Neglect, neglect } from './neglect.ts';
import { takingOf } from './what-items-say.ts';

/**
 * What a reconcile buys, or leaves, judged by what it had read: spot before on demand, the base on demand, machines that
 * may be taken before they are, and spot in place of on demand once it is back. Only clear cases are judged: nothing is
 * open, nobody rests, and the pools that matter are left alone no longer.
 */

/** A decision goes by the time before the last things were read, and each of three calls may take some seconds. */
const SLOW_MS = 15_000;

/** Three minutes after its first trouble, doubled by each further one up to half an hour (docs/capacity.md). */
const leftAloneMs = (strikes: number): number =>
  strikes === 0 ? 0 : Math.min(1_800_000, 180_000 * 2 ** (strikes - 1)) + SLOW_MS;

/** An on-demand machine that outlasts a long task by so much makes room for spot, also where nothing waits. */
const OUTLASTS_MS = 605_000;

/** Work that waits for so long is there when another machine is up, which takes two minutes. */
const LASTS_MS = 200_000;

/** Machines of a pool that are taken within this time are lost together. */
const STORM_MS = 610_000;

/** What was read a moment before counts no more by the time of the decision. */
const MOMENT_MS = 10_000;

/** The schedule looks at each fleet once a minute. */
const LOOK_MS = 60_000;

interface Buying {
  readonly fleet: FleetName;
  readonly compared: Compared;
  readonly capacity: CapacityPolicy;
  readonly drain: FleetSettings['drain'];
  readonly records: readonly InstanceRecord[];
  readonly useful: readonly Member[];
  /** Machines that are on their way out and may be called back. */
  readonly recallable: number;
  readonly onDemand: readonly Member[];
  readonly wanted: number;
  /** Some were told to leave or to drain, by this very reconcile: by now they are fewer than it had counted. */
  readonly isAnySentAway: boolean;
  /** How many were asked for. */
  readonly asked: Readonly<Record<Purchase, number>>;
  readonly alarms: ReadonlySet<string>;
  /** What its pools cost, as far as it was known. */
  readonly board: PriceBoard | undefined;
}

const buyingOf = (deeds: Deeds, compared: Compared, { drain, fleet }: FleetSettings): Buying => {
  const { state, backlog, capacity } = compared;
  const recordOf = ({ instanceId }: Member): InstanceRecord | undefined => deeds.records.get(instanceId)?.value;
  const staying = state.members.filter(({ instanceId }) => !deeds.draining.has(instanceId));
  const useful = staying.filter((member) => isUseful(recordOf(member)));
  const asked = (purchase: Purchase): number =>
    deeds.opened
      .filter((one) => one.fleet === fleet && one.intent.purchase === purchase)
      .reduce((sum, { intent }) => sum + intent.count, 0);
  return {
    fleet,
    compared,
    capacity,
    drain,
    records: [...deeds.records.values()].map(({ value }) => value).filter((record) => record.fleet === fleet),
    useful,
    recallable: staying.filter((member) => recordOf(member)?.signals.leave !== undefined).length,
    onDemand: useful.filter(({ pool }) => pool.purchase === 'on-demand'),
    wanted: wantedOf(backlog, capacity),
    isAnySentAway: state.members.some(({ instanceId: id }) => deeds.sentAway.includes(id) || deeds.drained.has(id)),
    asked: { spot: asked('spot'), 'on-demand': asked('on-demand') },
    alarms: deeds.alarms,
    board: deeds.boards.get(fleet),
  };
};

/** Nothing is known against it: neither a refusal nor a machine that was taken, for as long as that counts, nor its price. */
const isOpen =
  ({ compared: { state, at }, records, board, capacity }: Buying) =>
  (pool: Pool): boolean => {
    if (pool.purchase === 'spot' && (isTooDear(board, pool, capacity) || isLossy(board, pool))) return false;
    const { refusedAt = 0, reclaimedAt = 0, strikes = 0 } = state.head.pools[poolKey(pool)] ?? {};
    const isTaking = records.some((record) => poolKey(record.pool) === poolKey(pool) && takingOf(record) !== undefined);
    return !isTaking && Math.max(refusedAt, reclaimedAt) + leftAloneMs(strikes) <= at;
  };

const poolsOf = ({ capacity }: Buying, purchase: Purchase): readonly Pool[] =>
  capacity.places.map(({ instanceType, zone }) => ({ instanceType, zone, purchase }));

const hasOpenSpot = (buying: Buying): boolean => poolsOf(buying, 'spot').some(isOpen(buying));

const baseOf = ({ capacity, wanted }: Buying): number => Math.min(capacity.onDemandBase, wanted);

/** What is missing of the base is asked for on demand or not at all. */
const baseMissing = (buying: Buying): number => Math.max(0, baseOf(buying) - buying.onDemand.length);

const isAnyAsked = ({ asked }: Buying): boolean => asked.spot + asked['on-demand'] > 0;

/** M1: on demand is the base, and stands in where no spot pool may be asked. */
const dearWithoutNeed = (buying: Buying): Neglect[] => {
  const { asked } = buying;
  const beyondBase = asked['on-demand'] - baseMissing(buying);
  return beyondBase > 0 && hasOpenSpot(buying)
    ? [neglect('M1', `${beyondBase} machines asked for on demand, and nothing speaks against spot`)]
    : [];
};

/** W4 and O2: what is missing is asked for, or people are told that nobody can be asked. */
const nothingAsked = (buying: Buying): Neglect[] => {
  const { useful, recallable, wanted, capacity, alarms } = buying;
  const missing = wanted - useful.length - recallable;
  if (missing <= 0 || isAnyAsked(buying)) return [];
  if (missing > baseMissing(buying) && hasOpenSpot(buying))
    return [neglect('W4', `${missing} of ${wanted} machines are missing, and nobody is asked`)];
  const isTold = alarms.has('NoCapacity') || (capacity.onDemandAfterSeconds ?? 0) > 0;
  return isTold ? [] : [neglect('O2', `${missing} of ${wanted} machines can be asked of nobody, and no alarm says so`)];
};

/** The base is there to stay when spot goes: while machines are missing, it is asked for on demand. */
const baseNotAsked = (buying: Buying): Neglect[] => {
  const { useful, recallable, wanted, asked } = buying;
  const missing = Math.min(baseMissing(buying), wanted - useful.length) - recallable;
  return missing > 0 && asked['on-demand'] === 0 && poolsOf(buying, 'on-demand').every(isOpen(buying))
    ? [neglect('W4', `${missing} machines of the on-demand base are missing, and none is asked for`)]
    : [];
};

/** As many as are wanted: one that is to be replaced is replaced before it goes. Were there more, they would do. */
const isJustEnough = ({ useful, wanted, isAnySentAway }: Buying): boolean =>
  wanted > 0 && useful.length === wanted && !isAnySentAway;

/** What EC2 recommends to move is replaced before it is taken. */
const notReplacedEarly = (buying: Buying): Neglect[] => {
  const { compared, useful, records, drain, asked } = buying;
  const until = compared.at + MOMENT_MS - drain.warySeconds * 1_000;
  const advised = records.find(
    ({ instanceId, pool, signals }) =>
      pool.purchase === 'spot' &&
      (signals['rebalance-recommendation']?.recordedAt ?? 0) > until &&
      useful.some((member) => member.instanceId === instanceId),
  );
  if (drain.rebalance !== 'wary' || advised === undefined) return [];
  return isJustEnough(buying) && asked.spot === 0 && hasOpenSpot(buying)
    ? [neglect('W4', `EC2 recommends to move ${advised.instanceId}, and nothing is asked for in its place`)]
    : [];
};

/** Replacements of machines that may be taken come first: of one that is advised, or of a pool that loses several. */
const mayBeTaken = ({ records, useful, compared }: Buying): boolean => {
  const isUsed = (id: InstanceId): boolean => useful.some(({ instanceId }) => instanceId === id);
  const taken = records.filter((record) => {
    const signal = takingOf(record);
    return signal !== undefined && compared.at < signal.recordedAt + STORM_MS;
  });
  const isAdvised = ({ instanceId, signals }: InstanceRecord): boolean =>
    signals['rebalance-recommendation'] !== undefined && isUsed(instanceId);
  return taken.length > 1 || records.some(isAdvised);
};

/** The work that waits is there when another machine is up: longer than that takes, or for as long as nobody knows. */
const stillWaits = ({ compared, records }: Buying): boolean => {
  const { waiting, inFlight } = compared.backlog;
  const { runTimes } = compared.state.head;
  if (runTimes === undefined) return waiting > 0 && records.every((record) => record.runTimes === undefined);
  return (waiting * runTimes.halfMs) / Math.max(1, inFlight) >= LASTS_MS;
};

/** Nobody who is on demand can still be at its first task. */
const haveOutlasted = ({ compared, records, onDemand }: Buying): boolean => {
  const { runTimes } = compared.state.head;
  if (runTimes === undefined) return false;
  const longestMs = Math.max(runTimes.nineTenthsMs, ...records.map((record) => record.runTimes?.nineTenthsMs ?? 0));
  return onDemand.every(({ launchedAt }) => compared.at - launchedAt > longestMs + OUTLASTS_MS);
};

/** M1: once spot is back, on-demand machines beyond the base are replaced while work waits, or as they outlast their tasks. */
const notReturned = (buying: Buying): Neglect[] => {
  const { onDemand, asked } = buying;
  if (onDemand.length <= baseOf(buying) || asked.spot > 0 || mayBeTaken(buying)) return [];
  const isWorthIt = haveOutlasted(buying) || stillWaits(buying);
  return isWorthIt && isJustEnough(buying) && hasOpenSpot(buying)
    ? [neglect('M1', `${onDemand.length} machines on demand stay, and nothing speaks against spot`)]
    : [];
};

const isSpot = ({ pool }: Member): boolean => pool.purchase === 'spot';

/** What the fleet file waits for spot before it pays on demand, in milliseconds. */
const patienceMs = ({ capacity }: Buying): number => (capacity.onDemandAfterSeconds ?? 0) * 1_000;

/** M1: on demand stands in once spot has given nothing for as long as the fleet file says. */
const impatient = (buying: Buying): Neglect[] => {
  const { compared, asked } = buying;
  const given = compared.state.members.find(
    (member) => isSpot(member) && member.launchedAt > compared.at - patienceMs(buying) + MOMENT_MS,
  );
  return given !== undefined && asked['on-demand'] > baseMissing(buying)
    ? [neglect('M1', `on demand is asked for, and spot has given ${given.instanceId} a moment ago`)]
    : [];
};

/** Machines that are missing, that nobody was asked for, and that on demand could still stand in for. */
const lackOf = (buying: Buying): number => {
  const { useful, recallable, onDemand, wanted, capacity } = buying;
  const room = capacity.onDemandMax - onDemand.length - recallable;
  return isAnyAsked(buying) ? 0 : Math.min(wanted - useful.length - recallable, room);
};

/** Since when each fleet has lacked machines, look after look, as long as each of them was judged. */
export type Lacking = Map<FleetName, EpochMs>;

/** W4: nobody waits for longer than the fleet file says, once on demand can be asked. */
const waitsTooLong = (buying: Buying, lacking: Lacking): Neglect[] => {
  const { fleet, compared } = buying;
  const since = lacking.get(fleet) ?? compared.at;
  const hasGiven = compared.state.members.some((member) => isSpot(member) && member.launchedAt >= since);
  const lack = hasGiven ? 0 : lackOf(buying);
  if (lack <= 0) lacking.delete(fleet);
  else lacking.set(fleet, since);
  const isOver = compared.at - since >= patienceMs(buying) + 2 * LOOK_MS;
  return lack > 0 && patienceMs(buying) > 0 && isOver && poolsOf(buying, 'on-demand').every(isOpen(buying))
    ? [neglect('W4', `${lack} machines are missing for longer than spot is waited for, and nobody is asked`)]
    : [];
};

const RULES: readonly ((buying: Buying) => Neglect[])[] = [
  dearWithoutNeed,
  nothingAsked,
  baseNotAsked,
  notReplacedEarly,
  notReturned,
  impatient,
];

const isResting = ({ hasRested }: Deeds, { state, at }: Compared): boolean =>
  hasRested || (state.head.restUntil ?? 0) + MOMENT_MS > at;

/** What was not judged may have been the end of a lack. */
const forget = (lacking: Lacking, fleet: FleetName): readonly Neglect[] => {
  lacking.delete(fleet);
  return [];
};

/** A window has reasons of its own: with one, nothing of this is judged. */
export const judgeBuying = (
  deeds: Deeds,
  compared: Compared | undefined,
  settings: FleetSettings,
  lacking: Lacking,
): readonly Neglect[] => {
  const { fleet } = settings;
  if (compared === undefined || deeds.failures > 0 || deeds.hasLost) return forget(lacking, fleet);
  const isWaiting = Object.keys(compared.state.head.openIntents).length > 0;
  if (compared.capacity.window !== undefined || isWaiting || isResting(deeds, compared)) return forget(lacking, fleet);
  const buying = buyingOf(deeds, compared, settings);
  return [...RULES.flatMap((rule) => rule(buying)), ...waitsTooLong(buying, lacking)];
};
