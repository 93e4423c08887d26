import {
  AGE_CLASS_STARTS,
  ageClassOf,
  chanceIn,
  expectedStepsByAge,
  flipChance,
  type HazardModel,
} from './hazard-model.ts';

/**
 * What is believed of one pool: how likely each regime is, together with each age that the present spell may have. Until
 * the first flip is seen the age is a guess; afterwards it is known.
 */
export interface PoolBelief {
  readonly isAvailable: boolean;
  /** Ages in steps of the model that the spell may have. */
  readonly ages: readonly number[];
  /** By regime, then by age; sums to 1. */
  readonly weights: readonly Float64Array[];
}

/** Before anything was seen but the present state: spells that last are met more often than spells that do not. */
export const firstBelief = (model: HazardModel, isAvailable: boolean): PoolBelief => {
  const weights = model.regimes.map((regime) => {
    const up = expectedStepsByAge(regime.lossByAge);
    const down = expectedStepsByAge(regime.returnByAge);
    const cycle = [...up, ...down].reduce((sum, steps) => sum + steps, 0);
    const presence = regime.entryShare / regime.redrawChance;
    return Float64Array.from(isAvailable ? up : down, (steps) => (presence * steps) / cycle);
  });
  const ages = AGE_CLASS_STARTS.map((start, ageClass) => {
    const next = AGE_CLASS_STARTS[ageClass + 1] ?? 2 * start;
    return (start + next - 1) / 2;
  });
  return normalised({ isAvailable, ages, weights });
};

const totalOf = (weights: readonly Float64Array[]): number => {
  let total = 0;
  for (const ofRegime of weights) for (const weight of ofRegime) total += weight;
  return total;
};

const normalised = (belief: PoolBelief): PoolBelief => {
  const total = totalOf(belief.weights);
  return { ...belief, weights: belief.weights.map((ofRegime) => ofRegime.map((weight) => weight / total)) };
};

/** Where a pool may be some steps from now: gone over to the other state, or still in this one. */
export interface Forecast {
  readonly isAvailable: boolean;
  /** By regime: the chance to be there and to have changed state. */
  readonly flipped: Float64Array;
  readonly ages: readonly number[];
  /** By regime and age: the chance to be there in the same spell. */
  readonly stayed: readonly Float64Array[];
}

/** Chance that the pool has spot then. */
export const upChance = ({ isAvailable, flipped, stayed }: Forecast): number => {
  const flips = flipped.reduce((sum, chance) => sum + chance, 0);
  if (!isAvailable) return flips;
  return stayed.reduce((sum, ofRegime) => sum + ofRegime.reduce((all, chance) => all + chance, 0), 0);
};

/** Draws the regime anew in the share of cases that the model expects; the chance of each regime moves, none is lost. */
const withRedraws = (model: HazardModel, steps: number, weights: readonly Float64Array[]): readonly Float64Array[] => {
  const mixed = weights.map((ofRegime) => ofRegime.slice());
  for (let age = 0; age < weights[0]!.length; age += 1) {
    let drawn = 0;
    for (const [index, regime] of model.regimes.entries()) {
      const leaving = weights[index]![age]! * chanceIn(regime.redrawChance, steps);
      mixed[index]![age]! -= leaving;
      drawn += leaving;
    }
    for (const [index, regime] of model.regimes.entries()) mixed[index]![age]! += drawn * regime.entryShare;
  }
  return mixed;
};

export const forecast = (model: HazardModel, belief: PoolBelief, steps: number): Forecast => {
  const flipped = model.regimes.map(() => new Float64Array(1));
  const stayed = belief.weights.map((ofRegime, index) =>
    ofRegime.map((weight, age) => {
      const chance = flipChance(model.regimes[index]!, belief.isAvailable, ageClassOf(belief.ages[age]!));
      const flips = weight * chanceIn(chance, steps);
      flipped[index]![0]! += flips;
      return weight - flips;
    }),
  );
  return {
    isAvailable: belief.isAvailable,
    flipped: Float64Array.from(withRedraws(model, steps, flipped), (ofRegime) => ofRegime[0]!),
    ages: belief.ages.map((age) => age + steps),
    stayed: withRedraws(model, steps, stayed),
  };
};

/** A spell that has just begun where another has just ended, in the same regime. */
export const begunAnew = ({ weights }: PoolBelief, isAvailable: boolean): PoolBelief => ({
  isAvailable,
  ages: [1],
  weights: weights.map((ofRegime) => Float64Array.of(ofRegime.reduce((sum, weight) => sum + weight, 0))),
});

/** The belief after so many steps, at whose end the pool was seen in this state. */
export const afterSeeing = (
  model: HazardModel,
  belief: PoolBelief,
  isAvailable: boolean,
  steps: number,
): PoolBelief => {
  const { flipped, stayed, ages } = forecast(model, belief, steps);
  if (isAvailable === belief.isAvailable) return normalised({ isAvailable, ages, weights: stayed });
  const weights = Array.from(flipped, (weight) => Float64Array.of(weight));
  return normalised({ isAvailable, ages: [1], weights });
};
