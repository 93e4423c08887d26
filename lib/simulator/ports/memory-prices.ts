/**
 * Price histories, by reliability B28: the last change before the start is the price in force.
 * Held against the adapter by `test/contracts/prices-and-mail.test.ts`.
 *
 * Not modelled: pages, histories of 90 days, throttling.
 */
import type { PricePoint } from '../../fleet/run.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { spotSeriesKey } from '../../money/price-series.ts';
import type { Prices } from '../../ports/money.ts';

/** The last change at or before `from`, and every change until `to`: what EC2 answers. */
const between = (series: readonly PricePoint[], from: EpochMs, to: EpochMs): readonly PricePoint[] => {
  const inOrder = [...series].sort((left, right) => left.at - right.at);
  const inForce = inOrder.findLast((point) => point.at <= from);
  const later = inOrder.filter((point) => point.at > from && point.at <= to);
  return inForce === undefined ? later : [inForce, ...later];
};

/** Price lists in memory: spot series by `spotSeriesKey`, on-demand prices by instance type. */
export const memoryPrices = (
  spot: ReadonlyMap<string, readonly PricePoint[]>,
  onDemand: ReadonlyMap<string, number>,
): Prices => ({
  spotHistory: async (instanceTypes, zones, from, to) => {
    const keys = instanceTypes.flatMap((instanceType) => zones.map((zone) => spotSeriesKey({ instanceType, zone })));
    const answered = keys.map((key) => [key, between(spot.get(key) ?? [], from, to)] as const);
    return new Map(answered.filter(([, series]) => series.length > 0));
  },
  onDemand: async (instanceTypes) =>
    new Map(
      instanceTypes.flatMap((instanceType) => {
        const price = onDemand.get(instanceType);
        return price === undefined ? [] : [[instanceType, price] as const];
      }),
    ),
});
