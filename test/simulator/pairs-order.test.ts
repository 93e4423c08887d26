import { describe, expect, it } from 'vitest';
import { type FirstFault, inSeededOrder } from '../../lib/simulator/crash-points/explore-pairs.ts';

const faults = Array.from({ length: 40 }, (_, place) => ({ place }) as unknown as FirstFault);

describe('first faults in an order of chance', () => {
  it('are all there once, in the same order for the same seed, so that a campaign can go on in it', () => {
    const order = inSeededOrder(faults, '7');
    expect(new Set(order)).toEqual(new Set(faults));
    expect(inSeededOrder(faults, '7')).toEqual(order);
  });

  it('are in another order for another seed, and begin elsewhere than the list', () => {
    expect(inSeededOrder(faults, '7')).not.toEqual(inSeededOrder(faults, '8'));
    expect(inSeededOrder(faults, '7')).not.toEqual(faults);
  });
});
