import type { CapacityPolicy } from '../../fleet/fleet-settings.ts';
import type { FleetName } from '../../fleet/ids.ts';
import { type Pool, poolKey } from '../../fleet/pool.ts';
import { type PriceBoard, spotSeriesKey } from '../../fleet/price-board.ts';
import type { Deeds } from './deeds.ts';
import { storedRequestOf } from './judge-request.ts';
import { type Neglect, neglect } from './neglect.ts';

/**
 * What spot costs decides who is asked, and in which order (design, section 9). The auditor knows prices alone: what it is
 * worth to spread the fleet may weigh as a fifth of the price.
 */
const PREFERENCE_MOST = 1.2;

/** A pool that costs so much more than another that is asked is not (docs/capacity.md). */
const DEARER_MOST: Readonly<Record<CapacityPolicy['spotStrategy'], number>> = {
  capacity: 1.5,
  balanced: 1.5,
  cheapest: 1.02,
};

/** A tenth of a per cent, for whatever was rounded. */
const ROUNDING = 1.001;

const priceOf = (board: PriceBoard, pool: Pool): number | undefined => board.spot[spotSeriesKey(pool)];

/** Its price is known, and too high a share of what the same costs on demand. */
export const isTooDear = (board: PriceBoard | undefined, pool: Pool, { spotPercentMax }: CapacityPolicy): boolean => {
  const price = board && priceOf(board, pool);
  const onDemand = board?.onDemand[pool.instanceType];
  return price !== undefined && onDemand !== undefined && 100 * price > spotPercentMax * onDemand;
};

/** Machines were lost there, which makes an hour of use dearer than an hour. */
export const isLossy = (board: PriceBoard | undefined, pool: Pool): boolean =>
  (board?.losses[spotSeriesKey(pool)]?.losses ?? 0) > 0;

interface Asked {
  readonly pool: Pool;
  readonly price: number | undefined;
}

const poolWords = ({ pool, price }: Asked): string => `${poolKey(pool)} at ${price} micro-USD`;

/** M1: one asked pool is better than another by so much that the other is not asked. */
const dominatedAsked = (asked: readonly Asked[], strategy: CapacityPolicy['spotStrategy']): Neglect[] =>
  asked.flatMap((one) => {
    const better = asked.find(
      (other) =>
        (strategy !== 'balanced' || other.pool.zone === one.pool.zone) &&
        (other.price ?? Number.POSITIVE_INFINITY) * DEARER_MOST[strategy] * PREFERENCE_MOST * ROUNDING <
          (one.price ?? 0),
    );
    return better === undefined ? [] : [neglect('M1', `${poolWords(one)} is asked, beside ${poolWords(better)}`)];
  });

/** M1: the cheapest comes first, and what has no price comes last. */
const wrongOrder = (asked: readonly Asked[]): Neglect[] =>
  asked.slice(1).flatMap((next, index) => {
    const before = asked[index]!;
    const isWrong =
      next.price !== undefined && (before.price ?? Number.POSITIVE_INFINITY) > next.price * PREFERENCE_MOST * ROUNDING;
    return isWrong ? [neglect('M1', `${poolWords(before)} is asked before ${poolWords(next)}`)] : [];
  });

/** Whom the fleet's spot launches ask, judged by the prices that the reconcile had read. */
export const judgePrices = (
  deeds: Deeds,
  fleet: FleetName,
  capacity: CapacityPolicy | undefined,
): readonly Neglect[] => {
  const board = deeds.boards.get(fleet);
  if (board === undefined || capacity === undefined) return [];
  const spot = deeds.opened.filter((one) => one.fleet === fleet && one.intent.purchase === 'spot');
  return spot.flatMap(({ intent }) => {
    const { pools } = storedRequestOf(intent).request;
    const asked = pools
      .toSorted((left, right) => left.priority - right.priority)
      .map(({ pool }) => ({ pool, price: priceOf(board, pool) }));
    const dear = asked.filter(({ pool }) => isTooDear(board, pool, capacity));
    const found = dear.map((one) => neglect('M1', `${poolWords(one)} is asked, and too dear`));
    // With losses an hour of use costs what only the product's own estimate says.
    return asked.some(({ pool }) => isLossy(board, pool))
      ? found
      : [...found, ...dominatedAsked(asked, capacity.spotStrategy), ...wrongOrder(asked)];
  });
};
