import type { PoolBelief } from './pool-belief.ts';
import type { PoolWatch } from './pool-watch.ts';
import type { PurchaseView } from './purchase.ts';

/** Where the on-demand price is not known, spot is taken to cost this share of it: the usual saving is two thirds. */
const USUAL_SPOT_SHARE = 0.35;

export const onDemandPriceOf = ({ onDemandPrice, pools }: PurchaseView): number => {
  if (onDemandPrice !== undefined) return onDemandPrice;
  const known = pools.flatMap(({ price }) => (price === undefined ? [] : [price]));
  return known.length === 0 ? 1 : Math.max(...known) / USUAL_SPOT_SHARE;
};

/** A pool that may be bought from, now or when it comes back. */
export interface Offer {
  readonly name: string;
  /** Price as a share of on-demand. */
  readonly share: number;
  readonly belief: PoolBelief;
  /** Left alone after failures: not to be bought, and worth waiting for. */
  readonly rests: boolean;
}

/** Pools with a known price that is not too dear. */
export const offersOf = (
  watches: ReadonlyMap<string, PoolWatch>,
  view: PurchaseView,
  nowSeconds: number,
): readonly Offer[] => {
  const onDemandPrice = onDemandPriceOf(view);
  return view.pools.flatMap(({ name }) => {
    const { belief, price, restsUntilSeconds } = watches.get(name)!;
    const isUsable = price !== undefined && price <= (view.spotShareMax ?? 1) * onDemandPrice;
    return isUsable ? [{ name, share: price / onDemandPrice, belief, rests: restsUntilSeconds > nowSeconds }] : [];
  });
};

/** All of them seen as one pool have spot as long as it can be bought in any of them. */
export const anyHasSpot = (offers: readonly Offer[]): boolean =>
  offers.some(({ belief, rests }) => belief.isAvailable && !rests);
