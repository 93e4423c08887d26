import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideFleetPurchase,
  type FleetDemand,
  type FleetMachineSeen,
  type FleetSeen,
} from '../../lib/decisions/decide-fleet-purchase.ts';
import { NO_LOSSES } from '../../lib/decisions/fleet-hedge.ts';
import { NEW_POOL } from '../../lib/decisions/fleet-pool-record.ts';
import { NO_SHORTFALL } from '../../lib/decisions/fleet-shortfall.ts';
import type { FleetPoolSeen } from '../../lib/decisions/fleet-spread.ts';

const demand = (changes: Partial<FleetDemand> = {}): FleetDemand => ({
  workers: 6,
  coldStartSeconds: 120,
  warningSeconds: 0,
  onDemandPrice: 1,
  throughputGoal: 0.995,
  ...changes,
});

const pool = (name: string, price?: number): FleetPoolSeen => ({
  name,
  record: NEW_POOL,
  ...(price === undefined ? {} : { price }),
});

const seen = (changes: Partial<FleetSeen> = {}): FleetSeen => ({
  nowSeconds: 86_400,
  machines: [],
  pools: [pool('a', 0.3), pool('b', 0.3), pool('c', 0.3)],
  losses: { ...NO_LOSSES, sinceSeconds: 0 },
  shortfall: NO_SHORTFALL,
  ...changes,
});

const machines = (count: number, of: { pool?: string; isReady?: boolean; isLeaving?: boolean; from?: number } = {}) =>
  Array.from(
    { length: count },
    (_, index): FleetMachineSeen => ({
      id: (of.from ?? 0) + index,
      isReady: of.isReady ?? true,
      isLeaving: of.isLeaving ?? false,
      ...(of.pool === undefined ? {} : { pool: of.pool }),
    }),
  );

describe('a steady fleet', () => {
  it('asks for spot first, spread over pools of one price', () => {
    expect(decideFleetPurchase(demand(), seen())).toEqual({
      spot: new Map([
        ['a', 2],
        ['b', 2],
        ['c', 2],
      ]),
      onDemand: 0,
      release: [],
      why: 'asks 6 spot of 3 pools; 6 must be ready, none stands by, 0 % of the allowed shortfall is used up',
    });
  });

  it('asks on demand for exactly what pools that are set aside do not give', () => {
    const pools = [{ ...pool('a', 0.3), record: { ...NEW_POOL, setAsideUntilSeconds: 90_000 } }];
    const { spot, onDemand } = decideFleetPurchase(demand(), seen({ pools, machines: machines(2, { pool: 'a' }) }));
    expect([spot.size, onDemand]).toEqual([0, 4]);
  });

  it('does not buy spot above its share of the on-demand price', () => {
    const pools = [pool('a', 0.81), pool('b', 0.79)];
    const threshold = decideFleetPurchase(demand({ spotShareMax: 0.8 }), seen({ pools }));
    expect([...threshold.spot.keys()]).toEqual(['b']);
    const byDefault = decideFleetPurchase(demand(), seen({ pools: [pool('a', 0.91)] }));
    expect([byDefault.spot.size, byDefault.onDemand]).toEqual([0, 6]);
  });

  it('holds a pool of unknown price for as dear as is allowed, and still asks it where it is the only one', () => {
    expect([...decideFleetPurchase(demand(), seen({ pools: [pool('a'), pool('b', 0.3)] })).spot]).toEqual([['b', 6]]);
    expect([...decideFleetPurchase(demand(), seen({ pools: [pool('a')] })).spot]).toEqual([['a', 6]]);
  });

  it('keeps its on-demand base, and buys only the rest on spot', () => {
    const base = demand({ onDemandBase: 2 });
    const first = decideFleetPurchase(base, seen());
    expect([...first.spot.values()].reduce((sum, count) => sum + count, 0)).toBe(4);
    const spot = machines(4, { pool: 'a' });
    expect(decideFleetPurchase(base, seen({ machines: spot })).onDemand).toBe(2);
    const full = [...spot, ...machines(3, { from: 10 })];
    expect(decideFleetPurchase(base, seen({ machines: full })).release).toEqual([10]);
  });

  it('replaces a machine that was told it will be taken, and not in the pool that takes it', () => {
    const leaving = machines(1, { pool: 'a', isLeaving: true, from: 9 });
    const { spot } = decideFleetPurchase(demand(), seen({ machines: [...machines(5, { pool: 'b' }), ...leaving] }));
    expect([...spot]).toEqual([['c', 1]]);
  });

  it('keeps on-demand that fell in for lost spot while losses are fresh and the goal is in danger', () => {
    const held = [...machines(6, { pool: 'a' }), ...machines(2, { from: 20 })];
    const single = { pools: [pool('a', 0.3)], machines: held };
    const bursts = [1, 2, 3, 4].map((hours) => ({
      atSeconds: 86_400 - hours * 300,
      machines: 2,
      pools: new Set(['a']),
    }));
    const inDanger = { workSeconds: 6 * 86_400, shortSeconds: 0.005 * 6 * 86_400 };
    const kept = decideFleetPurchase(
      demand(),
      seen({ ...single, losses: { sinceSeconds: 0, bursts }, shortfall: inDanger }),
    );
    expect(kept.release).toEqual([]);
    expect(kept.why).toMatch(/^changes nothing; 6 must be ready, 2 stand by .* 167 % of the allowed shortfall/);
    expect(decideFleetPurchase(demand(), seen(single)).release).toEqual([20, 21]);
  });

  it('never stands by where the warning covers the whole start-up', () => {
    const held = [...machines(6, { pool: 'a' }), ...machines(2, { from: 20 })];
    const bursts = [{ atSeconds: 86_300, machines: 6, pools: new Set(['a']) }];
    const warned = demand({ warningSeconds: 120 });
    const shortfall = { workSeconds: 100_000, shortSeconds: 100_000 };
    expect(
      decideFleetPurchase(warned, seen({ machines: held, losses: { sinceSeconds: 0, bursts }, shortfall })).release,
    ).toEqual([20, 21]);
  });
});

const machineArbitrary = fc.record({
  pool: fc.constantFrom('a', 'b', 'c', undefined),
  isReady: fc.boolean(),
  isLeaving: fc.boolean(),
});

const seenArbitrary = fc
  .record({
    machines: fc.array(machineArbitrary, { maxLength: 14 }),
    prices: fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(0.1, 0.3, 0.6, 0.85, 0.95, undefined))),
    bursts: fc.array(
      fc.record({ agoSeconds: fc.integer({ min: 1, max: 40_000 }), machines: fc.integer({ min: 1, max: 9 }) }),
    ),
    shortSeconds: fc.integer({ min: 0, max: 20_000 }),
    asideUntilSeconds: fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(0, 90_000))),
  })
  .map(({ machines: drawn, prices, bursts, shortSeconds, asideUntilSeconds }) =>
    seen({
      machines: drawn.map(({ pool: name, ...rest }, id) => ({
        id,
        ...rest,
        ...(name === undefined ? {} : { pool: name }),
      })),
      pools: ['a', 'b', 'c'].map((name, index) => ({
        ...pool(name, prices[index]),
        record: { ...NEW_POOL, setAsideUntilSeconds: asideUntilSeconds[index]! },
      })),
      losses: {
        sinceSeconds: 0,
        bursts: bursts
          .map((burst) => ({ atSeconds: 86_400 - burst.agoSeconds, machines: burst.machines, pools: new Set(['a']) }))
          .sort((one, other) => one.atSeconds - other.atSeconds),
      },
      shortfall: { workSeconds: 86_400 * 6, shortSeconds },
    }),
  );

const demandArbitrary = fc
  .record({
    workers: fc.integer({ min: 1, max: 9 }),
    coldStartSeconds: fc.constantFrom(0, 60, 300, 900),
    warningSeconds: fc.constantFrom(0, 120),
    onDemandBase: fc.integer({ min: 0, max: 12 }),
    spotShareMax: fc.constantFrom(0.2, 0.5, 0.9, 1),
    isSpreadEvenly: fc.boolean(),
  })
  .map(demand);

const sum = (counts: Iterable<number>): number => [...counts].reduce((all, count) => all + count, 0);

describe('on anything that a fleet can see', () => {
  it('one kind of step at a time, within the fleet and its surge, in pools that are allowed', () => {
    fc.assert(
      fc.property(demandArbitrary, seenArbitrary, (wanted, sees) => {
        const { spot, onDemand, release, why } = decideFleetPurchase(wanted, sees);
        expect([sum(spot.values()), onDemand, release.length].filter((count) => count > 0).length).toBeLessThanOrEqual(
          1,
        );
        const staying = sees.machines.filter(({ isLeaving }) => !isLeaving);
        if (sum(spot.values()) > 0 || onDemand > 0) {
          const base = Math.min(wanted.onDemandBase!, wanted.workers);
          const most = wanted.workers + Math.max(2, Math.ceil(wanted.workers / 2)) + base;
          expect(staying.length + sum(spot.values()) + onDemand).toBeLessThanOrEqual(
            Math.max(most, staying.length + base),
          );
        }
        for (const name of spot.keys()) {
          const asked = sees.pools.find((each) => each.name === name)!;
          expect(asked.price ?? 0).toBeLessThanOrEqual(wanted.spotShareMax! * wanted.onDemandPrice);
          expect(asked.record.setAsideUntilSeconds).toBeLessThanOrEqual(sees.nowSeconds);
        }
        expect(why).toContain(`${wanted.workers} must be ready`);
      }),
      { numRuns: 1_000 },
    );
  });

  it('what is released leaves the fleet ready and its base on demand', () => {
    fc.assert(
      fc.property(demandArbitrary, seenArbitrary, (wanted, sees) => {
        const released = new Set(decideFleetPurchase(wanted, sees).release);
        if (released.size === 0) return;
        const staying = sees.machines.filter(({ isLeaving }) => !isLeaving);
        const left = staying.filter(({ id }) => !released.has(id));
        expect(left.filter(({ isReady }) => isReady).length).toBeGreaterThanOrEqual(wanted.workers);
        const base = Math.min(wanted.onDemandBase!, wanted.workers);
        const onDemand = ({ pool: name }: FleetMachineSeen): boolean => name === undefined;
        expect(left.filter(onDemand).length).toBeGreaterThanOrEqual(Math.min(base, staying.filter(onDemand).length));
      }),
      { numRuns: 1_000 },
    );
  });

  it('an even spread stays within one while no pool refuses', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.tuple(...[0, 1, 2].map(() => fc.constantFrom(0.1, 0.3, 0.6))),
        (workers, prices) => {
          const pools = ['a', 'b', 'c'].map((name, index) => pool(name, prices[index]));
          const { spot } = decideFleetPurchase(demand({ workers, isSpreadEvenly: true }), seen({ pools }));
          const counts = pools.map(({ name }) => spot.get(name) ?? 0);
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
          expect(sum(counts)).toBe(workers);
        },
      ),
      { numRuns: 200 },
    );
  });
});
