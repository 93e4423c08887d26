import type { PricePoint } from '../fleet/run.ts';
import type { EpochMs } from '../fleet/time.ts';

/** What a spot price did in an interval, in micro-USD per hour; each price weighs as long as it was in force. */
export interface PriceStatistics {
  readonly now: number;
  readonly low: number;
  readonly high: number;
  readonly mean: number;
  /** The standard deviation as a share of the mean: 0 for a price that did not move. */
  readonly volatility: number;
  /** How often it changed. */
  readonly changes: number;
}

interface Stretch {
  readonly price: number;
  readonly ms: number;
}

/** The prices in force within the interval, with how long each was; a time before the first known price is left out. */
const stretchesOf = (series: readonly PricePoint[], from: EpochMs, to: EpochMs): readonly Stretch[] => {
  const inOrder = [...series].sort((one, other) => one.at - other.at);
  return inOrder
    .map(({ at, microUsdPerHour }, index) => ({
      price: microUsdPerHour,
      ms: Math.min(to, inOrder[index + 1]?.at ?? to) - Math.max(from, at),
    }))
    .filter(({ ms }) => ms > 0);
};

/** Nothing for a series that knows no price within the interval. */
export const priceStatistics = (
  series: readonly PricePoint[],
  from: EpochMs,
  to: EpochMs,
): PriceStatistics | undefined => {
  const stretches = stretchesOf(series, from, to);
  const totalMs = stretches.reduce((sum, { ms }) => sum + ms, 0);
  const last = stretches.at(-1);
  if (last === undefined) return undefined;
  const mean = stretches.reduce((sum, { price, ms }) => sum + price * ms, 0) / totalMs;
  const variance = stretches.reduce((sum, { price, ms }) => sum + (price - mean) ** 2 * ms, 0) / totalMs;
  const prices = stretches.map(({ price }) => price);
  return {
    now: last.price,
    low: Math.min(...prices),
    high: Math.max(...prices),
    mean: Math.round(mean),
    volatility: Math.sqrt(variance) / mean,
    changes: stretches.filter(({ price }, index) => index > 0 && price !== stretches[index - 1]!.price).length,
  };
};

/** The price in force in the middle of each of so many equal parts of the interval; absent before the first known one. */
export const sampledPrices = (
  series: readonly PricePoint[],
  from: EpochMs,
  to: EpochMs,
  parts: number,
): readonly (number | undefined)[] => {
  const inOrder = [...series].sort((one, other) => one.at - other.at);
  return Array.from({ length: parts }, (_, part) => {
    const instant = from + ((part + 0.5) * (to - from)) / parts;
    return inOrder.findLast(({ at }) => at <= instant)?.microUsdPerHour;
  });
};
