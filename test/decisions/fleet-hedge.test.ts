import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  afterFleetLoss,
  areLostTogether,
  burstRate,
  coverFor,
  type FleetLosses,
  NO_LOSSES,
} from '../../lib/decisions/fleet-hedge.ts';
import { afterAnswer, afterHolding, afterLoss, hazardOf, NEW_POOL } from '../../lib/decisions/fleet-pool-record.ts';
import { afterService, budgetUsed, NO_SHORTFALL, shortHourWorth } from '../../lib/decisions/fleet-shortfall.ts';

const HOUR = 3_600;

const lossesAt = (...bursts: readonly (readonly [hour: number, machines: number])[]): FleetLosses => ({
  sinceSeconds: 0,
  bursts: bursts.map(([hour, machines]) => ({ atSeconds: hour * HOUR, machines, pools: new Set(['a']) })),
});

describe('losses of a fleet', () => {
  it('within three minutes are one burst', () => {
    const one = afterFleetLoss(NO_LOSSES, ['a'], 1_000);
    const joined = afterFleetLoss(one, ['a', 'b'], 1_180);
    expect(joined.bursts).toEqual([{ atSeconds: 1_000, machines: 3, pools: new Set(['a', 'b']) }]);
    expect(afterFleetLoss(joined, ['a'], 1_181).bursts).toHaveLength(2);
  });

  it('are forgotten after half a day', () => {
    expect(afterFleetLoss(lossesAt([1, 2]), ['a'], 13 * HOUR).bursts).toHaveLength(1);
    expect(burstRate(lossesAt([1, 2]), 0, 14 * HOUR)).toBe(burstRate(lossesAt(), 0, 14 * HOUR));
  });

  it('are likelier soon after the last: threefold, and a sixth after a long calm', () => {
    // Four bursts in ten hours, and half a burst in two hours before anything was seen.
    const losses = lossesAt([1, 2], [2, 2], [3, 2], [4, 2]);
    expect(burstRate({ ...losses, sinceSeconds: -6 * HOUR }, 1, 4 * HOUR)).toBeCloseTo((3 * (4 + 0.5 * 0.6)) / 12, 9);
    expect(burstRate(losses, 1, 10 * HOUR)).toBeCloseTo((0.16 * 4.3) / 12, 9);
  });

  it('of one pool with another make pools no cover for each other', () => {
    const together = { atSeconds: 0, machines: 3, pools: new Set(['a', 'b']) };
    const apart = { atSeconds: 0, machines: 3, pools: new Set(['a']) };
    expect(areLostTogether({ sinceSeconds: 0, bursts: [together] })).toBe(true);
    expect(areLostTogether({ sinceSeconds: 0, bursts: [together, apart] })).toBe(false);
    expect(areLostTogether(NO_LOSSES)).toBe(false);
  });
});

describe('what stands by', () => {
  const terms = { nowSeconds: 10 * HOUR, uncoveredSeconds: 300, shortHourWorth: 30, priceShare: 1, most: 16 };

  it('is as many as prevent more than they cost', () => {
    // Just lost: 3 × (5 + 0.5 × 0.6^n) / 12 bursts an hour of more than n machines, each short for a twelfth of an hour.
    const losses = lossesAt([6, 2], [7, 2], [8, 2], [9, 2], [10, 2]);
    // n = 0: 2.5 × 1.375 = 3.44; n = 1: 2.5 × 1.325 = 3.31; n = 2: 2.5 × 0.045 = 0.11.
    expect(coverFor(losses, terms)).toBe(2);
    expect(coverFor(losses, { ...terms, priceShare: 3.4 })).toBe(1);
    expect(coverFor(losses, { ...terms, priceShare: 3.5 })).toBe(0);
    expect(coverFor(losses, { ...terms, most: 1 })).toBe(1);
  });

  it('is never less for longer start-ups, a dearer shortage or a cheaper machine, and nothing where nothing is uncovered', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 10 }), fc.integer({ min: 1, max: 9 })), { maxLength: 20 }),
        fc.integer({ min: 0, max: 900 }),
        fc.integer({ min: 1, max: 1_000 }),
        (drawn, uncoveredSeconds, worth) => {
          const losses = lossesAt(...drawn.sort(([one], [other]) => one - other));
          const at = { ...terms, uncoveredSeconds, shortHourWorth: worth };
          const cover = coverFor(losses, at);
          expect(coverFor(losses, { ...at, uncoveredSeconds: uncoveredSeconds + 60 })).toBeGreaterThanOrEqual(cover);
          expect(coverFor(losses, { ...at, shortHourWorth: worth * 2 })).toBeGreaterThanOrEqual(cover);
          expect(coverFor(losses, { ...at, priceShare: 0.3 })).toBeGreaterThanOrEqual(cover);
          expect(coverFor(losses, { ...at, uncoveredSeconds: 0 })).toBe(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('the allowed shortfall', () => {
  const goal = { workers: 10, throughputGoal: 0.99 };

  it('is lent to a young fleet, and then earned', () => {
    // Six hours of ten machines at one in a hundred, 60 % of it planned with: 1,296 machine-seconds.
    expect(budgetUsed(NO_SHORTFALL, goal)).toBe(0);
    const young = afterService(NO_SHORTFALL, { workers: 10, ready: 8, seconds: 648 });
    expect(budgetUsed(young, goal)).toBeCloseTo(1, 9);
  });

  it('is forgotten by half in a day', () => {
    const short = { workSeconds: 1_000_000, shortSeconds: 8_000 };
    const dayLater = afterService(short, { workers: 10, ready: 10, seconds: 86_400 });
    expect(dayLater.shortSeconds).toBeCloseTo(4_000, 6);
    expect(dayLater.workSeconds).toBeCloseTo(500_000 + 864_000, 6);
  });

  it('makes a missing machine twentyfold dearer once it is used up, and a thousandfold at most', () => {
    expect([shortHourWorth(0), shortHourWorth(1), shortHourWorth(50)]).toEqual([2, 40, 1_000]);
  });
});

describe('the record of a pool', () => {
  it('sets a pool aside for as long as a loss leaves the fleet short, twice as long with every strike, half an hour at most', () => {
    const once = afterLoss(NEW_POOL, 2, 1_000, 300);
    expect([once.setAsideUntilSeconds, once.losses, once.strikes]).toEqual([1_300, 2, 1]);
    const twice = afterLoss(once, 1, 2_000, 300);
    expect(twice.setAsideUntilSeconds).toBe(2_600);
    expect(afterLoss({ ...once, strikes: 9 }, 1, 0, 300).setAsideUntilSeconds).toBe(1_800);
    expect(afterLoss(NEW_POOL, 1, 1_000, 0).setAsideUntilSeconds).toBe(1_000);
  });

  it('asks a pool that refused again after one minute, then two', () => {
    const once = afterAnswer(NEW_POOL, false, 0);
    const twice = afterAnswer(once, false, 60);
    expect([once.setAsideUntilSeconds, twice.setAsideUntilSeconds]).toEqual([60, 180]);
    expect(afterAnswer(twice, false, 180).setAsideUntilSeconds).toBe(300);
    expect(afterAnswer(twice, true, 180).refusalsInARow).toBe(0);
  });

  it('learns losses for each machine-hour, beginning with one in twenty', () => {
    expect(hazardOf(NEW_POOL)).toBeCloseTo(0.05, 9);
    const held = afterHolding(NEW_POOL, 10, HOUR);
    expect(held.heldHours).toBeCloseTo(10, 9);
    expect(hazardOf(afterLoss(held, 1, HOUR, 60))).toBeCloseTo(1.5 / 20, 9);
  });
});
