import { onceFor } from '../once-for.ts';
import type { HazardModel } from './hazard-model.ts';
import type { Recalled } from './job-memory.ts';
import type { JobValues } from './job-values.ts';
import { type Forecast, forecast, type PoolBelief, upChance } from './pool-belief.ts';
import type { PurchaseView } from './purchase.ts';
import type { ValueTables } from './value-tables.ts';

/** A pool that may be bought from, now or when it comes back. */
export interface OfferOutlook {
  readonly name: string;
  /** Price as a share of on-demand. */
  readonly share: number;
  /** Over the next tick. */
  readonly forecast: Forecast;
  readonly rests: boolean;
}

/** One that has spot. */
export interface PoolOutlook extends OfferOutlook {
  /** How long a machine there may be expected to last. */
  readonly staySeconds: number;
  /** Chance that it is lost after the next tick, but soon. */
  readonly endsSoonChance: number;
}

/**
 * All pools that may be bought from, seen as one: it has spot as long as any of them has. Losing a machine while the
 * market lasts costs a hop to another pool; only when the market ends is there anything to wait for.
 */
export interface MarketOutlook {
  readonly isAvailable: boolean;
  readonly forecast: Forecast;
  readonly values: JobValues;
  /** The share of on-demand that spot is taken to cost from here on. */
  readonly referenceShare: number;
  readonly offers: readonly OfferOutlook[];
  /** Those that have spot and are not left alone. */
  readonly pools: readonly PoolOutlook[];
}

const SOON_SECONDS = 7_200;
/** A chance below which a machine is as good as gone. */
const GONE = 0.01;

/** What a machine in a pool may be expected to last, and its chance to outlast what counts as soon. */
interface Stay {
  readonly seconds: number;
  readonly lastsSoon: number;
}

/** Looks on in strides that double, until what is left of the job could be done there. */
const lookAhead = (model: HazardModel, first: Forecast, view: PurchaseView): Stay => {
  let seen = first;
  let lasts = upChance(first);
  let at = view.tickSeconds;
  let seconds = (at * (1 + lasts)) / 2;
  let lastsSoon = lasts;
  for (let stride = at; at < view.workLeftSeconds && lasts > GONE; stride *= 2) {
    const span = Math.min(stride, view.workLeftSeconds - at);
    seen = forecast(model, { isAvailable: true, ages: seen.ages, weights: seen.stayed }, span / model.stepSeconds);
    const then = upChance(seen);
    seconds += (span * (lasts + then)) / 2;
    lasts = then;
    at += span;
    if (at <= SOON_SECONDS) lastsSoon = lasts;
  }
  return { seconds, lastsSoon };
};

/** How long machines there may be expected to last, for all pools with spot. */
const withStays = (
  { hazards }: Recalled,
  view: PurchaseView,
  offers: readonly OfferOutlook[],
): readonly PoolOutlook[] => {
  const stayOf = onceFor((first: Forecast) => lookAhead(hazards, first, view));
  const pools = offers.filter(({ forecast: { isAvailable }, rests }) => isAvailable && !rests);
  // Where there is no other pool to go to, nothing depends on how long this one lasts but what the market itself tells.
  if (offers.length === 1)
    return pools.map((offer) => ({ ...offer, staySeconds: view.tickSeconds, endsSoonChance: 0 }));
  return pools.map((offer) => {
    const { seconds, lastsSoon } = stayOf(offer.forecast);
    return { ...offer, staySeconds: seconds, endsSoonChance: upChance(offer.forecast) - lastsSoon };
  });
};

/** What may be bought and what is to be expected of it; nothing where there is no usable pool. */
export const marketOutlook = (tables: ValueTables, memory: Recalled, view: PurchaseView): MarketOutlook | undefined => {
  const { hazards, market, referenceShare } = memory;
  if (memory.offers.length === 0) return undefined;
  const steps = view.tickSeconds / hazards.stepSeconds;
  const forecastOf = onceFor((belief: PoolBelief) => forecast(hazards, belief, steps));
  const offers = memory.offers.map(({ name, share, belief, rests }) => ({
    name,
    share,
    rests,
    forecast: forecastOf(belief),
  }));
  return {
    isAvailable: market.isAvailable,
    forecast: forecastOf(market),
    values: tables.valuesFor({ plan: memory.plan, spotShare: referenceShare }),
    referenceShare,
    offers,
    pools: withStays(memory, view, offers),
  };
};
