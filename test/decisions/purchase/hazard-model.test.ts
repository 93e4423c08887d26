import { describe, expect, it } from 'vitest';
import {
  AGE_CLASSES,
  ageClassOf,
  expectedStepsByAge,
  type HazardModel,
  hazardsAt,
} from '../../../lib/decisions/purchase/hazard-model.ts';
import { afterSeeing, firstBelief, forecast, upChance } from '../../../lib/decisions/purchase/pool-belief.ts';

const always = (chance: number): number[] => Array.from({ length: AGE_CLASSES }, () => chance);

/** One regime that spot leaves with a chance of 0.1 a step, and comes back to with 0.3, whatever its age. */
const MEMORYLESS: HazardModel = {
  stepSeconds: 600,
  regimes: [{ entryShare: 1, redrawChance: 0.01, lossByAge: always(0.1), returnByAge: always(0.3) }],
};

/** A plentiful regime and a scarce one, as often met. */
const TWO: HazardModel = {
  stepSeconds: 600,
  regimes: [
    { entryShare: 0.5, redrawChance: 0.001, lossByAge: always(0.01), returnByAge: always(0.5) },
    { entryShare: 0.5, redrawChance: 0.001, lossByAge: always(0.4), returnByAge: always(0.05) },
  ],
};

const shareOf = ({ weights }: { weights: readonly Float64Array[] }, regime: number): number =>
  weights[regime]!.reduce((sum, weight) => sum + weight, 0);

describe('age classes', () => {
  it('are fine for the young and coarse for the old', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 9, 12, 13, 128, 129, 5_000].map(ageClassOf)).toEqual([
      0, 1, 2, 3, 4, 4, 5, 6, 6, 7, 12, 13, 13,
    ]);
  });

  it('of a memoryless spell together last as long as the chance says', () => {
    const steps = expectedStepsByAge(always(0.1));
    expect(steps[0]).toBeCloseTo(1, 9);
    expect(steps.reduce((sum, value) => sum + value, 0)).toBeCloseTo(10, 9);
  });
});

describe('hazards for another length of step', () => {
  it('are the chance of at least one flip in as many steps', () => {
    const { regimes } = hazardsAt({ regimes: [MEMORYLESS] }, 1_200);
    expect(regimes[0]!.lossByAge[0]).toBeCloseTo(0.19, 9);
    expect(regimes[0]!.returnByAge[5]).toBeCloseTo(0.51, 9);
  });

  it('come from the nearest length that was fitted', () => {
    const coarse: HazardModel = { ...MEMORYLESS, stepSeconds: 3_600 };
    expect(hazardsAt({ regimes: [MEMORYLESS, coarse] }, 3_600)).toEqual(coarse);
  });
});

describe('what is believed of a pool', () => {
  it('foresees a memoryless pool as it is', () => {
    const up = firstBelief(MEMORYLESS, true);
    expect(upChance(forecast(MEMORYLESS, up, 1))).toBeCloseTo(0.9, 9);
    expect(upChance(forecast(MEMORYLESS, up, 2))).toBeCloseTo(0.81, 9);
    expect(upChance(forecast(MEMORYLESS, firstBelief(MEMORYLESS, false), 1))).toBeCloseTo(0.3, 9);
  });

  it('is sure of plenty after a long spell, and of scarcity after short ones', () => {
    let lasting = firstBelief(TWO, true);
    for (let step = 0; step < 30; step += 1) lasting = afterSeeing(TWO, lasting, true, 1);
    expect(shareOf(lasting, 0)).toBeGreaterThan(0.95);
    let fleeting = firstBelief(TWO, true);
    for (let spell = 0; spell < 4; spell += 1) {
      fleeting = afterSeeing(TWO, fleeting, false, 1);
      for (let step = 0; step < 10; step += 1) fleeting = afterSeeing(TWO, fleeting, false, 1);
      fleeting = afterSeeing(TWO, fleeting, true, 1);
    }
    expect(shareOf(fleeting, 1)).toBeGreaterThan(0.95);
  });

  it('always sums to one', () => {
    let belief = firstBelief(TWO, false);
    for (const isAvailable of [false, true, true, false, true]) {
      belief = afterSeeing(TWO, belief, isAvailable, 3);
      expect(shareOf(belief, 0) + shareOf(belief, 1)).toBeCloseTo(1, 12);
    }
  });
});
