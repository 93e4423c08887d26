import { describe, expect, it } from 'vitest';
import type { CapacityPolicy } from '../../lib/fleet/fleet-settings.ts';
import { fleetName } from '../../lib/fleet/ids.ts';
import type { PriceBoard } from '../../lib/fleet/price-board.ts';
import type { Deeds } from '../../lib/simulator/audit/deeds.ts';
import { judgePrices } from '../../lib/simulator/audit/judge-prices.ts';

const ON_DEMAND = 1_000;

/** What is found of a fleet that asks for spot in these zones, in this order, where each costs what `prices` says. */
const foundWhere = (
  zones: readonly string[],
  prices: Readonly<Record<string, number>>,
  {
    spotStrategy = 'capacity',
    losses = {},
  }: Partial<Pick<CapacityPolicy, 'spotStrategy'> & Pick<PriceBoard, 'losses'>> = {},
): readonly string[] => {
  const pools = zones.map((zone, priority) => ({
    pool: { instanceType: 'c7g.large', zone, purchase: 'spot' },
    subnetId: 'subnet',
    priority,
  }));
  const request = JSON.stringify({ fleet: 'fleet', request: JSON.stringify({ pools }) });
  const spot = Object.fromEntries(Object.entries(prices).map(([zone, price]) => [`c7g.large/${zone}`, price]));
  const deeds = {
    boards: new Map([['fleet', { spot, onDemand: { 'c7g.large': ON_DEMAND }, losses }]]),
    opened: [{ fleet: 'fleet', intent: { purchase: 'spot', request } }],
  } as unknown as Deeds;
  const capacity = { spotPercentMax: 90, spotStrategy } as CapacityPolicy;
  return judgePrices(deeds, fleetName('fleet'), capacity).map(({ found }) => found);
};

describe('a launch on spot', () => {
  it('asks no pool above the share of the on-demand price that the fleet file allows', () => {
    expect(foundWhere(['a'], { a: 900 })).toEqual([]);
    expect(foundWhere(['a'], { a: 901 })).toEqual(['c7g.large/a/spot at 901 micro-USD is asked, and too dear']);
  });

  it('asks the cheapest pool first, but for what it is worth to spread', () => {
    expect(foundWhere(['a', 'b'], { a: 480, b: 400 })).toEqual([]);
    expect(foundWhere(['a', 'b'], { a: 482, b: 400 })).toEqual([
      expect.stringContaining('a/spot at 482 micro-USD is asked before'),
    ]);
    expect(foundWhere(['b', 'a'], { a: 482, b: 400 })).toEqual([]);
  });

  it('asks pools without a price last', () => {
    expect(foundWhere(['a', 'b'], { a: 400 })).toEqual([]);
    expect(foundWhere(['b', 'a'], { a: 400 })).toEqual([expect.stringContaining('b/spot at undefined')]);
  });

  it('asks no pool beside one that costs far less', () => {
    expect(foundWhere(['a', 'b'], { a: 400, b: 720 })).toEqual([]);
    expect(foundWhere(['a', 'b'], { a: 400, b: 722 })).toEqual([
      expect.stringContaining('b/spot at 722 micro-USD is asked, beside'),
    ]);
    expect(foundWhere(['a', 'b'], { a: 400, b: 492 }, { spotStrategy: 'cheapest' })).toHaveLength(1);
  });

  it('is compared within each zone only where the fleet is spread over zones', () => {
    expect(foundWhere(['a', 'b'], { a: 400, b: 722 }, { spotStrategy: 'balanced' })).toEqual([]);
  });

  it('is held to the share alone where losses make an hour of use dearer than an hour', () => {
    const losses = { 'c7g.large/b': { hours: 10, losses: 1 } };
    expect(foundWhere(['b', 'a'], { a: 400, b: 722 }, { losses })).toEqual([]);
    expect(foundWhere(['b', 'a'], { a: 400, b: 922 }, { losses })).toHaveLength(1);
  });
});
