import { isAvailable, type Market } from '../job.ts';

/** The pool with the lowest price of those that have spot in this tick; of equals the first. */
export const cheapestPool = (market: Market, tick: number): number | undefined => {
  let best: number | undefined;
  for (let pool = 0; pool < market.pools.length; pool += 1) {
    if (!isAvailable(market, pool, tick)) continue;
    if (best === undefined || market.pools[pool]!.price[tick]! < market.pools[best]!.price[tick]!) best = pool;
  }
  return best;
};
