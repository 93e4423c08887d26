import { describe, expect, it } from 'vitest';
import { PROMISES, type Violation } from '../../lib/simulator/audit/promises.ts';
import { renderFailure } from '../../lib/simulator/campaign/render.ts';
import { chunksOf, parseSeeds } from '../../lib/simulator/campaign/seed-range.ts';
import { shapeOf } from '../../lib/simulator/campaign/shape.ts';
import { shrinkTasks } from '../../lib/simulator/campaign/shrink.ts';
import { EXIT_CODES, exitCodeOf, lineOf, type SeedResult, summarise } from '../../lib/simulator/campaign/summary.ts';
import { FAULT_IDS } from '../../lib/simulator/faults/simulated.ts';
import { seededRandom } from '../../lib/simulator/random.ts';

const result = (seed: number, changes: Partial<SeedResult> = {}): SeedResult => ({
  seed,
  kind: 'manage',
  hours: 1,
  machines: 4,
  reclaims: 3,
  crashes: 1,
  tasks: 40,
  calls: 100,
  faults: { F01: 2 },
  violations: [],
  convergenceSeconds: 60,
  slowestTakenSeconds: 0,
  slowestReadyAgainSeconds: 0,
  traceHash: `hash ${seed}`,
  ...changes,
});

describe('a campaign', () => {
  it('adds up its seeds, whatever the order in which they come', () => {
    const summary = summarise([result(2), result(1, { convergenceSeconds: 90 })], 5);
    expect(summary).toMatchObject({ seeds: 2, simulatedHours: 2, tasks: 80, calls: 200, faults: { F01: 4 } });
    expect(summary.slowestConvergenceSeconds).toBe(90);
    expect(summary.traceHash).toBe(summarise([result(1), result(2)], 9).traceHash);
  });

  it('has another hash when one seed has', () => {
    expect(summarise([result(1, { traceHash: 'other' })], 1).traceHash).not.toBe(summarise([result(1)], 1).traceHash);
  });

  it('is told as one line with these figures and no others', () => {
    expect(Object.keys(lineOf(summarise([result(1)], 1)))).toEqual([
      'seeds',
      'simulatedHours',
      'wallSeconds',
      'faults',
      'calls',
      'tasks',
      'violations',
      'slowestConvergenceSeconds',
      'traceHash',
      'medians',
    ]);
  });

  it('counts every simulated fault, also those that were never met', () => {
    const { faults, neverMet } = summarise([result(1)], 1);
    expect(Object.keys(faults)).toEqual([...FAULT_IDS]);
    expect(faults).toMatchObject({ F01: 2, F104: 0 });
    expect(neverMet).toEqual(FAULT_IDS.filter((id) => id !== 'F01'));
  });

  it('ends with a code that says which promise was broken', () => {
    const broken = { promise: 'N4', found: 'x', atMs: 0, by: 'y' } as const;
    const summary = summarise([result(1, { violations: [broken, broken] })], 1);
    expect(summary.violations).toEqual({ N4: 1 });
    expect(exitCodeOf(summary)).toBe(24);
    expect(exitCodeOf(summarise([result(1)], 1))).toBe(0);
  });

  it('has a code of its own for every promise', () => {
    expect(Object.keys(EXIT_CODES)).toEqual(Object.keys(PROMISES));
    expect(new Set(Object.values(EXIT_CODES)).size).toBe(Object.keys(PROMISES).length);
  });
});

describe('a range of seeds', () => {
  it('is A..B with both ends, or one number', () => {
    expect(parseSeeds('3..5')).toEqual([{ from: 3, to: 5 }]);
    expect(parseSeeds('7')).toEqual([{ from: 7, to: 7 }]);
    expect(parseSeeds('5..3')).toBeUndefined();
    expect(parseSeeds('x')).toBeUndefined();
  });

  it('is several of these with commas between', () => {
    expect(parseSeeds('3,9..12,40')).toEqual([
      { from: 3, to: 3 },
      { from: 9, to: 12 },
      { from: 40, to: 40 },
    ]);
    expect(parseSeeds('3,,4')).toBeUndefined();
  });

  it('is cut into chunks that hold each seed once', () => {
    const seeds = [
      ...chunksOf([
        { from: 1, to: 6 },
        { from: 7, to: 10 },
      ]),
    ].flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, index) => from + index));
    expect(seeds).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});

const violation = (found: string, atMs = 0): Violation => ({ promise: 'W4', found, atMs, by: 'reconcile' });

describe('a failing seed', () => {
  it('tells what is alike once, with how often and how things stood', () => {
    const first = { ...violation('task-1 is late by 30 s', 61_000), context: ['row of task-1: ready'] };
    const violations = [first, violation('task-2 is late by 7.5 s', 125_000), violation('task-3 is lost')];
    expect(renderFailure(result(9, { violations }), ['--bug late'])).toBe(
      [
        'seed 9 failed:',
        '  W4  00:01:01.000  reconcile: task-1 is late by 30 s',
        '        row of task-1: ready',
        '        and 1 more like it, the last at 00:02:05.000  reconcile',
        `      broken: ${PROMISES.W4}`,
        '  W4  00:00:00.000  reconcile: task-3 is lost',
        `      broken: ${PROMISES.W4}`,
        '  play it again: npm run simulate -- --seeds 9..9 --bug late --trace',
        '',
      ].join('\n'),
    );
  });

  it('fails in the same way whichever task, machine or moment it is about', () => {
    const shape = (found: string): string => shapeOf({ promise: 'W4', found });
    expect(shape('task-1 of i-00000000000000003 after 2.5 s')).toBe(shape('task-22 of i-0000000000000001b after 30 s'));
    expect(shape('task-1 is lost')).not.toBe(shape('task-1 is late'));
  });
});

describe('a failing workload', () => {
  it('shrinks to the tasks without which nothing fails', async () => {
    const all = Array.from({ length: 40 }, (_, index) => index + 1);
    const smallest = await shrinkTasks(all, async (tasks) => tasks.includes(7) && tasks.includes(31));
    expect(smallest).toEqual([7, 31]);
  });

  it('shrinks again as long as the last pass has left something out', async () => {
    // Two of them never fail, so that one pass stops at more than are needed.
    const all = Array.from({ length: 12 }, (_, index) => index + 1);
    const smallest = await shrinkTasks(all, async (tasks) => tasks.includes(5) && tasks.length !== 2);
    expect(await shrinkTasks(smallest, async (tasks) => tasks.includes(5) && tasks.length !== 2)).toEqual(smallest);
  });
});

describe('seeded random numbers', () => {
  it('are the same for the same seed, and others for another', () => {
    const drawn = (seed: string) => Array.from({ length: 5 }, seededRandom(seed).next);
    expect(drawn('a')).toEqual(drawn('a'));
    expect(drawn('a')).not.toEqual(drawn('b'));
  });

  it('fill their range evenly', () => {
    const random = seededRandom('even');
    const counts = new Array<number>(10).fill(0);
    for (let count = 0; count < 10_000; count += 1) counts[random.whole(0, 9)]! += 1;
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
