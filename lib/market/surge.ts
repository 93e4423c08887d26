import type { EpochMs } from '../fleet/time.ts';
import { type Market, type MarketPool, poolName } from './market.ts';
import type { PriceChange } from './price.ts';

/** A scripted price of one pool, in force from one instant until before another, whatever the market generates. */
export interface PriceSurge {
  readonly pool: MarketPool;
  readonly from: EpochMs;
  readonly until: EpochMs;
  readonly microUsdPerHour: number;
}

const boundsWithin = (surges: readonly PriceSurge[], isWithin: (at: EpochMs) => boolean): readonly EpochMs[] =>
  surges.flatMap(({ from, until }) => [from, until]).filter(isWithin);

/** The same market with the prices of `surges`, which may grow while it is used. */
export const withSurges = (market: Market, surges: readonly PriceSurge[]): Market => {
  const ofPool = (pool: MarketPool): readonly PriceSurge[] =>
    surges.filter((surge) => poolName(surge.pool) === poolName(pool));
  const priceAt = (pool: MarketPool, at: EpochMs): number =>
    ofPool(pool).findLast(({ from, until }) => from <= at && at < until)?.microUsdPerHour ?? market.priceAt(pool, at);
  const changeAt =
    (pool: MarketPool) =>
    (at: EpochMs): PriceChange => ({ at, microUsdPerHour: priceAt(pool, at) });
  return {
    ...market,
    priceAt,
    priceChanges: (pool, from, until) => {
      const generated = market.priceChanges(pool, from, until).map(({ at }) => at);
      const scripted = boundsWithin(ofPool(pool), (at) => at <= until);
      const instants = [...new Set([...generated, ...scripted])].sort((one, other) => one - other);
      const inForce = instants.findLastIndex((at) => at <= from);
      return instants.slice(Math.max(0, inForce)).map(changeAt(pool));
    },
    nextPriceChange: (pool, after) => {
      const scripted = boundsWithin(ofPool(pool), (at) => at > after);
      const generated = market.nextPriceChange(pool, after).at;
      return changeAt(pool)(Math.min(generated, ...scripted) as EpochMs);
    },
  };
};
