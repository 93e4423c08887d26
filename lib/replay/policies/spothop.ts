import { decidePurchase } from '../../decisions/decide-purchase.ts';
import type { JobMemory } from '../../decisions/purchase/job-memory.ts';
import type { PurchaseChoice, PurchaseView } from '../../decisions/purchase/purchase.ts';
import { makeValueTables, type ValueTables } from '../../decisions/purchase/value-tables.ts';
import {
  type Choice,
  isAvailable,
  type JobPolicy,
  type JobPolicyMaker,
  type JobView,
  type MarketPool,
} from '../job.ts';

const purchaseChoiceOf = ({ market, running }: JobView): PurchaseChoice =>
  typeof running === 'number' ? { kind: 'spot', pool: market.pools[running]!.name } : { kind: running };

const knownPrice = (price: number): number | undefined => (Number.isNaN(price) ? undefined : price);

const toldPrice = ({ price, isPriceKnown }: MarketPool, tick: number): number | undefined =>
  isPriceKnown?.[tick] === 0 ? undefined : knownPrice(price[tick]!);

/** What a service would see in this tick. */
export const purchaseViewOf = (view: JobView): PurchaseView => {
  const { rules, market, tick, workLeftSeconds, changeoverLeftSeconds } = view;
  return {
    tickSeconds: rules.tickSeconds,
    secondsLeft: (rules.deadlineTicks - tick) * rules.tickSeconds,
    workLeftSeconds,
    changeoverSeconds: rules.changeoverSeconds,
    changeoverLeftSeconds,
    running: purchaseChoiceOf(view),
    onDemandPrice: knownPrice(rules.onDemandPrice),
    pools: market.pools.map((pool, index) => ({
      name: pool.name,
      isAvailable: isAvailable(market, index, tick),
      price: toldPrice(pool, tick),
    })),
  };
};

const choiceOf = ({ market }: JobView, choice: PurchaseChoice): Choice =>
  choice.kind === 'spot' ? market.pools.findIndex(({ name }) => name === choice.pool) : choice.kind;

const policyOn = (tables: ValueTables): JobPolicy => {
  let memory: JobMemory | undefined;
  return {
    choose: (view) => {
      const decided = decidePurchase(tables, memory, purchaseViewOf(view));
      memory = decided.memory;
      return choiceOf(view, decided.choice);
    },
  };
};

/** Our own policy, which nothing holds back but itself; runs of one maker share the tables, which are worked out once for each kind of job. */
export const makeSpothop = (tables: ValueTables = makeValueTables()): JobPolicyMaker => ({
  name: 'spothop',
  guardsItself: true,
  create: () => policyOn(tables),
});

export const spothop: JobPolicyMaker = makeSpothop();
