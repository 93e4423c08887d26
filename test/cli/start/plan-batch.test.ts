import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planBatch } from '../../../lib/cli/start/plan-batch.ts';
import { randomOf } from '../../../lib/market/draw.ts';

const FILES = Array.from({ length: 500 }, (_, index) => ({ path: `f${index}`, bytes: 1_000 + (index % 7) * 9_000 }));

const seeds = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const counts = fc.integer({ min: 1, max: 400 });

describe('cutting files into a batch', () => {
  it('is the same for the same seed', () => {
    fc.assert(
      fc.property(seeds, counts, (seed, count) => {
        const plan = () => planBatch(FILES, count, randomOf(seed, 'batch'));
        expect(plan()).toEqual(plan());
      }),
    );
  });

  it('gives as many tasks as asked for, each with its own id and at least three files', () => {
    fc.assert(
      fc.property(seeds, counts, (seed, count) => {
        const batch = planBatch(FILES, count, randomOf(seed, 'batch'));
        expect(new Set(batch.map((task) => task.taskId)).size).toBe(count);
        for (const task of batch) expect(task.files.length).toBeGreaterThanOrEqual(3);
      }),
    );
  });

  it.each([
    [1, 0],
    [19, 0],
    [20, 1],
    [40, 2],
    [300, 4],
    [400, 4],
  ])('of %i tasks, %i rest between files for longer than a notice gives at ten times the speed', (count, gentle) => {
    const batch = planBatch(FILES, count, randomOf(1, 'batch'));
    const restsMs = batch.flatMap(({ files, restMs }) => (restMs === undefined ? [] : [files.length * restMs]));
    expect(restsMs).toEqual(Array(gentle).fill(28_000));
    // The longest come first: whoever wants to be done early begins with them.
    expect(batch.slice(0, gentle).every((task) => task.restMs !== undefined)).toBe(true);
  });
});
