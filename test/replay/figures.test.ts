import { describe, expect, it } from 'vitest';
import { meanInterval } from '../../lib/replay/bootstrap.ts';
import type { Replayed } from '../../lib/replay/case.ts';
import { figuresOfSuite } from '../../lib/replay/figures.ts';
import { seededRandom } from '../../lib/replay/random.ts';
import type { Suite } from '../../lib/replay/suites/suite.ts';

const replayed = (policy: string, cell: string, cost: number, block = `${cost}`): Replayed => ({
  policy,
  cell,
  block,
  cost,
  ratioToOptimum: cost,
  isMissed: false,
  launches: 1,
});

const SUITE: Suite = { name: 'small', costMeaning: '', files: [], policies: ['spothop', 'greedy'], cases: () => [] };

describe('figures', () => {
  it('count every cell alike, however many runs it has', () => {
    const runs = [replayed('greedy', 'a', 1), replayed('greedy', 'a', 3), replayed('greedy', 'b', 10)];
    const { policies } = figuresOfSuite(SUITE, runs, seededRandom(1));
    expect(policies.get('greedy')).toMatchObject({ cost: 6, runs: 3, score: null });
    expect(policies.get('greedy')!.cells.map(({ name, cost }) => [name, cost])).toEqual([
      ['a', 2],
      ['b', 10],
    ]);
  });

  it('name every cell in which ours costs more, and whether it may be noise', () => {
    const runs = [
      ...[2, 2, 2].map((cost, run) => replayed('spothop', 'lost', cost, `${run}`)),
      ...[1, 1, 1].map((cost, run) => replayed('greedy', 'lost', cost, `${run}`)),
      ...[1, 5, 1].map((cost, run) => replayed('spothop', 'unclear', cost, `${run}`)),
      ...[2, 2, 2].map((cost, run) => replayed('greedy', 'unclear', cost, `${run}`)),
      ...[1, 1, 1].map((cost, run) => replayed('spothop', 'won', cost, `${run}`)),
      ...[2, 2, 2].map((cost, run) => replayed('greedy', 'won', cost, `${run}`)),
    ];
    const { lostCells } = figuresOfSuite(SUITE, runs, seededRandom(1));
    expect(lostCells.map(({ cell, to, isCertain }) => [cell, to, isCertain])).toEqual([
      ['lost', 'greedy', true],
      ['unclear', 'greedy', false],
    ]);
  });
});

describe('the block bootstrap', () => {
  it('gives the same interval for the same seed, around the mean', () => {
    const samples = Array.from({ length: 40 }, (_, index) => ({ value: index % 4, block: `${index}` }));
    const interval = meanInterval(samples, seededRandom(7));
    expect(meanInterval(samples, seededRandom(7))).toEqual(interval);
    expect(interval.from).toBeLessThan(1.5);
    expect(interval.to).toBeGreaterThan(1.5);
  });

  it('takes windows that share hours for one sample', () => {
    const value = (index: number): number => (index < 20 ? 0 : 1);
    const apart = Array.from({ length: 40 }, (_, index) => ({ value: value(index), block: `${index}` }));
    const together = apart.map((sample) => ({ ...sample, block: `${sample.value}` }));
    const width = (samples: typeof apart): number => {
      const { from, to } = meanInterval(samples, seededRandom(1));
      return to - from;
    };
    expect(width(together)).toBe(1);
    expect(width(apart)).toBeLessThan(0.4);
  });
});
