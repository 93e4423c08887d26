import { explainChoice, explainForced, type Forced } from './purchase/explain-purchase.ts';
import { keepsAllowance, keepsDeadline } from './purchase/guards.ts';
import type { HazardModel } from './purchase/hazard-model.ts';
import { type JobMemory, type Recalled, recall, remember } from './purchase/job-memory.ts';
import { marketOutlook } from './purchase/market-outlook.ts';
import { onDemandPriceOf } from './purchase/offers.ts';
import { learnedPace, leastPaceOf } from './purchase/pace.ts';
import { upChance } from './purchase/pool-belief.ts';
import type { Purchase, PurchaseChoice, PurchaseView } from './purchase/purchase.ts';
import type { ValueTables } from './purchase/value-tables.ts';
import { best, ON_DEMAND_CHOICE, type Weighed, weigh } from './purchase/weigh-choices.ts';

/** A decision and what to hand in with the next one about the same job. */
export interface DecidedPurchase extends Purchase {
  readonly memory: JobMemory;
}

interface Chosen extends Purchase {
  readonly price: number;
}

const onDemandBecause = (view: PurchaseView, forced: Forced, price: number): Chosen => ({
  choice: ON_DEMAND_CHOICE,
  reason: explainForced(view, forced),
  price,
});

const priceOf = ({ choice, pool }: Weighed, onDemandPrice: number): number =>
  choice.kind === 'idle' ? 0 : (pool?.share ?? 1) * onDemandPrice;

const explained = (view: PurchaseView, chosen: Weighed, nextBest: Weighed, onDemandPrice: number): Chosen => {
  const { choice, cost, pool } = chosen;
  const lasts = pool === undefined ? undefined : upChance(pool.forecast);
  return {
    choice,
    reason: explainChoice(view, { choice, cost, nextBest, share: pool?.share, upChance: lasts }),
    price: priceOf(chosen, onDemandPrice),
  };
};

const isOnDemand = (choice: PurchaseChoice): boolean => choice.kind === 'on-demand';

/** What runs is to show how long the work really takes: it is not given up for nothing before it has. */
const isLearning = ({ view, pace, hasRoomForDoubt }: Recalled): boolean =>
  hasRoomForDoubt && view.running.kind !== 'idle' && learnedPace(pace, view) === undefined;

/** Steps of the values that must be left to lose before a choice is weighed for as long as one of them. */
const STEPS_TO_LOSE = 3;

/**
 * Choices are weighed for a step of the values where that is longer than a tick: weighed for less, waiting would always
 * look a little better than it is, because the values know only of launches at the end of a step.
 */
const lookingAhead = ({ stepSeconds }: HazardModel, view: PurchaseView): PurchaseView => {
  const slackSeconds = view.secondsLeft - view.workLeftSeconds - view.changeoverSeconds;
  const isFar = slackSeconds >= STEPS_TO_LOSE * stepSeconds && view.workLeftSeconds >= stepSeconds;
  return isFar && stepSeconds > view.tickSeconds ? { ...view, tickSeconds: stepSeconds } : view;
};

const choose = (tables: ValueTables, memory: Recalled): Chosen => {
  const { view } = memory;
  const pace = leastPaceOf(memory.pace, view);
  const onDemandPrice = onDemandPriceOf(view);
  const ahead = lookingAhead(memory.hazards, view);
  const market = marketOutlook(tables, memory, ahead);
  if (market === undefined) return onDemandBecause(view, 'no-pool', onDemandPrice);
  const isSafe = (choice: PurchaseChoice): boolean =>
    isOnDemand(choice) || (keepsDeadline(view, choice) && !(choice.kind === 'idle' && isLearning(memory)));
  const isCovered = (weighed: Weighed): boolean =>
    isOnDemand(weighed.choice) ||
    keepsAllowance(memory.ledger, pace, view, weighed.choice, priceOf(weighed, onDemandPrice), onDemandPrice);
  const safe = weigh(ahead, market, isSafe);
  if (safe.length === 1) return onDemandBecause(view, 'deadline', onDemandPrice);
  const covered = safe.filter(isCovered);
  if (covered.length === 1) return onDemandBecause(view, 'allowance', onDemandPrice);
  const chosen = best(ahead, covered);
  return explained(
    ahead,
    chosen,
    best(
      ahead,
      covered.filter((one) => one !== chosen),
    ),
    onDemandPrice,
  );
};

/**
 * What one job with a deadline should run on until the next decision, and why. Minimises the expected cost to the end by
 * a semi-Markov decision process whose hazards were learned from public traces and are weighed anew, for each pool and
 * for all of them seen as one market, by what the job itself sees. Whatever the hazards: a deadline that on-demand can
 * keep is never lost, and the job never costs more than on-demand alone, the waste allowed (`WASTE_SHARE_MAX` unless the
 * view says otherwise) and one changeover at the on-demand price. `memory` is what the last decision about this job
 * returned, nothing the first time.
 */
export const decidePurchase = (
  tables: ValueTables,
  memory: JobMemory | undefined,
  view: PurchaseView,
): DecidedPurchase => {
  const recalled = recall(tables, memory, view);
  const chosen = choose(tables, recalled);
  return { choice: chosen.choice, reason: chosen.reason, memory: remember(recalled, view, chosen) };
};
