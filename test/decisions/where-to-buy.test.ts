import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapacityView, LaunchOrder } from '../../lib/decisions/capacity-view.ts';
import { decideCapacity } from '../../lib/decisions/decide-capacity.ts';
import type { PoolMemory } from '../../lib/fleet/fleet.ts';
import type { CapacityPolicy } from '../../lib/fleet/fleet-settings.ts';
import { intentId } from '../../lib/fleet/ids.ts';
import { SPOT_PERCENT_MAX_DEFAULT } from '../../lib/fleet/limits.ts';
import type { PriceBoard } from '../../lib/fleet/price-board.ts';
import { A_POLICY, aFleetState, anIntent, START } from '../support/records.ts';

const TYPES = ['c7g.large', 'm7g.large'];
const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'];
const PLACES = ZONES.flatMap((zone) => TYPES.map((instanceType) => ({ instanceType, zone, subnetId: 'subnet-1' })));
const ON_DEMAND = 100_000;

const POLICY: CapacityPolicy = {
  machinesMin: 0,
  machinesMax: 60,
  targetBacklog: 1,
  spotPercentMax: SPOT_PERCENT_MAX_DEFAULT,
  spotStrategy: 'capacity',
  onDemandBase: 0,
  onDemandFallback: true,
  onDemandMax: 60,
  places: PLACES,
};

const boardOf = (spot: Readonly<Record<string, number>>): PriceBoard => ({
  form: 1,
  readAt: START,
  slowReadAt: START,
  spot,
  onDemand: Object.fromEntries(TYPES.map((type) => [type, ON_DEMAND])),
  scores: {},
  losses: {},
});

/** What a fleet without machines asks for `tasks` tasks, and how people are told if it asks nobody. */
const ask = (
  tasks: number,
  refusing: readonly string[],
  changes: Partial<CapacityView> = {},
  policy: Partial<CapacityPolicy> = {},
) => {
  const orders: LaunchOrder[] = [];
  const memory: PoolMemory = { refusedAt: START, strikes: 1 };
  const plan = decideCapacity(
    {
      state: aFleetState({ pools: Object.fromEntries(refusing.map((pool) => [pool, memory])) }),
      records: new Map(),
      backlog: { waiting: tasks, inFlight: 0, delayed: 0 },
      policy: { ...POLICY, ...policy },
      drainPolicy: A_POLICY,
      outdated: new Set(),
      makeIntent: (order) => {
        orders.push(order);
        return anIntent({ intentId: intentId('new'), purchase: order.purchase, count: order.count });
      },
      ...changes,
    },
    START,
  );
  const names = orders.flatMap(({ pools }) =>
    pools.map((pool) => `${pool.instanceType}/${pool.zone}/${pool.purchase}`),
  );
  return { orders, names, alarms: plan.actions.filter((action) => action.do === 'alarm').map(({ metric }) => metric) };
};

describe('as one pool after the other refuses', () => {
  const policy = { places: PLACES.slice(0, 4) };
  const [typeA, typeB, nextZoneA, nextZoneB] = policy.places.map(({ instanceType, zone }) => `${instanceType}/${zone}`);

  it('another type of the zone is asked, then another zone, then on demand, and then people are', () => {
    const spot = [typeA, typeB, nextZoneA, nextZoneB].map((place) => `${place}/spot`);
    const onDemand = [typeA, typeB, nextZoneA, nextZoneB].map((place) => `${place}/on-demand`);
    const asked = (refusing: readonly string[]) => ask(2, refusing, {}, policy);
    expect(asked([]).names[0]).toBe(spot[0]);
    expect(asked(spot.slice(0, 1)).names[0]).toBe(spot[1]);
    expect(asked(spot.slice(0, 2)).names).toEqual(spot.slice(2));
    expect(asked(spot.slice(0, 3)).names).toEqual(spot.slice(3));
    expect(asked(spot).names).toEqual(onDemand);
    expect(asked([...spot, ...onDemand.slice(0, 3)]).names).toEqual(onDemand.slice(3));
    const nobody = asked([...spot, ...onDemand]);
    expect([nobody.names, nobody.alarms]).toEqual([[], ['NoCapacity']]);
  });

  it('on demand is left out where it may not stand in', () => {
    const spot = policy.places.map(({ instanceType, zone }) => `${instanceType}/${zone}/spot`);
    const nobody = ask(2, spot, {}, { ...policy, onDemandFallback: false });
    expect([nobody.names, nobody.alarms]).toEqual([[], ['NoCapacity']]);
  });
});

describe('a price', () => {
  const board = (first: number) =>
    boardOf(
      Object.fromEntries(
        PLACES.map((place, index) => [`${place.instanceType}/${place.zone}`, index === 0 ? first : 88_000]),
      ),
    );

  it('above nine tenths of on demand bars a pool, where the fleet file says nothing else', () => {
    const first = 'c7g.large/us-east-1a/spot';
    expect(ask(1, [], { prices: board(90_000) }).names).toContain(first);
    expect(ask(1, [], { prices: board(90_001) }).names).not.toContain(first);
  });

  it('that nobody knows is not the lowest: its pool is asked after those with one', () => {
    const [unknown, ...known] = PLACES.map(({ instanceType, zone }) => `${instanceType}/${zone}`);
    const prices = boardOf(Object.fromEntries(known.map((place) => [place, 85_000])));
    const { names } = ask(1, [], { prices });
    expect(names).toHaveLength(6);
    expect(names.at(-1)).toBe(`${unknown}/spot`);
  });

  it('that nobody knows is no reason to go on demand', () => {
    expect(ask(1, [], { prices: boardOf({}) }).orders.map(({ purchase }) => purchase)).toEqual(['spot']);
  });
});

const anyPrices = fc.dictionary(
  fc.constantFrom(...PLACES.map(({ instanceType, zone }) => `${instanceType}/${zone}`)),
  fc.integer({ min: 1_000, max: 200_000 }),
);
const anyRefusals = fc.subarray(PLACES.map(({ instanceType, zone }) => `${instanceType}/${zone}/spot`));

describe('whatever pools cost, and whoever refuses', () => {
  it('no pool is asked that costs half as much again as another that is', () => {
    fc.assert(
      fc.property(
        anyPrices,
        anyRefusals,
        fc.constantFrom('capacity' as const, 'cheapest' as const),
        (spot, refusing, spotStrategy) => {
          const { names } = ask(3, refusing, { prices: boardOf(spot) }, { spotStrategy });
          const costs = names.flatMap((name) => spot[name.replace('/spot', '')] ?? []);
          // Nothing has been lost anywhere, so that a useful hour costs everywhere the same share more.
          for (const cost of costs) expect(cost).toBeLessThan(1.5 * Math.min(...costs) + 1);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('nothing is asked of a pool that has just refused', () => {
    fc.assert(
      fc.property(anyPrices, anyRefusals, (spot, refusing) => {
        const { names } = ask(3, refusing, { prices: boardOf(spot) });
        expect(names.filter((name) => refusing.includes(name))).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });

  it('a fleet that is spread over its zones gets all that it wants, and its zones differ by one machine at most', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), anyRefusals, (tasks, refusing) => {
        const { orders } = ask(tasks, refusing, {}, { spotStrategy: 'balanced' });
        const counts = orders.map(({ count }) => count);
        expect(counts.reduce((sum, count) => sum + count, 0)).toBe(tasks);
        const askable = new Set(
          PLACES.filter(({ instanceType, zone }) => !refusing.includes(`${instanceType}/${zone}/spot`)).map(
            ({ zone }) => zone,
          ),
        ).size;
        expect(orders[0]!.purchase).toBe(askable === 0 ? 'on-demand' : 'spot');
        if (askable === 0) return;
        const all = [...counts, ...new Array<number>(askable - counts.length).fill(0)];
        expect(Math.max(...all) - Math.min(...all)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 200 },
    );
  });
});
