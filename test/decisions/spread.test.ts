import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spreadOverZones } from '../../lib/decisions/spread.ts';
import type { Pool } from '../../lib/fleet/pool.ts';

const poolIn = (zone: string): Pool => ({ instanceType: 'c7g.large', zone, purchase: 'spot' });

describe('spreading machines over zones', () => {
  it('makes up for what is there', () => {
    const shares = spreadOverZones(
      3,
      ['a', 'b', 'c'].map(poolIn),
      new Map([
        ['a', 2],
        ['b', 1],
      ]),
    );
    expect(shares.map(({ count, pools }) => [pools[0]!.zone, count])).toEqual([
      ['b', 1],
      ['c', 2],
    ]);
  });

  it('gives everything that is asked for, and no zone one while another that can be asked has fewer', () => {
    const zones = ['a', 'b', 'c', 'd'];
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 60 }),
        fc.subarray(zones, { minLength: 1 }),
        fc.dictionary(fc.constantFrom(...zones), fc.integer({ min: 0, max: 20 })),
        (count, open, held) => {
          const shares = spreadOverZones(count, open.map(poolIn), new Map(Object.entries(held)));
          const added = new Map(shares.map((share) => [share.pools[0]!.zone, share.count]));
          expect([...added.values()].reduce((sum, one) => sum + one, 0)).toBe(count);
          const after = (zone: string): number => (held[zone] ?? 0) + (added.get(zone) ?? 0);
          const lowest = Math.min(...open.map(after));
          for (const zone of added.keys()) expect(after(zone)).toBeLessThanOrEqual(lowest + 1);
        },
      ),
      { numRuns: 300 },
    );
  });
});
