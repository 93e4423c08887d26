import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Purchase } from '../../lib/fleet/pool.ts';
import type { PricePoint } from '../../lib/fleet/run.ts';
import { addMs, epochMs } from '../../lib/fleet/time.ts';
import { type BilledRun, priceRun } from '../../lib/money/price-run.ts';

const START = epochMs(Date.parse('2026-11-21T10:00:00Z'));

/** 10 micro-USD a second. */
const TEN = 36_000;
const TWENTY = 72_000;

const at = (seconds: number, microUsdPerHour: number): PricePoint => ({
  at: addMs(START, seconds * 1_000),
  microUsdPerHour,
});

const run = (purchase: Purchase, seconds: number, endedBy: BilledRun['endedBy']): BilledRun => ({
  pool: { instanceType: 'c7g.large', zone: 'us-east-1a', purchase },
  launchedAt: START,
  endedAt: addMs(START, seconds * 1_000),
  endedBy,
});

const steady = [at(-60, TEN)];

describe('what EC2 charges (B28)', () => {
  test.each([
    ['spot ended by us is charged by the second', run('spot', 600, 'us'), steady, 6_000, false],
    ['spot that ended itself is charged by the second', run('spot', 30, 'itself'), steady, 300, false],
    [
      'spot ended nobody knows how is charged: free hours are not guessed',
      run('spot', 600, 'unknown'),
      steady,
      6_000,
      false,
    ],
    ['spot that EC2 takes in its first hour is free', run('spot', 3_599, 'ec2'), steady, 0, true],
    ['a millisecond before the hour is still free', run('spot', 3_599.999, 'ec2'), steady, 0, true],
    ['spot that EC2 takes after an hour is charged whole', run('spot', 3_600, 'ec2'), steady, 36_000, false],
    ['spot that EC2 takes later is charged by the second', run('spot', 3_601, 'ec2'), steady, 36_010, false],
    ['a second that has begun counts', run('spot', 1.2, 'us'), steady, 20, false],
    [
      'the price in force is the last change before the start',
      run('spot', 600, 'us'),
      [at(-7_200, TEN), at(-3_600, TWENTY)],
      12_000,
      false,
    ],
    ['a change at the start is in force', run('spot', 600, 'us'), [at(-7_200, TEN), at(0, TWENTY)], 12_000, false],
    ['a change within the hour splits it', run('spot', 3_600, 'us'), [at(-5, TEN), at(1_800, TWENTY)], 54_000, false],
    ['a second costs what was in force when it began', run('spot', 2, 'us'), [at(-5, TEN), at(0.5, TWENTY)], 30, false],
    ['a change after the end changes nothing', run('spot', 60, 'us'), [at(-5, TEN), at(60, TWENTY)], 600, false],
    [
      'the order of the series does not matter',
      run('spot', 3_600, 'us'),
      [at(1_800, TWENTY), at(-5, TEN)],
      54_000,
      false,
    ],
    ['on demand is charged for a minute at least', run('on-demand', 10, 'us'), [], 1_200, false],
    ['on demand of a minute is a minute', run('on-demand', 60, 'us'), [], 1_200, false],
    ['on demand after a minute goes by the second', run('on-demand', 61, 'us'), [], 1_220, false],
    ['on demand that EC2 ends has no free hour', run('on-demand', 600, 'ec2'), [], 12_000, false],
    ['a machine that never ran is charged its minute', run('on-demand', 0, 'us'), [], 1_200, false],
    ['a machine that still runs has no minimum yet', run('on-demand', 10, 'still-running'), [], 200, false],
  ] as const)('%s', (_rule, billed, series, charged, free) => {
    const priced = priceRun(billed, series, TWENTY);
    expect(priced.chargedMicros).toBe(charged);
    expect(priced.freeFirstHour).toBe(free);
  });

  test('on demand would have charged for a free hour too', () => {
    expect(priceRun(run('spot', 3_599, 'ec2'), steady, 100_000).onDemandWouldBeMicros).toBe(99_972);
  });

  test('a fraction of a micro-dollar is rounded to the nearest', () => {
    expect(priceRun(run('spot', 1, 'us'), [at(0, 1_799)], TEN).chargedMicros).toBe(0);
    expect(priceRun(run('spot', 1, 'us'), [at(0, 1_800)], TEN).chargedMicros).toBe(1);
  });

  test('a spot machine in its first hour may yet be free, and is called provisional', () => {
    expect(priceRun(run('spot', 600, 'still-running'), steady, TWENTY).isProvisional).toBe(true);
    expect(priceRun(run('spot', 3_600, 'still-running'), steady, TWENTY).isProvisional).toBe(false);
    expect(priceRun(run('on-demand', 600, 'still-running'), steady, TWENTY).isProvisional).toBe(false);
  });
});

describe('a missing price is unknown, never 0', () => {
  test('without any spot price', () => {
    expect(priceRun(run('spot', 600, 'us'), undefined, TWENTY).chargedMicros).toBe('unknown');
    expect(priceRun(run('spot', 600, 'us'), [], TWENTY).chargedMicros).toBe('unknown');
  });

  test('when the series begins after the launch', () => {
    expect(priceRun(run('spot', 600, 'us'), [at(1, TEN)], TWENTY).chargedMicros).toBe('unknown');
  });

  test('without an on-demand price', () => {
    expect(priceRun(run('on-demand', 600, 'us'), steady, undefined).chargedMicros).toBe('unknown');
    expect(priceRun(run('spot', 600, 'us'), steady, undefined)).toMatchObject({
      chargedMicros: 6_000,
      onDemandWouldBeMicros: 'unknown',
    });
  });

  test('a first hour that is free is free at any price', () => {
    expect(priceRun(run('spot', 600, 'ec2'), undefined, TWENTY).chargedMicros).toBe(0);
  });
});

const randomSeries = fc.array(
  fc.record({ afterMs: fc.integer({ min: -20_000, max: 400_000 }), price: fc.integer({ min: 1, max: 5_000_000 }) }),
  { maxLength: 12 },
);

/** Second by second, each looking its price up anew; exact in bigint, rounded once. */
const secondBySecond = (series: readonly PricePoint[], launchedAt: number, runMs: number): number | 'unknown' => {
  let sum = 0n;
  for (let begun = 0; begun < runMs; begun += 1_000) {
    const inForce = series
      .filter((point) => point.at <= launchedAt + begun)
      .reduce<PricePoint | undefined>((last, point) => (last && last.at > point.at ? last : point), undefined);
    if (inForce === undefined) return 'unknown';
    sum += BigInt(inForce.microUsdPerHour);
  }
  return Number((sum + 1_800n) / 3_600n);
};

describe('price integration', () => {
  test('equals a sum over every single second', () => {
    fc.assert(
      fc.property(randomSeries, fc.integer({ min: 1, max: 400_000 }), (changes, runMs) => {
        const series = changes.map(({ afterMs, price }) => ({ at: addMs(START, afterMs), microUsdPerHour: price }));
        const billed = { ...run('spot', 0, 'us'), endedAt: addMs(START, runMs) };
        expect(priceRun(billed, series, TEN).chargedMicros).toBe(secondBySecond(series, START, runMs));
      }),
      { numRuns: 300 },
    );
  });

  test('windows that cut a run anywhere add up to the run, to the micro-dollar', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Purchase>('spot', 'on-demand'),
        fc.constantFrom<BilledRun['endedBy']>('us', 'ec2', 'still-running'),
        fc.integer({ min: 0, max: 5_000_000 }),
        fc.array(fc.integer({ min: -10_000, max: 6_000_000 }), { maxLength: 6 }),
        fc.integer({ min: 1, max: 3_000_000 }),
        (purchase, endedBy, runMs, cuts, price) => {
          const billed = { ...run(purchase, 0, endedBy), endedAt: addMs(START, runMs) };
          const series = [at(-9, price), at(77.7, price + 13)];
          const edges = [-20_000, ...cuts, 7_000_000].sort((left, right) => left - right).map((ms) => addMs(START, ms));
          const parts = edges.slice(1).map((to, index) => priceRun(billed, series, price, { from: edges[index]!, to }));
          const whole = priceRun(billed, series, price);
          const sum = (pick: (part: (typeof parts)[number]) => number | 'unknown') =>
            parts.reduce((total, part) => total + Number(pick(part)), 0);
          expect(sum((part) => part.chargedMicros)).toBe(whole.chargedMicros);
          expect(sum((part) => part.onDemandWouldBeMicros)).toBe(whole.onDemandWouldBeMicros);
          expect(sum((part) => part.spotMs + part.onDemandMs)).toBe(runMs);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a dear machine that runs for years stays exact', () => {
    const years = 10 * 365 * 86_400;
    expect(priceRun(run('spot', years, 'us'), [at(0, 100_000_001)], TEN).chargedMicros).toBe(8_760_000_087_600);
  });
});
