import { describe, expect, it } from 'vitest';
import { epochMs } from '../../lib/fleet/time.ts';
import { priceStatistics, sampledPrices } from '../../lib/money/price-statistics.ts';

const at = (hour: number, microUsdPerHour: number) => ({ at: epochMs(hour * 3_600_000), microUsdPerHour });
const hour = (number: number) => epochMs(number * 3_600_000);

describe('what a price did', () => {
  it('is weighed by time: two hours at 10 and two at 30, the first of them since before the start', () => {
    const series = [at(-50, 10), at(2, 30)];
    expect(priceStatistics(series, hour(0), hour(4))).toEqual({
      now: 30,
      low: 10,
      high: 30,
      mean: 20,
      volatility: 0.5,
      changes: 1,
    });
  });

  it('leaves out what came before the interval and what is yet to come', () => {
    const series = [at(-9, 99), at(-8, 10), at(6, 77)];
    expect(priceStatistics(series, hour(0), hour(4))).toMatchObject({
      now: 10,
      low: 10,
      high: 10,
      changes: 0,
      volatility: 0,
    });
  });

  it('is unknown without a price, and begins with the first known one', () => {
    expect(priceStatistics([], hour(0), hour(4))).toBeUndefined();
    expect(priceStatistics([at(5, 10)], hour(0), hour(4))).toBeUndefined();
    expect(priceStatistics([at(3, 10)], hour(0), hour(4))).toMatchObject({ now: 10, mean: 10 });
  });

  it('is sampled in the middle of each part, with gaps where nothing is known', () => {
    expect(sampledPrices([at(1, 10), at(3, 30)], hour(0), hour(4), 4)).toEqual([undefined, 10, 10, 30]);
  });
});
