import { expectedStepsByAge, type HazardModel } from './hazard-model.ts';
import type { Offer } from './offers.ts';
import type { PoolBelief } from './pool-belief.ts';

/** Share of the time in which a pool of each regime has spot in the long run. */
const upShares = ({ regimes }: HazardModel): readonly number[] =>
  regimes.map(({ lossByAge, returnByAge }) => {
    const up = expectedStepsByAge(lossByAge).reduce((sum, steps) => sum + steps, 0);
    const down = expectedStepsByAge(returnByAge).reduce((sum, steps) => sum + steps, 0);
    return up / (up + down);
  });

/** The same for one pool, as far as its regime is known. */
const longShare = (shares: readonly number[], { weights }: PoolBelief): number =>
  weights.reduce((sum, ofRegime, index) => sum + shares[index]! * ofRegime.reduce((all, one) => all + one, 0), 0);

/** A share that moves by less than this is kept: values worked out for one share can be compared. */
const SHARE_KEPT = 0.15;

/** What spot costs on average to whoever always takes the cheapest pool that has it. */
const usualShare = (model: HazardModel, offers: readonly Offer[]): number => {
  const shares = upShares(model);
  let none = 1;
  let cost = 0;
  for (const { share, belief } of offers.toSorted((one, other) => one.share - other.share)) {
    const has = longShare(shares, belief);
    cost += none * has * share;
    none *= 1 - has;
  }
  return cost / (1 - none);
};

/** The share that spot is taken to cost from now on, given what it was taken to cost before. */
export const referenceShareOn = (model: HazardModel, offers: readonly Offer[], before: number | undefined): number => {
  if (offers.length === 0) return before ?? 1;
  const usual = usualShare(model, offers);
  return before !== undefined && Math.abs(usual - before) <= SHARE_KEPT * before ? before : usual;
};
