import { describe, expect, it } from 'vitest';
import { epochMs } from '../../lib/fleet/time.ts';
import { createMarket } from '../../lib/market/market.ts';
import { exampleMarket } from '../../lib/market/settings.ts';
import { type PriceSurge, withSurges } from '../../lib/market/surge.ts';

const START = Date.UTC(2026, 0, 5);
const hour = (number: number) => epochMs(START + number * 3_600_000);
const POOL = { instanceType: 'c5.large', zone: 'us-east-1a' };
const OTHER = { ...POOL, zone: 'us-east-1b' };

const generated = createMarket(exampleMarket(7, hour(0)));
const surges: PriceSurge[] = [{ pool: POOL, from: hour(10), until: hour(12), microUsdPerHour: 84_000 }];
const market = withSurges(generated, surges);

describe('a scripted price', () => {
  it('is in force for its time, in its pool alone', () => {
    expect(market.priceAt(POOL, hour(10))).toBe(84_000);
    expect(market.priceAt(POOL, hour(12))).toBe(generated.priceAt(POOL, hour(12)));
    expect(market.priceAt(OTHER, hour(11))).toBe(generated.priceAt(OTHER, hour(11)));
  });

  it('begins and ends with a change, and the history tells the price that is in force at each', () => {
    const changes = market.priceChanges(POOL, hour(9), hour(14));
    expect(changes[0]!.at).toBeLessThanOrEqual(hour(9));
    expect(changes).toContainEqual({ at: hour(10), microUsdPerHour: 84_000 });
    expect(changes).toContainEqual({ at: hour(12), microUsdPerHour: generated.priceAt(POOL, hour(12)) });
    for (const { at, microUsdPerHour } of changes) expect(microUsdPerHour).toBe(market.priceAt(POOL, at));
  });

  it('is the one in force at a start that lies within it', () => {
    expect(market.priceChanges(POOL, hour(11), hour(11)).map((change) => change.microUsdPerHour)).toEqual([84_000]);
    expect(market.nextPriceChange(POOL, hour(10)).at).toBeLessThanOrEqual(hour(12));
  });

  it('leaves every other pool as it is', () => {
    expect(market.priceChanges(OTHER, hour(0), hour(40))).toEqual(generated.priceChanges(OTHER, hour(0), hour(40)));
  });
});
