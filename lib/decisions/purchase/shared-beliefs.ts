import { onceFor } from '../once-for.ts';
import type { HazardModel } from './hazard-model.ts';
import { afterSeeing, firstBelief, type PoolBelief } from './pool-belief.ts';

/** What is believed of pools in one decision. Pools that have shown the same share one belief, and all that follows from it. */
export interface SharedBeliefs {
  readonly first: (isAvailable: boolean) => PoolBelief;
  readonly after: (belief: PoolBelief, isAvailable: boolean) => PoolBelief;
}

/** Beliefs so many steps after the last decision. */
export const sharedBeliefs = (model: HazardModel, steps: number): SharedBeliefs => {
  const first = onceFor((isAvailable: boolean) => firstBelief(model, isAvailable));
  const withSpot = onceFor((belief: PoolBelief) => afterSeeing(model, belief, true, steps));
  const without = onceFor((belief: PoolBelief) => afterSeeing(model, belief, false, steps));
  return { first, after: (belief, isAvailable) => (isAvailable ? withSpot : without)(belief) };
};
