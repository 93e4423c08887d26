import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { placeOf, slackGrid } from '../../../lib/decisions/purchase/slack-grid.ts';

const STEP = 600;
const CHANGEOVER = 180;
const grid = slackGrid(STEP, CHANGEOVER, 100 * STEP);
const pointsOf = (from: number, to: number): number[] =>
  [...grid.points].filter((point) => point >= from * STEP && point < to * STEP).map((point) => point / STEP);

describe('the grid of slack', () => {
  it('has each point where a launch or a step of waiting stops being safe, and one just before it', () => {
    for (const seconds of [180, 360, 540, 720, 780, 960, 1_140, 1_320]) {
      expect(grid.points).toContain(seconds);
      expect(grid.points).toContain(seconds - 1e-3);
    }
  });

  it('is fine where there is little slack, and has a point for each step where there is much', () => {
    expect(pointsOf(8, 12)).toEqual([8, 9, 10, 11]);
    expect(pointsOf(12, 18)).toEqual([12, 13, 14, 15, 16, 17]);
    expect(pointsOf(90, 94)).toEqual([90, 91, 92, 93]);
    expect(grid.points.at(-1)).toBeGreaterThan(100 * STEP);
  });

  it('finds the place of any slack between two points, exactly', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 100 * STEP, noNaN: true }), (slack) => {
        const { index, share } = placeOf(grid, slack);
        const [low, high] = [grid.points[index]!, grid.points[index + 1]!];
        expect(low + share * (high - low)).toBeCloseTo(slack, 5);
      }),
      { numRuns: 200 },
    );
  });

  it('takes more slack than it has for the most it has', () => {
    const { index, share } = placeOf(grid, 1_000 * STEP);
    expect([index, share]).toEqual([grid.points.length - 2, 1]);
  });
});
