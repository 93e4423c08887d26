import { describe, expect, it } from 'vitest';
import { largeFleet, NOW } from '../../bench/capacity/large-fleet.ts';
import { decideCapacity } from '../../lib/decisions/decide-capacity.ts';

const lookUpsPerMachine = (machines: number, pools: number): number => {
  const { view, lookUps } = largeFleet(machines, pools);
  expect(decideCapacity(view, NOW).actions.length).toBeGreaterThan(0);
  return lookUps() / machines;
};

describe('a decision about capacity', () => {
  it('looks each machine up as often in a fleet of 5,000 as in one of 500, and no oftener for more pools', () => {
    const small = lookUpsPerMachine(500, 20);
    expect(small).toBeLessThan(20);
    expect(Math.abs(lookUpsPerMachine(5_000, 20) - small)).toBeLessThan(1);
    expect(Math.abs(lookUpsPerMachine(5_000, 200) - small)).toBeLessThan(1);
  });

  it('about 5,000 warned machines in 200 pools is one plan of one request', () => {
    const { view } = largeFleet(5_000, 200);
    const launches = decideCapacity(view, NOW).actions.filter((action) => action.do === 'launch');
    expect(launches).toHaveLength(1);
    expect(launches[0]!.reason.length).toBeLessThan(600);
  });
});
