import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addMs, epochMs } from '../../lib/fleet/time.ts';
import { ageAtRisk, gatheredRisk, hazardPerHour } from '../../lib/market/hazard.ts';
import { createMarket, type MarketPool } from '../../lib/market/market.ts';
import {
  exampleMarket,
  type MarketSettings,
  MEASURED_RECLAIM_HAZARD,
  MEASURED_RETURN_HAZARD,
} from '../../lib/market/settings.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const START = epochMs(Date.UTC(2026, 0, 5));
const RUNS = { numRuns: 150 };

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const delays = fc.integer({ min: 0, max: 72 * HOUR });
const ordinals = fc.integer({ min: 1, max: 500 });
const pools = fc.constantFrom<MarketPool>(
  { instanceType: 'c5.large', zone: 'us-east-1a' },
  { instanceType: 'm6i.large', zone: 'us-east-1b' },
  { instanceType: 't3a.medium', zone: 'us-east-1c' },
);

interface Questions {
  readonly pool: MarketPool;
  readonly delayMs: number;
  readonly ordinal: number;
}
const questions = fc.record<Questions>({ pool: pools, delayMs: delays, ordinal: ordinals });

const ask = (settings: MarketSettings, asked: readonly Questions[]) => {
  const market = createMarket(settings);
  return asked.map(({ pool, delayMs, ordinal }) => {
    const at = addMs(START, delayMs);
    return [market.priceAt(pool, at), market.capacityAt(pool, at), market.fate(pool, ordinal, at)];
  });
};

describe('a market', () => {
  test('gives the same answers for the same seed, in whatever order it is asked', () => {
    fc.assert(
      fc.property(seeds, fc.array(questions, { minLength: 1, maxLength: 12 }), (seed, asked) => {
        const forwards = ask(exampleMarket(seed, START), asked);
        const backwards = ask(exampleMarket(seed, START), [...asked].reverse());
        expect(backwards.reverse()).toEqual(forwards);
      }),
      RUNS,
    );
  });

  test('has a positive whole price that never exceeds the on-demand price', () => {
    fc.assert(
      fc.property(
        seeds,
        pools,
        delays,
        fc.double({ min: 0, max: 5, noNaN: true }),
        (seed, pool, delayMs, priceSwing) => {
          const market = createMarket(exampleMarket(seed, START, { priceSwing }));
          const price = market.priceAt(pool, addMs(START, delayMs));
          expect(Number.isInteger(price)).toBe(true);
          expect(price).toBeGreaterThan(0);
          expect(price).toBeLessThanOrEqual(market.type(pool.instanceType)!.onDemandMicroUsdPerHour);
        },
      ),
      RUNS,
    );
  });

  test('tells of a price history that leads with the price in force at its start', () => {
    fc.assert(
      fc.property(seeds, pools, delays, fc.integer({ min: 0, max: 48 * HOUR }), (seed, pool, delayMs, lengthMs) => {
        const market = createMarket(exampleMarket(seed, START));
        const from = addMs(START, delayMs);
        const changes = market.priceChanges(pool, from, addMs(from, lengthMs));
        expect(changes[0]!.at).toBeLessThanOrEqual(from);
        expect(changes[0]!.microUsdPerHour).toBe(market.priceAt(pool, from));
        expect(changes.slice(1).every((change) => change.at > from)).toBe(true);
        const last = changes.at(-1)!;
        expect(market.priceAt(pool, addMs(from, lengthMs))).toBe(last.microUsdPerHour);
        expect(market.nextPriceChange(pool, addMs(from, lengthMs)).at).toBeGreaterThan(from + lengthMs);
      }),
      RUNS,
    );
  });

  test('reclaims nothing before its launch, and warns exactly two minutes ahead when it warns', () => {
    fc.assert(
      fc.property(seeds, questions, fc.double({ min: 0, max: 1, noNaN: true }), (seed, question, share) => {
        const market = createMarket(exampleMarket(seed, START, { shareWithoutWarning: share, restlessness: 3 }));
        const launchedAt = addMs(START, question.delayMs);
        const fate = market.fate(question.pool, question.ordinal, launchedAt)!;
        expect(fate.reclaimAt).toBeGreaterThanOrEqual(launchedAt);
        if (fate.noticeAt === undefined) {
          expect(fate.rebalanceAt).toBeUndefined();
          return;
        }
        expect(fate.reclaimAt - fate.noticeAt).toBe(120_000);
        expect(fate.noticeAt).toBeGreaterThanOrEqual(launchedAt);
        expect(fate.rebalanceAt ?? launchedAt).toBeGreaterThanOrEqual(launchedAt);
        expect(fate.rebalanceAt ?? fate.noticeAt).toBeLessThanOrEqual(fate.noticeAt);
      }),
      RUNS,
    );
  });

  test('never reclaims when its restlessness is nought', () => {
    const market = createMarket(exampleMarket(4, START, { restlessness: 0 }));
    const pool = { instanceType: 'c5.large', zone: 'us-east-1a' };
    expect(market.fate(pool, 1, START)).toBeUndefined();
    expect(market.capacityAt(pool, addMs(START, 1_000 * HOUR))).toBeGreaterThan(0);
  });

  test('refuses settings that make no sense, and says which', () => {
    expect(() => createMarket(exampleMarket(1, START, { correlation: 1.2 }))).toThrow('correlation is 1.2');
    expect(() => createMarket(exampleMarket(1, START, { restlessness: -1 }))).toThrow('restlessness is -1');
  });
});

describe('the hazard', () => {
  test('falls with age, for losing spot and for getting it back', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(MEASURED_RECLAIM_HAZARD, MEASURED_RETURN_HAZARD),
        delays,
        delays,
        (steps, one, other) => {
          const [younger, older] = one < other ? [one, other] : [other, one];
          expect(hazardPerHour(steps, younger)).toBeGreaterThanOrEqual(hazardPerHour(steps, older));
        },
      ),
      RUNS,
    );
  });

  test('is what was measured: 34.4 % lost in the first ten minutes, 6.1 % in ten minutes after two hours', () => {
    const lost = (fromMinutes: number): number =>
      1 -
      Math.exp(
        gatheredRisk(MEASURED_RECLAIM_HAZARD, fromMinutes * MINUTE) -
          gatheredRisk(MEASURED_RECLAIM_HAZARD, (fromMinutes + 10) * MINUTE),
      );
    expect(lost(0)).toBeCloseTo(0.344, 6);
    expect(lost(10)).toBeCloseTo(0.219, 6);
    expect(lost(120)).toBeCloseTo(0.061, 6);
    expect(lost(400)).toBeCloseTo(0.018, 6);
  });

  test('finds the age at which a risk has been gathered', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 20, noNaN: true }), (risk) => {
        expect(gatheredRisk(MEASURED_RECLAIM_HAZARD, ageAtRisk(MEASURED_RECLAIM_HAZARD, risk))).toBeCloseTo(risk, 9);
      }),
      RUNS,
    );
  });
});

describe('machines of one market', () => {
  const alone = createMarket(exampleMarket(11, START, { correlation: 0, shareWithoutWarning: 0.1 }));
  const pool = { instanceType: 'c5.large', zone: 'us-east-1a' };
  const fates = Array.from({ length: 4_000 }, (_, index) => alone.fate(pool, index + 1, START)!);
  const struckMs = fates.map((fate) => (fate.noticeAt ?? fate.reclaimAt) - START);

  test('that are struck one by one are lost at the measured rate', () => {
    const share = struckMs.filter((age) => age < 10 * MINUTE).length / struckMs.length;
    expect(share).toBeGreaterThan(0.32);
    expect(share).toBeLessThan(0.37);
    const survivors = struckMs.filter((age) => age >= 120 * MINUTE);
    const later = survivors.filter((age) => age < 130 * MINUTE).length / survivors.length;
    expect(later).toBeLessThan(0.12);
  });

  test('go without warning, and after a recommendation, in the shares that were set', () => {
    const unwarned = fates.filter((fate) => fate.noticeAt === undefined).length / fates.length;
    const recommended = fates.filter((fate) => fate.rebalanceAt !== undefined).length / fates.length;
    expect(unwarned).toBeGreaterThan(0.08);
    expect(unwarned).toBeLessThan(0.12);
    expect(recommended).toBeGreaterThan(0.4);
    expect(recommended).toBeLessThan(0.5);
  });

  test('that share a pool go together: more than nine in ten within three minutes of the outage', () => {
    const market = createMarket(exampleMarket(12, START, { correlation: 1, shareWithoutWarning: 0 }));
    const together = Array.from({ length: 1_000 }, (_, index) => market.fate(pool, index + 1, START)!);
    const first = Math.min(...together.map((fate) => fate.noticeAt!));
    const within = together.filter((fate) => fate.noticeAt! - first <= 3 * MINUTE).length / together.length;
    expect(together.every((fate) => fate.cause === 'outage')).toBe(true);
    expect(within).toBeGreaterThan(0.9);
    expect(market.capacityAt(pool, addMs(epochMs(first), -1_000))).toBeGreaterThan(0);
    expect(market.capacityAt(pool, addMs(epochMs(first), 1))).toBe(0);
  });
});
