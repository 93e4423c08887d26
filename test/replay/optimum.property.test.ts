import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JobPolicyMaker, JobRules, Market } from '../../lib/replay/job.ts';
import { optimumCost } from '../../lib/replay/optimum.ts';
import { greedy } from '../../lib/replay/policies/greedy.ts';
import { onDemandOnly } from '../../lib/replay/policies/on-demand-only.ts';
import { spothop } from '../../lib/replay/policies/spothop.ts';
import { uniformProgress } from '../../lib/replay/policies/uniform-progress.ts';
import { runJob } from '../../lib/replay/run-job.ts';

const TICK = 600;

const marketOf = (
  pools: readonly { readonly on: readonly boolean[]; readonly price: readonly number[] }[],
): Market => ({
  pools: pools.map(({ on, price }, index) => ({
    name: `pool ${index}`,
    available: Uint8Array.from(on, Number),
    price: Float64Array.from(price),
  })),
});

/** Every sequence of choices, second by second of book-keeping, with no programme: right because it is plain. */
const cheapestByTrying = (market: Market, rules: JobRules): number => {
  const onDemand = market.pools.length;
  const idle = onDemand + 1;
  const from = (tick: number, work: number, running: number, owed: number): number => {
    if (work <= 0) return 0;
    if (tick === rules.deadlineTicks) return Number.POSITIVE_INFINITY;
    let best = Number.POSITIVE_INFINITY;
    for (let choice = 0; choice <= idle; choice += 1) {
      const pool = market.pools[choice];
      if (pool !== undefined && pool.available[tick] === 0) continue;
      if (choice === idle) {
        best = Math.min(best, from(tick + 1, work, idle, 0));
        continue;
      }
      const price = pool === undefined ? rules.onDemandPrice : pool.price[tick]!;
      const stays = choice === running;
      for (const startUp of stays ? [owed, rules.changeoverSeconds] : [rules.changeoverSeconds]) {
        const used = Math.min(rules.tickSeconds, startUp + work);
        const billed = rules.billsWholeTicks ? rules.tickSeconds : used;
        const worked = Math.max(0, rules.tickSeconds - startUp);
        const owedAfter = Math.max(0, startUp - rules.tickSeconds);
        best = Math.min(best, (price * billed) / 3_600 + from(tick + 1, work - worked, choice, owedAfter));
      }
    }
    return best;
  };
  return from(0, rules.workSeconds, idle, 0);
};

const TICKS = 6;
const poolArbitrary = fc.record({
  on: fc.array(fc.boolean(), { minLength: TICKS, maxLength: TICKS }),
  price: fc.array(
    fc.integer({ min: 1, max: 30 }).map((tenth) => tenth / 10),
    { minLength: TICKS, maxLength: TICKS },
  ),
});
const rulesArbitrary = fc
  .record({
    workSeconds: fc.integer({ min: 1, max: 20 }).map((hundreds) => hundreds * 100 + 7),
    changeoverSeconds: fc.constantFrom(0, 150, 200, 400, 600, 900, 1_400),
    billsWholeTicks: fc.boolean(),
    onDemandPrice: fc.constantFrom(1, 2.5),
  })
  .map((drawn): JobRules => ({ ...drawn, tickSeconds: TICK, deadlineTicks: TICKS }))
  .filter(({ workSeconds, changeoverSeconds }) => workSeconds + changeoverSeconds <= TICKS * TICK);

describe('the optimum', () => {
  it('is what trying every sequence of choices finds: whole ticks or not, long start-ups, several pools', () => {
    fc.assert(
      fc.property(fc.array(poolArbitrary, { maxLength: 2 }), rulesArbitrary, (pools, rules) => {
        const market = marketOf(pools);
        expect(optimumCost(market, rules)).toBeCloseTo(cheapestByTrying(market, rules), 9);
      }),
      { numRuns: 300 },
    );
  });

  const expectAboveOptimum = (maker: JobPolicyMaker, market: Market, rules: JobRules): void => {
    const { cost, isMissed } = runJob(maker, market, rules);
    expect([maker.name, isMissed]).toEqual([maker.name, false]);
    expect(cost).toBeGreaterThanOrEqual(optimumCost(market, rules) - 1e-9);
  };

  it.each([greedy, uniformProgress, onDemandOnly])(
    'is never above what $name pays, which misses no deadline that on-demand could keep',
    (maker) => {
      fc.assert(
        fc.property(fc.array(poolArbitrary, { minLength: 1, maxLength: 3 }), rulesArbitrary, (pools, rules) => {
          expectAboveOptimum(maker, marketOf(pools), rules);
        }),
        { numRuns: 200 },
      );
    },
  );

  // Few kinds of job, because ours works out a table for each kind.
  it.each([
    { workSeconds: 1_807, changeoverSeconds: 150, billsWholeTicks: false, onDemandPrice: 1 },
    { workSeconds: 1_500, changeoverSeconds: 900, billsWholeTicks: true, onDemandPrice: 2.5 },
  ])('is never above what ours pays for %j', (drawn) => {
    const rules: JobRules = { ...drawn, tickSeconds: TICK, deadlineTicks: TICKS };
    fc.assert(
      fc.property(fc.array(poolArbitrary, { minLength: 1, maxLength: 3 }), (pools) => {
        expectAboveOptimum(spothop, marketOf(pools), rules);
      }),
      { numRuns: 100 },
    );
  });

  it('says so when not even on-demand is in time', () => {
    const rules: JobRules = {
      tickSeconds: TICK,
      workSeconds: 1_300,
      deadlineTicks: 2,
      changeoverSeconds: 0,
      onDemandPrice: 1,
      billsWholeTicks: false,
    };
    expect(() => optimumCost({ pools: [] }, rules)).toThrow('not even on demand');
  });
});
