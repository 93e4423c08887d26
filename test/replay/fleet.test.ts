import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { surgeOf } from '../../lib/decisions/decide-fleet-purchase.ts';
import { misinformedFleet } from '../../lib/replay/estimates.ts';
import {
  type FleetMarket,
  type FleetPolicyMaker,
  type FleetRules,
  type FleetView,
  isReady,
} from '../../lib/replay/fleet/fleet.ts';
import { FLEET_MIXES } from '../../lib/replay/fleet/mixes.ts';
import { runFleet } from '../../lib/replay/fleet/run-fleet.ts';
import { type FleetTerms, spothopFleet, spothopFleetOn } from '../../lib/replay/fleet/spothop.ts';
import { seededRandom } from '../../lib/replay/random.ts';

const market = (...pools: readonly (readonly number[])[]): FleetMarket => ({
  pools: pools.map((counts, index) => ({ name: `pool ${index}`, counts: Float64Array.from(counts) })),
});

const rules = (changes: Partial<FleetRules> = {}): FleetRules => ({
  workers: 4,
  stepSeconds: 60,
  coldStartSeconds: 60,
  warningSeconds: 0,
  spotPrice: 0.3,
  onDemandPrice: 1,
  ...changes,
});

const mix = (name: string): FleetPolicyMaker => FLEET_MIXES.find((maker) => maker.name === name)!;

const always = (count: number, steps: number): readonly number[] => Array.from({ length: steps }, () => count);

describe('a replayed fleet', () => {
  it('counts neither cost nor work of the first start-up', () => {
    const outcome = runFleet(mix('on-demand'), market(always(9, 61)), rules());
    expect(outcome).toMatchObject({ availability: 1, throughput: 1, launches: 4 });
    expect(outcome.cost).toBeCloseTo(4, 9);
    expect(outcome.onDemandCost).toBeCloseTo(4, 9);
    expect(outcome.leastCost).toBeCloseTo(1.2, 9);
  });

  it('loses the newest machines of a pool first, and has to start others from cold', () => {
    const outcome = runFleet(mix('spot-only'), market([4, 4, 4, 1, 1, 4, 4, 4]), rules());
    expect(outcome.steps.map(({ ready }) => ready)).toEqual([0, 4, 4, 1, 1, 1, 4, 4]);
    expect(outcome.launches).toBe(7);
  });

  it('falls back on on-demand while spot is short, and returns', () => {
    const { steps } = runFleet(mix('dynamic-fallback'), market([4, 4, 4, 2, 2, 4, 4, 4, 4]), rules());
    expect(steps.map(({ onDemand }) => onDemand)).toEqual([4, 0, 0, 2, 2, 2, 0, 0, 0]);
    expect(steps.map(({ ready }) => ready)).toEqual([0, 4, 4, 2, 4, 4, 4, 4, 4]);
  });

  it('has what it needs ready when the warning covers the start-up', () => {
    const counts = market([...always(4, 10), ...always(0, 10), ...always(4, 20)]);
    const warned = rules({ warningSeconds: 120, coldStartSeconds: 120 });
    expect(runFleet(spothopFleet, counts, warned)).toMatchObject({ throughput: 1, availability: 1 });
    const unwarned = runFleet(spothopFleet, counts, { ...warned, warningSeconds: 0 });
    expect(unwarned.throughput).toBeCloseTo(1 - 2 / 38, 9);
  });
});

describe('a steady fleet of ours', () => {
  it('runs on spot alone while there is enough, in several pools', () => {
    const { steps, cost, leastCost } = runFleet(spothopFleet, market(always(9, 100), always(9, 100)), rules());
    expect(steps.at(-1)).toEqual({ ready: 4, spot: 4, onDemand: 0 });
    expect(cost).toBeCloseTo(leastCost, 9);
  });

  it('is on demand where there is no spot at all, at no other cost', () => {
    const outcome = runFleet(spothopFleet, market(always(0, 100)), rules());
    expect(outcome.throughput).toBe(1);
    expect(outcome.cost).toBeCloseTo(outcome.onDemandCost, 9);
  });

  const countsArbitrary = (steps: number) =>
    fc
      .array(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 1, max: 12 })), {
          minLength: 1,
          maxLength: 20,
        }),
        { minLength: 1, maxLength: 4 },
      )
      .map((pools) =>
        market(
          ...pools.map((spells) => {
            const counts = spells.flatMap(([count, length]) => always(count, length));
            return Array.from({ length: steps }, (_, step) => counts[step % counts.length]!);
          }),
        ),
      );
  const rulesArbitrary = fc
    .record({
      workers: fc.integer({ min: 1, max: 9 }),
      coldStartSeconds: fc.constantFrom(60, 120, 300),
      warningSeconds: fc.constantFrom(0, 120),
    })
    .map(rules);

  it('on any market: never more than itself and its surge stays, and the same market gives the same answer', () => {
    fc.assert(
      fc.property(countsArbitrary(60), rulesArbitrary, (counts, by) => {
        const outcome = runFleet(spothopFleet, counts, by);
        // What is warned stays that long beside what replaces it, and that may be warned with the very next step.
        const most = (by.workers + surgeOf(by.workers)) * (1 + by.warningSeconds / by.stepSeconds);
        for (const { spot, onDemand } of outcome.steps) expect(spot + onDemand).toBeLessThanOrEqual(most);
        expect(runFleet(spothopFleet, counts, by)).toEqual(outcome);
      }),
      { numRuns: 200 },
    );
  });

  /** What a fleet of these terms holds whenever it wants nothing more. */
  const settledViews = (terms: Partial<FleetTerms>, counts: FleetMarket, by: FleetRules): readonly FleetView[] => {
    const views: FleetView[] = [];
    const maker: FleetPolicyMaker = {
      name: 'watched',
      create: () => {
        const policy = spothopFleetOn({ throughputGoal: 0.995, ...terms }).create(by);
        return {
          decide: (view) => {
            const plan = policy.decide(view);
            if (plan.launch.length === 0 && plan.release.length === 0) views.push(view);
            return plan;
          },
        };
      },
    };
    runFleet(maker, counts, by);
    return views;
  };

  it('on any market: what is ready and stays never costs more than on-demand alone', () => {
    fc.assert(
      fc.property(countsArbitrary(60), rulesArbitrary, fc.constantFrom(0.3, 0.5, 0.8), (counts, drawn, spotPrice) => {
        const by = { ...drawn, spotPrice };
        for (const { machines, warned, nowSeconds } of settledViews({ throughputGoal: 0.9999 }, counts, by)) {
          const ready = machines.filter((machine) => isReady(machine, nowSeconds) && !warned.has(machine.id));
          const spend = ready.reduce((sum, { place }) => sum + (place === 'on-demand' ? 1 : spotPrice), 0);
          expect(spend).toBeLessThanOrEqual(by.workers + 1e-9);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('on any market: its base is on demand, and no spot is bought above its share of the price', () => {
    fc.assert(
      fc.property(countsArbitrary(60), rulesArbitrary, fc.integer({ min: 0, max: 9 }), (counts, by, base) => {
        for (const { machines } of settledViews({ onDemandBase: base }, counts, by)) {
          const onDemand = machines.filter(({ place }) => place === 'on-demand').length;
          expect(onDemand).toBeGreaterThanOrEqual(Math.min(base, by.workers));
        }
        const dear = settledViews({ spotShareMax: 0.29 }, counts, by);
        expect(dear.every(({ machines }) => machines.every(({ place }) => place === 'on-demand'))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('spreads within one over zones that all have enough, however many it needs', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 5 }), (workers, zones) => {
        const counts = market(...Array.from({ length: zones }, () => always(99, 20)));
        for (const { machines } of settledViews({ isSpreadEvenly: true }, counts, rules({ workers }))) {
          const held = Array.from(
            { length: zones },
            (_, zone) => machines.filter(({ place }) => place === zone).length,
          );
          expect(Math.max(...held) - Math.min(...held)).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 100 },
    );
  });

  /** One pool whose count falls by a few machines every hour or so, and comes back some ten minutes later. */
  const shaky = (seed: number, steps: number): FleetMarket => {
    const random = seededRandom(seed);
    let missing = 0;
    return market(
      Array.from({ length: steps }, () => {
        if (missing === 0 && random() < 1 / 60) missing = 1 + Math.floor(random() * 4);
        else if (missing > 0 && random() < 1 / 10) missing = 0;
        return 8 - missing;
      }),
    );
  };

  it.each([1, 2, 3, 4])(
    'learns to keep 99.5 in 100 of its work where losses are frequent, below the price of on-demand: market %i',
    (seed) => {
      const by = rules({ workers: 8, coldStartSeconds: 300 });
      const days = shaky(seed, 2 * 1_440);
      const ours = runFleet(spothopFleet, days, by);
      expect(runFleet(mix('dynamic-fallback'), days, by).throughput).toBeLessThan(0.99);
      expect(ours.throughput).toBeGreaterThanOrEqual(0.995);
      expect(ours.cost / ours.onDemandCost).toBeLessThan(0.85);
    },
  );

  it('told half or twice the start-up, it is short or dear by little', () => {
    const by = rules({ workers: 8, coldStartSeconds: 300 });
    const days = shaky(5, 2 * 1_440);
    const told = (factor: number) => runFleet(misinformedFleet(spothopFleet, { factor }), days, by);
    expect(told(0.5).throughput).toBeGreaterThan(0.99);
    expect(told(2).throughput).toBeGreaterThanOrEqual(0.995);
    expect(told(2).cost / told(1).cost).toBeLessThan(1.1);
  });

  it('on any market: as soon as a start-up without losses has passed, all workers are ready', () => {
    fc.assert(
      fc.property(countsArbitrary(60), rulesArbitrary, (counts, by) => {
        const calm = 3 * Math.ceil(by.coldStartSeconds / 60);
        const held = market(...counts.pools.map((pool) => [...pool.counts, ...always(pool.counts.at(-1)!, calm)]));
        expect(runFleet(spothopFleet, held, by).steps.at(-1)!.ready).toBeGreaterThanOrEqual(by.workers);
      }),
      { numRuns: 200 },
    );
  });

  it('where spot dies a minute after every launch it is dearer than on-demand by little, and up nearly always', () => {
    const dying = market(Array.from({ length: 600 }, (_, step) => (step % 2 === 0 ? 6 : 0)));
    const outcome = runFleet(spothopFleet, dying, rules({ coldStartSeconds: 120 }));
    expect(outcome.throughput).toBeGreaterThan(0.98);
    expect(outcome.cost / outcome.onDemandCost).toBeLessThan(1.1);
  });

  it('where all pools go at once, again and again, it is up at least as much as the plain fallback', () => {
    const spell = [...always(4, 50), ...always(0, 10)];
    const together = Array.from({ length: 10 }, () => spell).flat();
    const by = rules({ workers: 8, coldStartSeconds: 300 });
    const ours = runFleet(spothopFleet, market(together, together, together), by);
    expect(ours.throughput).toBeGreaterThan(
      runFleet(mix('dynamic-fallback'), market(together, together, together), by).throughput,
    );
  });
});
