import { addMs, type EpochMs } from '../fleet/time.ts';
import { draw, drawBetween } from './draw.ts';
import type { MarketSettings, MarketType } from './settings.ts';

/** From `at` on, a machine of the pool costs this much, until the next change. */
export interface PriceChange {
  readonly at: EpochMs;
  readonly microUsdPerHour: number;
}

/** How strongly the price keeps its distance from its usual level from one step to the next. */
const MEMORY = 0.8;

/** Zones of one region differ by this much from each other, up or down. */
const ZONE_SPREAD = { least: 0.9, most: 1.1 };

const priceOf = (type: MarketType, usual: number, distance: number): number =>
  Math.min(type.onDemandMicroUsdPerHour, Math.max(1, Math.round(usual * (1 + distance))));

/**
 * The spot price of one pool: a walk around its usual level that is always drawn back, never above on demand.
 * The first change lies before the market's begin, so a price is in force from the first instant.
 */
export const poolPrices = (settings: MarketSettings, type: MarketType, pool: string) => {
  const { seed, priceStepMs } = settings;
  const usual =
    type.onDemandMicroUsdPerHour * (1 - type.spotDiscount) * drawBetween(ZONE_SPREAD, seed, pool, 'zone-price');
  const changes: PriceChange[] = [
    {
      at: addMs(settings.startsAt, -Math.ceil(drawBetween(priceStepMs, seed, pool, 'first-price'))),
      microUsdPerHour: priceOf(type, usual, 0),
    },
  ];
  let distance = 0;
  const grow = (): void => {
    const index = changes.length;
    distance = MEMORY * distance + settings.priceSwing * (2 * draw(seed, pool, 'price', index) - 1);
    const stepMs = Math.max(1, Math.ceil(drawBetween(priceStepMs, seed, pool, 'price-step', index)));
    changes.push({ at: addMs(changes[index - 1]!.at, stepMs), microUsdPerHour: priceOf(type, usual, distance) });
  };
  const growBeyond = (instant: EpochMs): void => {
    while (changes[changes.length - 1]!.at <= instant) grow();
  };
  return {
    /** The price in force at `instant`: that of the last change before it. */
    at: (instant: EpochMs): number => {
      growBeyond(instant);
      return (changes.findLast((change) => change.at <= instant) ?? changes[0]!).microUsdPerHour;
    },
    /** Changes after `from` and up to `until`, led by the one in force at `from` (DescribeSpotPriceHistory's rule). */
    between: (from: EpochMs, until: EpochMs): readonly PriceChange[] => {
      growBeyond(until);
      const inForce = changes.findLastIndex((change) => change.at <= from);
      return changes.slice(Math.max(0, inForce)).filter((change) => change.at <= until);
    },
    next: (after: EpochMs): PriceChange => {
      growBeyond(after);
      return changes.find((change) => change.at > after)!;
    },
  };
};
