import { areLostTogether, coverFor, type FleetLosses } from './fleet-hedge.ts';
import { budgetUsed, type FleetShortfall, shortHourWorth } from './fleet-shortfall.ts';
import { type FleetPoolSeen, spreadOver } from './fleet-spread.ts';

/** A fleet of so many machines that must stay up. Times in seconds, prices in dollars an hour. */
export interface FleetDemand {
  readonly workers: number;
  readonly coldStartSeconds: number;
  /** How long before a loss it is told; 0 where nobody can rely on it. */
  readonly warningSeconds: number;
  readonly onDemandPrice: number;
  /** Share of a full fleet's work that is to be done, such as 0.995. */
  readonly throughputGoal: number;
  /** Machines that are on demand whatever spot costs; none where nothing is said. */
  readonly onDemandBase?: number;
  /** Spot dearer than this share of the on-demand price is not bought; 0.9 where nothing is said. */
  readonly spotShareMax?: number;
  /** Pools never differ by more than one machine, but for refusals; otherwise price and losses count too. */
  readonly isSpreadEvenly?: boolean;
}

export interface FleetMachineSeen {
  readonly id: number;
  /** The pool's name; nothing for on-demand. */
  readonly pool?: string;
  readonly isReady: boolean;
  /** It has been told that it will be taken. */
  readonly isLeaving: boolean;
}

export interface FleetSeen {
  readonly nowSeconds: number;
  /** In the order of their launch. */
  readonly machines: readonly FleetMachineSeen[];
  readonly pools: readonly FleetPoolSeen[];
  readonly losses: FleetLosses;
  readonly shortfall: FleetShortfall;
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
const SPOT_SHARE_MAX_DEFAULT = 0.9;
/** Against rounding in sums of prices. */
const ROUNDING = 1e-9;

/** Machines above the fleet's size that may be had while others start: half of it again, and at least two. */
export const surgeOf = (workers: number): number => Math.max(2, Math.ceil(workers / 2));

/** How long a loss leaves the fleet short of a machine. */
export const uncoveredSecondsOf = ({
  coldStartSeconds,
  warningSeconds,
}: Pick<FleetDemand, 'coldStartSeconds' | 'warningSeconds'>): number => Math.max(0, coldStartSeconds - warningSeconds);

const baseOf = ({ onDemandBase = 0, workers }: FleetDemand): number => Math.min(onDemandBase, workers);

const priceMaxOf = ({ onDemandPrice, spotShareMax = SPOT_SHARE_MAX_DEFAULT }: FleetDemand): number =>
  onDemandPrice * spotShareMax;

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
  seen.nowSeconds >= record.setAsideUntilSeconds && (price ?? 0) <= priceMaxOf(demand) && !isTaking(name, seen);

/** What is wanted of each kind, with what stands by for losses to come. */
interface Wanted {
  readonly spot: number;
  /** Ready machines beyond the fleet's size that on-demand fills up to. */
  readonly standingBy: number;
  readonly budgetUsed: number;
}

const priceOf = (demand: FleetDemand, pools: readonly FleetPoolSeen[], name: string | undefined): number =>
  pools.find((pool) => pool.name === name)?.price ?? priceMaxOf(demand);

/** On-demand machines that what ready spot saves pays for: what is ready never costs more than on-demand alone. */
const affordedCover = (demand: FleetDemand, { pools }: FleetSeen, { spot }: Held): number => {
  const ready = spot.filter(({ isReady }) => isReady);
  const saved = ready.reduce((sum, { pool }) => sum + demand.onDemandPrice - priceOf(demand, pools, pool), 0);
  return Math.max(0, Math.floor(saved / demand.onDemandPrice + ROUNDING));
};

/** Spot machines beyond those needed that a fleet wholly on spot could have for the price of on-demand alone. */
const affordedSpare = ({ onDemandPrice }: FleetDemand, needed: number, dearest: number): number =>
  Math.min(needed, Math.floor(needed * (onDemandPrice / dearest - 1) + ROUNDING));

/**
 * Spot of other pools stands by where several can be had, being cheapest; where everything hangs on one pool, or pools go
 * together, more of it would go with the rest. What on-demand stands by is first of all what fell in for lost spot: it is
 * kept, after spot has come back, until the calm has lasted.
 */
const wantedOf = (demand: FleetDemand, seen: FleetSeen, held: Held, askable: readonly FleetPoolSeen[]): Wanted => {
  const { workers, onDemandPrice } = demand;
  const used = budgetUsed(seen.shortfall, demand);
  const terms = {
    nowSeconds: seen.nowSeconds,
    uncoveredSeconds: uncoveredSecondsOf(demand),
    shortHourWorth: shortHourWorth(used),
  };
  const needed = workers - baseOf(demand);
  const dearest = Math.max(0, ...askable.map(({ name }) => priceOf(demand, seen.pools, name)));
  const places = new Set([...askable.map(({ name }) => name), ...held.spot.map(({ pool }) => pool)]);
  const isCoveredByPools = askable.length > 0 && places.size > 1 && !areLostTogether(seen.losses);
  const spare = isCoveredByPools
    ? coverFor(seen.losses, {
        ...terms,
        priceShare: dearest / onDemandPrice,
        most: affordedSpare(demand, needed, dearest),
      })
    : 0;
  const standingBy = coverFor(seen.losses, { ...terms, priceShare: 1, most: affordedCover(demand, seen, held) });
  return { spot: needed + spare, standingBy, budgetUsed: used };
};

/** On-demand goes first, being dearest; what still starts before what is ready. */
const surplusOnDemand = (demand: FleetDemand, held: Held, needed: number): readonly number[] => {
  const most = Math.max(0, held.onDemand.length - baseOf(demand));
  const starting = held.ready >= needed ? held.onDemand.filter(({ isReady }) => !isReady) : [];
  const ready = held.onDemand.filter(({ isReady }) => isReady).slice(0, Math.max(0, held.ready - needed));
  return [...starting, ...ready].slice(0, most).map(({ id }) => id);
};

/** The newest machine of the pool that has most. */
const nextToGo = (spot: readonly FleetMachineSeen[]): FleetMachineSeen => {
  const byPool = [...Map.groupBy(spot, ({ pool }) => pool).values()];
  return byPool.reduce((most, machines) => (machines.length > most.length ? machines : most)).at(-1)!;
};

/** Spot beyond what is wanted goes so that it stays spread, never so far that the fleet is short. */
const surplusSpot = (held: Held, wanted: Wanted, needed: number): readonly number[] => {
  const gone = new Set<FleetMachineSeen>();
  for (let spare = Math.min(held.spot.length - wanted.spot, held.ready - needed); spare > 0; spare -= 1) {
    gone.add(nextToGo(held.spot.filter((machine) => !gone.has(machine))));
  }
  return [...gone].map(({ id }) => id);
};

const NOTHING: ReadonlyMap<string, number> = new Map();

const percent = (share: number): string => `${Math.round(100 * share)} %`;

const explained = (what: string, { standingBy, budgetUsed: used }: Wanted, workers: number): string => {
  const cover = standingBy === 0 ? 'none stands by' : `${standingBy} stand by for losses like the last`;
  return `${what}; ${workers} must be ready, ${cover}, ${percent(used)} of the allowed shortfall is used up`;
};

/** Everything that the steps of one decision look at. */
interface Weighed {
  readonly demand: FleetDemand;
  readonly held: Held;
  readonly askable: readonly FleetPoolSeen[];
  readonly wanted: Wanted;
  readonly total: number;
  /** Machines that may still be launched. */
  readonly room: number;
}

const weigh = (demand: FleetDemand, seen: FleetSeen): Weighed => {
  const held = heldOf(seen);
  const askable = seen.pools.filter((pool) => isAskable(pool, seen, demand));
  const total = held.spot.length + held.onDemand.length;
  const room = demand.workers + surgeOf(demand.workers) - total;
  return { demand, held, askable, wanted: wantedOf(demand, seen, held, askable), total, room };
};

const askSpot = ({ demand, held, askable, wanted, room }: Weighed): FleetPurchase | undefined => {
  const missing = Math.min(wanted.spot - held.spot.length, room);
  if (missing <= 0 || askable.length === 0) return undefined;
  const terms = { ...demand, priceMax: priceMaxOf(demand), isEven: demand.isSpreadEvenly === true };
  const spot = spreadOver(terms, askable, held.inPool, missing);
  const why = explained(`asks ${missing} spot of ${spot.size} pools`, wanted, demand.workers);
  return { spot, onDemand: 0, release: [], why };
};

const askOnDemand = ({ demand, held, wanted, total, room }: Weighed): FleetPurchase | undefined => {
  const covering = Math.max(demand.workers - total, Math.min(demand.workers + wanted.standingBy - total, room));
  const onDemand = Math.max(covering, baseOf(demand) - held.onDemand.length);
  if (onDemand <= 0) return undefined;
  const why = explained(`asks ${onDemand} on demand, which no spot covers`, wanted, demand.workers);
  return { spot: NOTHING, onDemand, release: [], why };
};

const releaseSurplus = ({ demand, held, wanted }: Weighed): FleetPurchase => {
  const needed = demand.workers + wanted.standingBy;
  const onDemand = surplusOnDemand(demand, held, needed);
  const release = onDemand.length > 0 ? onDemand : surplusSpot(held, wanted, needed);
  const why = explained(release.length > 0 ? `releases ${release.length}` : 'changes nothing', wanted, demand.workers);
  return { spot: NOTHING, onDemand: 0, release, why };
};

/**
 * What a steady fleet buys and releases now. Spot first, spread; then on-demand for exactly what spot that was granted
 * does not cover, held until spot is ready to take its place and so many stand by as the fleet's own losses make worth
 * their price. It is to be asked again, with the answers remembered, until it wants nothing more.
 */
export const decideFleetPurchase = (demand: FleetDemand, seen: FleetSeen): FleetPurchase => {
  const weighed = weigh(demand, seen);
  return askSpot(weighed) ?? askOnDemand(weighed) ?? releaseSurplus(weighed);
};
