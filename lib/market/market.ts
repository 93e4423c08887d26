import type { EpochMs } from '../fleet/time.ts';
import { fateOf, type MachineFate } from './fate.ts';
import { type PriceChange, poolPrices } from './price.ts';
import type { MarketSettings, MarketType } from './settings.ts';
import { poolSpells } from './spells.ts';

/** An instance type in a zone: what has a spot price and a capacity of its own. */
export interface MarketPool {
  readonly instanceType: string;
  readonly zone: string;
}

/** A spot market, answered purely: the same question always has the same answer, in whatever order questions come. */
export interface Market {
  readonly settings: MarketSettings;
  readonly pools: readonly MarketPool[];
  type(instanceType: string): MarketType | undefined;
  /** Spot price in micro-USD per hour. */
  priceAt(pool: MarketPool, at: EpochMs): number;
  priceChanges(pool: MarketPool, from: EpochMs, until: EpochMs): readonly PriceChange[];
  nextPriceChange(pool: MarketPool, after: EpochMs): PriceChange;
  /** Machines that the pool can hold, whether or not they run already; 0 in an outage. */
  capacityAt(pool: MarketPool, at: EpochMs): number;
  /** When the machine launched at `launchedAt` as the `ordinal`-th of its pool is reclaimed; undefined: never. */
  fate(pool: MarketPool, ordinal: number, launchedAt: EpochMs): MachineFate | undefined;
}

export const poolName = (pool: MarketPool): string => `${pool.instanceType}/${pool.zone}`;

const requireShare = (name: string, value: number): void => {
  if (!(value >= 0 && value <= 1)) throw new Error(`The market's ${name} is ${value}; give a share from 0 to 1.`);
};

const checkSettings = (settings: MarketSettings): void => {
  requireShare('correlation', settings.correlation);
  requireShare('shareWithoutWarning', settings.shareWithoutWarning);
  requireShare('shareWithRebalance', settings.shareWithRebalance);
  for (const type of settings.types) requireShare(`spotDiscount of ${type.instanceType}`, type.spotDiscount);
  if (!(settings.restlessness >= 0)) {
    throw new Error(`The market's restlessness is ${settings.restlessness}; give 0 (nothing is reclaimed) or more.`);
  }
  if (!(settings.priceStepMs.least > 0)) throw new Error('The market needs a priceStepMs above 0.');
};

const poolModel = (settings: MarketSettings, pool: MarketPool, type: MarketType) => ({
  spells: poolSpells(settings, poolName(pool)),
  prices: poolPrices(settings, type, poolName(pool)),
});

export const createMarket = (settings: MarketSettings): Market => {
  checkSettings(settings);
  const types = new Map(settings.types.map((type) => [type.instanceType, type]));
  const pools = settings.types.flatMap(({ instanceType }) => settings.zones.map((zone) => ({ instanceType, zone })));
  const models = new Map(
    pools.map((pool) => [poolName(pool), poolModel(settings, pool, types.get(pool.instanceType)!)]),
  );
  const modelOf = (pool: MarketPool) => {
    const model = models.get(poolName(pool));
    if (!model) throw new Error(`The market has no pool ${poolName(pool)}; it has ${[...models.keys()].join(', ')}.`);
    return model;
  };
  return {
    settings,
    pools,
    type: (instanceType) => types.get(instanceType),
    priceAt: (pool, at) => modelOf(pool).prices.at(at),
    priceChanges: (pool, from, until) => modelOf(pool).prices.between(from, until),
    nextPriceChange: (pool, after) => modelOf(pool).prices.next(after),
    capacityAt: (pool, at) => modelOf(pool).spells.at(at).machines,
    fate: (pool, ordinal, launchedAt) =>
      fateOf(settings, { pool: poolName(pool), ordinal, launchedAt }, modelOf(pool).spells.nextOutage(launchedAt)),
  };
};
