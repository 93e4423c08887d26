import { actionCost, type PoolOutlook, upChance } from './purchase/action-costs.ts';
import { explainChoice, explainForced, type Forced } from './purchase/explain-purchase.ts';
import { charge, keepsAllowance, keepsDeadline } from './purchase/guards.ts';
import { type JobMemory, recall } from './purchase/job-memory.ts';
import { outlooksOf } from './purchase/market-outlook.ts';
import { isSameChoice, type Purchase, type PurchaseChoice, type PurchaseView } from './purchase/purchase.ts';
import type { ValueTables } from './purchase/value-tables.ts';

/** A decision and what to hand in with the next one about the same job. */
export interface DecidedPurchase extends Purchase {
  readonly memory: JobMemory;
}

const ON_DEMAND_CHOICE: PurchaseChoice = { kind: 'on-demand' };

/** Where the on-demand price is not known, spot is taken to cost this share of it: the usual saving is two thirds. */
const USUAL_SPOT_SHARE = 0.35;

const onDemandPriceOf = ({ onDemandPrice, pools }: PurchaseView): number => {
  if (onDemandPrice !== undefined) return onDemandPrice;
  const known = pools.flatMap(({ price }) => (price === undefined ? [] : [price]));
  return known.length === 0 ? 1 : Math.max(...known) / USUAL_SPOT_SHARE;
};

interface Weighed {
  readonly choice: PurchaseChoice;
  readonly cost: number;
  readonly outlook: PoolOutlook | undefined;
}

/** The pool from which waiting and on-demand are judged: the best that has spot, or the likeliest to get it. */
const watchedPool = (view: PurchaseView, outlooks: readonly PoolOutlook[]): PoolOutlook => {
  const up = outlooks.filter(({ forecast }) => forecast.isAvailable);
  const worth = (outlook: PoolOutlook): number =>
    up.length > 0
      ? -actionCost(view, { kind: 'spot', pool: outlook.name }, outlook)
      : upChance(outlook.forecast) - outlook.share / 100;
  const among = up.length > 0 ? up : outlooks;
  return among.reduce((best, other) => (worth(other) > worth(best) ? other : best));
};

const weigh = (view: PurchaseView, outlooks: readonly PoolOutlook[]): readonly Weighed[] => {
  const watched = watchedPool(view, outlooks);
  const cost = (choice: PurchaseChoice, outlook: PoolOutlook): Weighed => ({
    choice,
    cost: actionCost(view, choice, outlook),
    outlook,
  });
  const spot = outlooks.filter(({ forecast }) => forecast.isAvailable);
  return [
    cost(ON_DEMAND_CHOICE, watched),
    ...spot.map((outlook) => cost({ kind: 'spot', pool: outlook.name }, outlook)),
    cost({ kind: 'idle' }, watched),
  ];
};

/** A change must be worth so many changeovers of the dearest machine more than staying, so that noise changes nothing. */
const HYSTERESIS_CHANGEOVERS = 0.02;

const biased = (view: PurchaseView, { choice, cost }: Weighed): number => {
  const margin = (HYSTERESIS_CHANGEOVERS * view.changeoverSeconds) / 3_600;
  return isSameChoice(choice, view.running) ? cost - margin : cost;
};

const byCost = (view: PurchaseView, weighed: readonly Weighed[]): readonly Weighed[] =>
  weighed.toSorted((one, other) => biased(view, one) - biased(view, other));

interface Chosen extends Purchase {
  readonly price: number;
}

const onDemandBecause = (view: PurchaseView, forced: Forced, price: number): Chosen => ({
  choice: ON_DEMAND_CHOICE,
  reason: explainForced(view, forced),
  price,
});

const explained = (view: PurchaseView, sorted: readonly Weighed[], onDemandPrice: number): Chosen => {
  const [best, nextBest] = sorted as readonly [Weighed, ...Weighed[]];
  const { choice, cost, outlook } = best;
  const share = choice.kind === 'spot' ? outlook!.share : undefined;
  const lasts = choice.kind === 'spot' ? upChance(outlook!.forecast) : undefined;
  return {
    choice,
    reason: explainChoice(view, { choice, cost, nextBest, share, upChance: lasts }),
    price: choice.kind === 'idle' ? 0 : (share ?? 1) * onDemandPrice,
  };
};

const choose = (tables: ValueTables, memory: JobMemory, view: PurchaseView): Chosen => {
  const onDemandPrice = onDemandPriceOf(view);
  const outlooks = outlooksOf(tables, memory, view, onDemandPrice);
  const priceOf = ({ choice, outlook }: Weighed): number =>
    choice.kind === 'idle' ? 0 : choice.kind === 'spot' ? outlook!.share * onDemandPrice : onDemandPrice;
  if (outlooks.length === 0) return onDemandBecause(view, 'no-pool', onDemandPrice);
  const weighed = weigh(view, outlooks);
  const safe = weighed.filter(({ choice }) => choice.kind === 'on-demand' || keepsDeadline(view, choice));
  if (safe.length === 1) return onDemandBecause(view, 'deadline', onDemandPrice);
  const paid = safe.filter(
    (one) =>
      one.choice.kind === 'on-demand' || keepsAllowance(memory.ledger, view, one.choice, priceOf(one), onDemandPrice),
  );
  if (paid.length === 1) return onDemandBecause(view, 'allowance', onDemandPrice);
  return explained(view, byCost(view, paid), onDemandPrice);
};

const startOf = (memory: JobMemory, view: PurchaseView, choice: PurchaseChoice): number =>
  isSameChoice(choice, view.running) ? memory.startedAtSeconds : memory.elapsedSeconds;

/**
 * What one job with a deadline should run on until the next decision, and why. Minimises the expected cost to the end by
 * a semi-Markov decision process whose hazards were learned from public traces and are weighed anew, for each pool, by
 * what the job itself sees. Whatever the hazards: a deadline that on-demand can keep is never lost, and the job never
 * costs more than on-demand alone and one changeover at the on-demand price. `memory` is what the last decision about this
 * job returned, nothing the first time.
 */
export const decidePurchase = (
  tables: ValueTables,
  memory: JobMemory | undefined,
  view: PurchaseView,
): DecidedPurchase => {
  const recalled = recall(tables, memory, view);
  const { choice, reason, price } = choose(tables, recalled, view);
  return {
    choice,
    reason,
    memory: {
      ...recalled,
      choice,
      startedAtSeconds: startOf(recalled, view, choice),
      ledger: charge(recalled.ledger, view, choice, price),
    },
  };
};
