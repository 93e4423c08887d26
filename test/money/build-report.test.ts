import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fleetName } from '../../lib/fleet/ids.ts';
import type { Run } from '../../lib/fleet/run.ts';
import { addMs, epochMs } from '../../lib/fleet/time.ts';
import { buildReport, type ReportInput } from '../../lib/money/build-report.ts';
import { US_DOLLAR } from '../../lib/money/currency.ts';
import { periodBefore, type ReportPeriod, reportPeriod } from '../../lib/money/period.ts';
import { HOUR_MS, machine, pool, runOfPool } from '../support/sample-report.ts';

const day = reportPeriod('2026-11-21', 'Europe/Berlin');
const before = periodBefore(day);
const spot = pool('c7g.large', 'us-east-1a', 'spot');
const onDemand = pool('c7g.large', 'us-east-1a', 'on-demand');
const foreign = pool('x9.huge', 'us-east-1a', 'spot');

const input = (change: Partial<ReportInput> = {}): ReportInput => ({
  reportId: 'r-1',
  fleet: fleetName('index'),
  period: day,
  madeAt: addMs(day.to, 8 * HOUR_MS),
  runs: [],
  members: [],
  spotHistory: new Map([['c7g.large/us-east-1a', [{ at: addMs(before.from, -1), microUsdPerHour: 25_000 }]]]),
  onDemand: new Map([['c7g.large', 100_000]]),
  tasks: { done: 0, dead: 0, reclaims: 0, redoneMs: 0 },
  currency: US_DOLLAR,
  ...change,
});

const report = (change: Partial<ReportInput>) => buildReport(input(change));

describe('the figures of a period', () => {
  test('spent, on demand, saved and its share', () => {
    const { total, savedBasisPoints, costPerTaskMicros } = report({
      runs: [runOfPool(1, spot, day.from, 2), runOfPool(2, onDemand, day.from, 1)],
      tasks: { done: 7, dead: 1, reclaims: 2, redoneMs: 'unknown' },
    });
    expect(total.spent).toEqual({ micros: 150_000, unknownCount: 0 });
    expect(total.onDemandWouldBe).toEqual({ micros: 300_000, unknownCount: 0 });
    expect(total.saved).toEqual({ micros: 150_000, unknownCount: 0 });
    expect(savedBasisPoints).toBe(5_000);
    expect(costPerTaskMicros).toBe(21_429);
    expect(total.time).toEqual({ spotMs: 2 * HOUR_MS, freeMs: 0, onDemandMs: HOUR_MS });
  });

  test('a first hour that EC2 gave back is free time', () => {
    const { total } = report({ runs: [runOfPool(1, spot, day.from, 0.5, { endedBy: 'ec2' })] });
    expect(total.time).toEqual({ spotMs: 0, freeMs: HOUR_MS / 2, onDemandMs: 0 });
    expect(total.spent.micros).toBe(0);
    expect(total.saved.micros).toBe(50_000);
  });

  test('a run across midnight is cut there and counted once as an interruption', () => {
    const runs = [runOfPool(1, spot, day.from - 3 * HOUR_MS, 5, { endedBy: 'ec2', interruption: 'warned' })];
    const yesterday = report({ runs, period: before });
    const today = report({ runs });
    expect([yesterday.total.spent.micros, today.total.spent.micros]).toEqual([75_000, 50_000]);
    expect([yesterday.interruptions.warned, today.interruptions.warned]).toEqual([0, 1]);
  });

  test('runs before and after the period are left out', () => {
    const runs = [runOfPool(1, spot, day.from - 2 * HOUR_MS, 2), runOfPool(2, spot, day.to, 1)];
    expect(report({ runs }).total.runCount).toBe(0);
  });

  test('a machine that still runs is counted up to the end of the period, and marked', () => {
    const members = [{ instanceId: machine(1), pool: spot, launchedAt: addMs(day.to, -HOUR_MS) }];
    const { total } = report({ members });
    expect(total).toMatchObject({ stillRunningCount: 1, provisionalCount: 0, spent: { micros: 25_000 } });
  });

  test('a machine in its first hour when the report is made is marked as provisional', () => {
    const madeAt = addMs(day.to, 60_000);
    const members = [{ instanceId: machine(1), pool: spot, launchedAt: addMs(day.to, -60_000) }];
    expect(report({ madeAt, members }).total.provisionalCount).toBe(1);
  });

  test('a machine that was closed while the report was made is its run, not both', () => {
    const members = [{ instanceId: machine(1), pool: spot, launchedAt: day.from }];
    const { total } = report({ members, runs: [runOfPool(1, spot, day.from, 1)] });
    expect(total).toMatchObject({ runCount: 1, stillRunningCount: 0, spent: { micros: 25_000 } });
  });

  test('a machine closed twice ended when it first ended', () => {
    const { total } = report({ runs: [runOfPool(1, spot, day.from, 3), runOfPool(1, spot, day.from, 2)] });
    expect(total).toMatchObject({ runCount: 1, spent: { micros: 50_000 } });
  });

  test('interruptions are told apart', () => {
    const { interruptions } = report({
      runs: [
        runOfPool(1, spot, day.from, 2, { interruption: 'warned', rebalanced: true }),
        runOfPool(2, spot, day.from, 2, { interruption: 'unwarned' }),
        runOfPool(3, spot, day.from, 2, { rebalanced: true }),
      ],
    });
    expect(interruptions).toEqual({ warned: 1, unwarned: 1, rebalances: 2 });
  });

  test('nothing ran: nothing spent, and no share of nothing', () => {
    expect(report({})).toMatchObject({
      savedBasisPoints: 'unknown',
      costPerTaskMicros: 'unknown',
      pools: [],
      total: { runCount: 0, spent: { micros: 0, unknownCount: 0 } },
    });
  });

  test('a missing price makes its part unknown and leaves the rest', () => {
    const { total, pools, savedBasisPoints, costPerTaskMicros } = report({
      runs: [runOfPool(1, spot, day.from, 2), runOfPool(2, foreign, day.from, 2)],
      tasks: { done: 5, dead: 0, reclaims: 0, redoneMs: 0 },
    });
    expect(total.spent).toEqual({ micros: 50_000, unknownCount: 1 });
    expect(total.saved).toEqual({ micros: 150_000, unknownCount: 1 });
    expect(savedBasisPoints).toBe(7_500);
    expect(costPerTaskMicros).toBe('unknown');
    expect(pools.map((line) => line.spent.unknownCount)).toEqual([0, 1]);
  });
});

describe('another currency', () => {
  test('every amount is converted at the stated rate', () => {
    const { total, currency } = report({
      runs: [runOfPool(1, spot, day.from, 1)],
      currency: { code: 'AUD', perUsd: 1.523457 },
    });
    expect(currency.code).toBe('AUD');
    expect(total.spent.micros).toBe(38_086);
    expect(total.onDemandWouldBe.micros).toBe(152_346);
    expect(total.saved.micros).toBe(114_260);
  });

  test.each([0, -1, Number.NaN, 1e-9])('a rate of %d is refused', (perUsd) => {
    const runs = [runOfPool(1, spot, day.from, 1)];
    expect(() => report({ runs, currency: { code: 'AUD', perUsd } })).toThrow('The rate of AUD');
  });

  test('a dollar has no rate but 1', () => {
    const runs = [runOfPool(1, spot, day.from, 1)];
    expect(() => report({ runs, currency: { code: 'USD', perUsd: 1.5 } })).toThrow('One USD');
  });
});

const pools = [
  spot,
  onDemand,
  foreign,
  pool('m7g.large', 'us-east-1b', 'spot'),
  pool('m7g.large', 'us-east-1b', 'on-demand'),
];

const randomRun = fc
  .record({
    ofPool: fc.constantFrom(...pools),
    launchedAt: fc.integer({ min: before.from, max: day.to }),
    runMs: fc.integer({ min: 0, max: 30 * HOUR_MS }),
    endedBy: fc.constantFrom<Run['endedBy']>('ec2', 'us', 'itself', 'unknown'),
  })
  .map(({ ofPool, launchedAt, runMs, endedBy }) => ({ ofPool, launchedAt, hours: runMs / HOUR_MS, endedBy }));

const randomRuns = fc
  .array(randomRun, { maxLength: 30 })
  .map((runs) =>
    runs.map((run, index) => runOfPool(index, run.ofPool, run.launchedAt, run.hours, { endedBy: run.endedBy })),
  );

const randomPrices = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 60 * HOUR_MS }), fc.integer({ min: 1, max: 90_000 })), { maxLength: 6 })
  .map((changes) => [
    { at: addMs(before.from, -1), microUsdPerHour: 31_337 },
    ...changes.map(([afterMs, microUsdPerHour]) => ({ at: addMs(before.from, afterMs), microUsdPerHour })),
  ]);

const currencies = fc.constantFrom(US_DOLLAR, { code: 'AUD', perUsd: 1.5371 }, { code: 'JPY', perUsd: 151.77 });

describe('the parts are the whole (M2)', () => {
  test('every figure of the total is the sum of the pools, and nothing is known of what has no price', () => {
    fc.assert(
      fc.property(randomRuns, randomPrices, currencies, (runs, series, currency) => {
        const { total, pools: lines } = report({
          runs,
          currency,
          spotHistory: new Map([
            ['c7g.large/us-east-1a', series],
            ['m7g.large/us-east-1b', series],
          ]),
        });
        const sum = (pick: (line: (typeof lines)[number]) => number) =>
          lines.reduce((all, line) => all + pick(line), 0);
        for (const part of ['spent', 'onDemandWouldBe', 'saved'] as const) {
          expect(total[part].micros).toBe(sum((line) => line[part].micros));
          expect(total[part].unknownCount).toBe(sum((line) => line[part].unknownCount));
          expect(Number.isSafeInteger(total[part].micros)).toBe(true);
        }
        expect(total.runCount).toBe(sum((line) => line.runCount));
        expect(total.time.spotMs).toBe(sum((line) => line.time.spotMs));
        for (const line of lines.filter((of) => of.spent.unknownCount + of.onDemandWouldBe.unknownCount === 0)) {
          expect(line.onDemandWouldBe.micros - line.spent.micros).toBe(line.saved.micros);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('neighbouring periods add up to the interval that they fill', () => {
    const wide: ReportPeriod = { ...day, kind: 'run', key: 'both', from: before.from };
    fc.assert(
      fc.property(randomRuns, randomPrices, (runs, series) => {
        const made = (period: ReportPeriod) =>
          report({ runs, period, spotHistory: new Map([['c7g.large/us-east-1a', series]]) }).total;
        const [first, second, both] = [made(before), made(day), made(wide)];
        expect(first.spent.micros + second.spent.micros).toBe(both.spent.micros);
        expect(first.onDemandWouldBe.micros + second.onDemandWouldBe.micros).toBe(both.onDemandWouldBe.micros);
        expect(first.time.spotMs + second.time.spotMs).toBe(both.time.spotMs);
      }),
      { numRuns: 150 },
    );
  });

  test('a hundred thousand runs are summed without losing a micro-dollar', () => {
    const runs = Array.from({ length: 100_000 }, (_, index) => runOfPool(index, spot, epochMs(day.from), 7 / 3_600));
    expect(report({ runs }).total.spent.micros).toBe(100_000 * 49);
  });
});
