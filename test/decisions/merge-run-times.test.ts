import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isWorthNoting, mergeRunTimes } from '../../lib/decisions/merge-run-times.ts';
import type { RunTimeSummary } from '../../lib/fleet/instance.ts';

const summary: fc.Arbitrary<RunTimeSummary> = fc
  .record({
    samples: fc.integer({ min: 1, max: 10_000 }),
    times: fc.tuple(fc.nat({ max: 10_000_000 }), fc.nat({ max: 10_000_000 })),
    checkpoint: fc.option(fc.nat({ max: 100_000 }), { nil: undefined }),
  })
  .map(({ samples, times, checkpoint }) => ({
    samples,
    halfMs: Math.min(...times),
    nineTenthsMs: Math.max(...times),
    ...(checkpoint === undefined ? {} : { checkpointNineTenthsMs: checkpoint }),
  }));

describe('what the machines of a fleet have seen', () => {
  it('counts by how many tasks each has seen, up to what a machine remembers', () => {
    const one = { samples: 10, halfMs: 1_000, nineTenthsMs: 2_000 };
    const other = { samples: 30, halfMs: 2_000, nineTenthsMs: 4_000, checkpointNineTenthsMs: 50 };
    expect(mergeRunTimes([one, undefined, other])).toEqual({
      samples: 40,
      halfMs: 1_750,
      nineTenthsMs: 3_500,
      checkpointNineTenthsMs: 50,
    });
    const veteran = { ...other, samples: 6_400 };
    expect(mergeRunTimes([{ ...one, samples: 64 }, veteran])).toMatchObject({ halfMs: 1_500, samples: 6_464 });
  });

  it('is nothing when nobody has seen enough', () => {
    expect(mergeRunTimes([])).toBeUndefined();
    expect(mergeRunTimes([undefined])).toBeUndefined();
  });

  it('lies between the least and the greatest, whatever the order, and half never exceeds nine tenths', () => {
    fc.assert(
      fc.property(fc.array(summary, { minLength: 1, maxLength: 8 }), (summaries) => {
        const merged = mergeRunTimes(summaries)!;
        expect(mergeRunTimes(summaries.toReversed())).toEqual(merged);
        for (const figure of ['halfMs', 'nineTenthsMs'] as const) {
          const figures = summaries.map((each) => each[figure]);
          expect(merged[figure]).toBeGreaterThanOrEqual(Math.min(...figures));
          expect(merged[figure]).toBeLessThanOrEqual(Math.max(...figures));
        }
        expect(merged.halfMs).toBeLessThanOrEqual(merged.nineTenthsMs);
        expect(mergeRunTimes([merged])).toEqual(merged);
      }),
      { numRuns: 300 },
    );
  });
});

describe('what a fleet has learned is written down', () => {
  const noted = { samples: 10, halfMs: 1_000, nineTenthsMs: 2_000 };
  it.each([
    ['nothing is known', noted, undefined, false],
    ['nothing was noted', undefined, noted, true],
    ['more tasks say the same', noted, { ...noted, samples: 900 }, false],
    ['a figure moved by a tenth', noted, { ...noted, halfMs: 1_100 }, false],
    ['a figure moved by more', noted, { ...noted, nineTenthsMs: 1_799 }, true],
    ['a first checkpoint was timed', noted, { ...noted, checkpointNineTenthsMs: 5 }, true],
    ['no checkpoint was timed since', { ...noted, checkpointNineTenthsMs: 5 }, noted, false],
  ] as const)('when %s: as it should', (_name, before, known, isWritten) => {
    expect(isWorthNoting(before, known)).toBe(isWritten);
  });
});
