import { begunAnew, type PoolBelief } from './pool-belief.ts';
import type { PurchasePool } from './purchase.ts';
import type { SharedBeliefs } from './shared-beliefs.ts';

/** What a job has learned of one pool. */
export interface PoolWatch {
  readonly belief: PoolBelief;
  /** The last price that was known; a price that goes missing has rarely moved far. */
  readonly price: number | undefined;
  /** Machines lost there in a row before they had paid for their start-up. */
  readonly failures: number;
  /** Until then, in seconds since the job was first seen, the pool is left alone. */
  readonly restsUntilSeconds: number;
}

/** So many early losses in a row are bad luck; from the next on the pool is left alone for a while. */
const FAILURES_BORNE = 3;
const REST_STEPS_MAX = 64;

export const watchPool = (beliefs: SharedBeliefs, pool: PurchasePool): PoolWatch => ({
  belief: beliefs.first(pool.isAvailable),
  price: pool.price,
  failures: 0,
  restsUntilSeconds: 0,
});

/**
 * What the pool shows a moment later. A machine that was lost although its pool still shows spot is a spell that ended
 * and another that began.
 */
export const watchOn = (
  beliefs: SharedBeliefs,
  watch: PoolWatch,
  pool: PurchasePool,
  hasLostMachine: boolean,
): PoolWatch => {
  const belief = beliefs.after(watch.belief, hasLostMachine ? false : pool.isAvailable);
  const price = pool.price ?? watch.price;
  if (!hasLostMachine || !pool.isAvailable) return { ...watch, belief, price };
  return { ...watch, belief: begunAnew(belief, true), price };
};

/** After a loss: how early it came decides whether it counts, and how often it did how long the pool is left alone. */
export const afterLoss = (watch: PoolWatch, wasEarly: boolean, nowSeconds: number, restSeconds: number): PoolWatch => {
  if (!wasEarly) return { ...watch, failures: 0 };
  const failures = watch.failures + 1;
  if (failures <= FAILURES_BORNE) return { ...watch, failures };
  const rest = restSeconds * Math.min(REST_STEPS_MAX, 2 ** (failures - FAILURES_BORNE - 1));
  return { ...watch, failures, restsUntilSeconds: nowSeconds + rest };
};
