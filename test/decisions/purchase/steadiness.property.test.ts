import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../lib/replay/random.ts';
import { drawn, driveJob, type Job } from './drive-job.ts';

const RUNS = 100;
/** Far more than a run takes, so that a busy machine fails nothing. */
const PATIENCE_MS = 240_000;

/** With time for twice the work a machine may be bought first to see how long the work takes; none of these has it. */
const jobs = fc
  .record({ changeoverSeconds: fc.constantFrom(60, 300, 900), ticks: fc.integer({ min: 27, max: 48 }) })
  .map(
    ({ changeoverSeconds, ticks }): Job => ({
      tickSeconds: 600,
      workSeconds: 4 * 3_600,
      ticks,
      changeoverSeconds,
      onDemandPrice: 1,
    }),
  );

describe('nothing flaps', { timeout: PATIENCE_MS }, () => {
  it('where nothing changes, nothing that was left is gone back to', () => {
    const states = fc.array(fc.boolean(), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(jobs, states, (job, up) => {
        const choices = drawn(
          driveJob(job, () => up.map((isAvailable, zone) => ({ name: `zone ${zone}`, isAvailable, price: 0.3 }))),
        );
        const stretches = choices.replaceAll(/(.)\1*/g, '$1');
        expect(new Set(stretches).size).toBe(stretches.length);
      }),
      { numRuns: RUNS },
    );
  });

  it('where prices tremble by three hundredths, no machine is left for another', () => {
    fc.assert(
      fc.property(jobs, fc.nat(), (job, seed) => {
        const random = seededRandom(seed);
        const driven = driveJob(job, () =>
          ['a', 'b', 'c'].map((zone) => ({ name: `zone ${zone}`, isAvailable: true, price: 0.3 + 0.009 * random() })),
        );
        expect(new Set(drawn(driven).replaceAll(/[D.]/g, '')).size).toBeLessThanOrEqual(1);
        expect(driven.launches).toBeLessThanOrEqual(2);
      }),
      { numRuns: RUNS },
    );
  });

  it('no machine is launched and left in the next tick while its market stays as it was', () => {
    const spells = fc.array(fc.integer({ min: 1, max: 25 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(jobs, spells, fc.boolean(), (job, lengths, startsUp) => {
        const up = lengths.flatMap((length, index) =>
          Array.from({ length }, () => (index % 2 === 0 ? startsUp : !startsUp)),
        );
        const at = (tick: number): boolean => up[tick % up.length]!;
        const choices = drawn(driveJob(job, (tick) => [{ name: 'zone a', isAvailable: at(tick), price: 0.3 }]));
        for (let tick = 2; tick < choices.length; tick += 1) {
          const isLaunched = choices[tick - 1] !== choices[tick - 2] && choices[tick - 1] !== '.';
          const isLeft = choices[tick] !== choices[tick - 1];
          if (isLaunched && isLeft) expect(at(tick)).not.toBe(at(tick - 1));
        }
      }),
      { numRuns: RUNS },
    );
  });
});
