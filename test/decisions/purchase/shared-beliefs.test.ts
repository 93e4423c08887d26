import { describe, expect, it } from 'vitest';
import { AGE_CLASSES, type HazardModel } from '../../../lib/decisions/purchase/hazard-model.ts';
import { sharedBeliefs } from '../../../lib/decisions/purchase/shared-beliefs.ts';

const always = (chance: number): number[] => Array.from({ length: AGE_CLASSES }, () => chance);

/** One regime that spot leaves with a chance of 0.1 a step, and comes back to with 0.3, whatever its age. */
const MODEL: HazardModel = {
  stepSeconds: 600,
  regimes: [{ entryShare: 1, redrawChance: 0.01, lossByAge: always(0.1), returnByAge: always(0.3) }],
};

describe('pools that have shown the same', () => {
  it('share one belief, at first and from then on', () => {
    const first = sharedBeliefs(MODEL, 1);
    expect(first.first(true)).toBe(first.first(true));
    expect(first.first(true)).not.toBe(first.first(false));
    const later = sharedBeliefs(MODEL, 1);
    expect(later.after(first.first(true), true)).toBe(later.after(first.first(true), true));
  });

  it('no longer share it once they have shown something else', () => {
    const first = sharedBeliefs(MODEL, 1).first(true);
    const later = sharedBeliefs(MODEL, 1);
    expect(later.after(first, true).isAvailable).toBe(true);
    expect(later.after(first, false).isAvailable).toBe(false);
    expect(later.after(first, false).ages).toEqual([1]);
  });
});
