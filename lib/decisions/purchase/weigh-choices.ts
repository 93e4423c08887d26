import { costWithoutSpot, PRICE_TREMOR, spotCosts } from './action-costs.ts';
import type { MarketOutlook, PoolOutlook } from './market-outlook.ts';
import { isSameChoice, type PurchaseChoice, type PurchaseView } from './purchase.ts';

export const ON_DEMAND_CHOICE: PurchaseChoice = { kind: 'on-demand' };
const IDLE_CHOICE: PurchaseChoice = { kind: 'idle' };

/** What may be chosen, and what it is expected to cost to the end of the job. */
export interface Weighed {
  readonly choice: PurchaseChoice;
  /** Hours of on-demand. */
  readonly cost: number;
  /** The pool of a choice of spot. */
  readonly pool: PoolOutlook | undefined;
}

/** Leaving a machine must be worth so many changeovers of on-demand more than staying, so that noise changes nothing. */
const HYSTERESIS_CHANGEOVERS = 0.005;

const biased = (view: PurchaseView, { choice, cost }: Weighed): number => {
  const isMachine = choice.kind !== 'idle' && isSameChoice(choice, view.running);
  return isMachine ? cost - (HYSTERESIS_CHANGEOVERS * view.changeoverSeconds) / 3_600 : cost;
};

/** The one that is expected to cost least; of equals the first. */
export const best = (view: PurchaseView, weighed: readonly Weighed[]): Weighed =>
  weighed.reduce((least, other) => (biased(view, other) < biased(view, least) ? other : least));

const spotIn = (pool: PoolOutlook): PurchaseChoice => ({ kind: 'spot', pool: pool.name });

/** Of these pools the one to be in: cheap, likely to last, and no hop away if it is hardly better than what runs. */
const bestSpot = (view: PurchaseView, market: MarketOutlook, pools: readonly PoolOutlook[]): Weighed => {
  const costs = spotCosts(view, market);
  const among = pools.map((pool) => {
    const choice = spotIn(pool);
    const share = isSameChoice(choice, view.running) ? pool.share * (1 - PRICE_TREMOR) : pool.share;
    const cost = costs.of({ ...pool, share }) + costs.ofHopping(pool);
    return { choice, cost, pool };
  });
  const { choice, pool } = best(view, among);
  return { choice, cost: costs.of(pool!), pool };
};

/**
 * On-demand, the best spot and idling, as far as they are safe; on-demand always is. Where there is spot that is not safe
 * any more, waiting makes nothing safe: the time to lose only gets less.
 */
export const weigh = (
  view: PurchaseView,
  market: MarketOutlook,
  isSafe: (choice: PurchaseChoice) => boolean,
): readonly Weighed[] => {
  const pools = market.pools.filter((pool) => isSafe(spotIn(pool)));
  const spot = pools.length === 0 ? undefined : bestSpot(view, market, pools);
  const without = (choice: PurchaseChoice): Weighed => ({
    choice,
    cost: costWithoutSpot(view, choice, market, spot?.pool),
    pool: undefined,
  });
  const isWorthWaiting = spot !== undefined || market.pools.length === 0;
  const idle = isWorthWaiting && isSafe(IDLE_CHOICE) ? [without(IDLE_CHOICE)] : [];
  return [without(ON_DEMAND_CHOICE), ...(spot === undefined ? [] : [spot]), ...idle];
};
