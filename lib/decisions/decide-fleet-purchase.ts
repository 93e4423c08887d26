import { areLostTogether, type FleetLosses, hedgeFor } from './fleet-hedge.ts';
import { type FleetPoolRecord, hazardOf } from './fleet-pool-record.ts';

/** A fleet of so many machines that must stay up. Times in seconds, prices in dollars an hour. */
export interface FleetDemand {
  readonly workers: number;
  readonly coldStartSeconds: number;
  /** How long before a loss it is told; 0 where nobody can rely on it. */
  readonly warningSeconds: number;
  readonly onDemandPrice: number;
  /** Share of a full fleet's work that may be lost to start-ups after losses. */
  readonly allowedLossShare: number;
}

export interface FleetMachineSeen {
  readonly id: number;
  /** The pool's name; nothing for on-demand. */
  readonly pool?: string;
  readonly isReady: boolean;
  /** It has been told that it will be taken. */
  readonly isLeaving: boolean;
}

export interface FleetPoolSeen {
  readonly name: string;
  /** Unknown where no price was seen; then the pool is thought to cost as much as allowed. */
  readonly price?: number;
  readonly record: FleetPoolRecord;
}

export interface FleetSeen {
  readonly nowSeconds: number;
  /** In the order of their launch. */
  readonly machines: readonly FleetMachineSeen[];
  readonly pools: readonly FleetPoolSeen[];
  readonly losses: FleetLosses;
}

export interface FleetPurchase {
  /** Machines to ask of each pool. What is refused is remembered, and then this is decided again. */
  readonly spot: ReadonlyMap<string, number>;
  readonly onDemand: number;
  readonly release: readonly number[];
  /** Why, for people. */
  readonly why: string;
}

/** Spot above this share of the on-demand price is not worth its interruptions. */
const PRICE_SHARE_MAX = 0.9;
/** What concentrating the whole fleet in one pool is held to cost, as a share of the on-demand price. */
const CONCENTRATION_PRICE_SHARE = 0.04;

/** Machines above the fleet's size that may be had while others start: half of it again, and at least two. */
export const surgeOf = (workers: number): number => Math.max(2, Math.ceil(workers / 2));

/** How long a loss leaves the fleet short of a machine. */
export const uncoveredSecondsOf = ({ coldStartSeconds, warningSeconds }: FleetDemand): number =>
  Math.max(0, coldStartSeconds - warningSeconds);

interface Held {
  readonly spot: readonly FleetMachineSeen[];
  readonly onDemand: readonly FleetMachineSeen[];
  readonly ready: number;
  readonly inPool: (name: string) => number;
}

const heldOf = ({ machines }: FleetSeen): Held => {
  const staying = machines.filter(({ isLeaving }) => !isLeaving);
  const spot = staying.filter(({ pool }) => pool !== undefined);
  return {
    spot,
    onDemand: staying.filter(({ pool }) => pool === undefined),
    ready: staying.filter(({ isReady }) => isReady).length,
    inPool: (name) => spot.filter(({ pool }) => pool === name).length,
  };
};

/** A pool that is just taking machines back would take a new one too. */
const isTaking = (name: string, { machines }: FleetSeen): boolean =>
  machines.some(({ pool, isLeaving }) => isLeaving && pool === name);

const isAskable = ({ name, record, price }: FleetPoolSeen, seen: FleetSeen, demand: FleetDemand): boolean =>
  seen.nowSeconds >= record.setAsideUntilSeconds &&
  (price ?? 0) <= demand.onDemandPrice * PRICE_SHARE_MAX &&
  !isTaking(name, seen);

/** What is wanted of each kind, with what stands by for losses to come. */
interface Wanted {
  readonly spot: number;
  /** On-demand machines that stay even when spot could replace them. */
  readonly onDemandFloor: number;
  readonly standingBy: number;
}

/**
 * What stands by is spot of other pools while several can be had, being cheapest. Where everything hangs on one pool, or
 * pools go together, more of it would go with the rest: then as many of the fleet are on demand instead, which go with nothing.
 */
const wantedOf = (demand: FleetDemand, seen: FleetSeen, held: Held, askable: readonly FleetPoolSeen[]): Wanted => {
  const uncoveredSeconds = uncoveredSecondsOf(demand);
  const { workers, allowedLossShare } = demand;
  const hedge = hedgeFor(seen.losses, allowedLossShare, { workers, uncoveredSeconds, nowSeconds: seen.nowSeconds });
  const places = new Set([...askable.map(({ name }) => name), ...held.spot.map(({ pool }) => pool)]);
  return places.size > 1 && !areLostTogether(seen.losses)
    ? { spot: workers + hedge, onDemandFloor: 0, standingBy: hedge }
    : { spot: workers - hedge, onDemandFloor: hedge, standingBy: hedge };
};

/** Dollars an hour of one more machine in a pool: its price, what its loss would cost, and what concentration risks. */
const costOfOneMore = (demand: FleetDemand, { price, record }: FleetPoolSeen, held: number): number => {
  const lossPrice = demand.onDemandPrice * hazardOf(record) * (demand.coldStartSeconds / 3_600);
  const concentration = (CONCENTRATION_PRICE_SHARE * demand.onDemandPrice * held) / demand.workers;
  return (price ?? demand.onDemandPrice * PRICE_SHARE_MAX) + lossPrice * (held + 1) + concentration;
};

/** Places machines one by one where one more costs least, so that pools fill side by side and the shaky ones less. */
const spread = (
  demand: FleetDemand,
  pools: readonly FleetPoolSeen[],
  held: Held,
  machines: number,
): ReadonlyMap<string, number> => {
  const placed = new Map<string, number>();
  for (let left = pools.length === 0 ? 0 : machines; left > 0; left -= 1) {
    const costs = pools.map((pool) =>
      costOfOneMore(demand, pool, held.inPool(pool.name) + (placed.get(pool.name) ?? 0)),
    );
    const { name } = pools[costs.indexOf(Math.min(...costs))]!;
    placed.set(name, (placed.get(name) ?? 0) + 1);
  }
  return placed;
};

/** On-demand goes first, being dearest; what still starts before what is ready. */
const surplusOnDemand = (demand: FleetDemand, held: Held, wanted: Wanted): readonly number[] => {
  const most = Math.max(0, held.onDemand.length - wanted.onDemandFloor);
  const starting = held.ready >= demand.workers ? held.onDemand.filter(({ isReady }) => !isReady) : [];
  const spare = Math.max(0, held.ready - demand.workers);
  const ready = held.onDemand.filter(({ isReady }) => isReady).slice(0, spare);
  return [...starting, ...ready].slice(0, most).map(({ id }) => id);
};

/** Spot beyond what is wanted goes newest first, never so far that the fleet is short. */
const surplusSpot = (demand: FleetDemand, held: Held, wanted: Wanted): readonly number[] => {
  const spare = Math.min(held.spot.length - wanted.spot, held.ready - demand.workers);
  return spare <= 0 ? [] : held.spot.slice(-spare).map(({ id }) => id);
};

const NOTHING: ReadonlyMap<string, number> = new Map();

/**
 * What a steady fleet buys and releases now. Spot first, spread; then on-demand for exactly what spot that was granted
 * does not cover, held until spot is ready to take its place. It is to be asked again, with the answers remembered,
 * until it wants nothing more.
 */
export const decideFleetPurchase = (demand: FleetDemand, seen: FleetSeen): FleetPurchase => {
  const held = heldOf(seen);
  const askable = seen.pools.filter((pool) => isAskable(pool, seen, demand));
  const wanted = wantedOf(demand, seen, held, askable);
  const total = held.spot.length + held.onDemand.length;
  const room = demand.workers + surgeOf(demand.workers) - total;
  const spotMissing = Math.min(wanted.spot - held.spot.length, room);
  if (spotMissing > 0 && askable.length > 0) {
    const spot = spread(demand, askable, held, spotMissing);
    return { spot, onDemand: 0, release: [], why: `spot for ${spotMissing} of ${wanted.spot}, in ${spot.size} pools` };
  }
  const uncovered = Math.max(demand.workers - total, Math.min(wanted.onDemandFloor - held.onDemand.length, room));
  if (uncovered > 0) {
    return { spot: NOTHING, onDemand: uncovered, release: [], why: `no spot for ${uncovered} of ${demand.workers}` };
  }
  const onDemandToGo = surplusOnDemand(demand, held, wanted);
  const release = onDemandToGo.length > 0 ? onDemandToGo : surplusSpot(demand, held, wanted);
  return { spot: NOTHING, onDemand: 0, release, why: `${held.ready} ready, ${wanted.standingBy} standing by` };
};
