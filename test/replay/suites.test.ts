import { describe, expect, it } from 'vitest';
import { figuresOfSuite, type SuiteFigures } from '../../lib/replay/figures.ts';
import { seededRandom } from '../../lib/replay/random.ts';
import { adrs } from '../../lib/replay/suites/adrs.ts';
import { deadlines } from '../../lib/replay/suites/deadlines.ts';
import { fleet } from '../../lib/replay/suites/fleet.ts';
import { grid } from '../../lib/replay/suites/grid.ts';
import { pools } from '../../lib/replay/suites/pools.ts';
import type { Suite } from '../../lib/replay/suites/suite.ts';

const AVAILABILITY = 'frontiercs-cbl/single_region_availability.json.gz';
const WINDOWS = 'frontiercs-cbl/single_region_windows.json.gz';
const NINE_ZONES = 'frontiercs-cbl/nine_az_v100_prices_and_windows.json.gz';

const singlePool = (runs: readonly (readonly [number | null, number])[]): Readonly<Record<string, string>> => ({
  [AVAILABILITY]: JSON.stringify({ gap_seconds: 600, availability_rle: { k80: runs } }),
  [WINDOWS]: JSON.stringify({
    start_by_window_index: [0, 10],
    adrs_leaderboard_30_window_ids: [0, 1],
    adrs_envs: ['k80'],
  }),
});

const figuresOf = (
  suite: Suite,
  files: Readonly<Record<string, string>>,
  policies = ['greedy', 'uniform-progress', 'on-demand'],
): SuiteFigures => {
  const replayed = [...suite.cases((path) => files[path]!)].flatMap((each) => each.replay(policies));
  return figuresOfSuite(suite, replayed, seededRandom(1));
};

const costOf = (figures: SuiteFigures, policy: string): number => figures.policies.get(policy)!.cost;

describe('the suite of the leaderboard', () => {
  it('bills whole ticks: 48 h of work and a start-up are 289 ticks, wherever spot never ends', () => {
    const figures = figuresOf(adrs, singlePool([[1, 600]]));
    const [{ runs, misses }, dollars] = [figures.policies.get('greedy')!, (289 * 600) / 3_600];
    expect([runs, misses]).toEqual([12, 0]);
    for (const policy of ['greedy', 'uniform-progress', 'optimum']) {
      expect(costOf(figures, policy)).toBeCloseTo(dollars * 0.9731, 9);
    }
    expect(costOf(figures, 'on-demand')).toBeCloseTo(dollars * 3.06, 9);
    expect(figures.policies.get('on-demand')!.score).toBeCloseTo((100 * (146.88 - 147.39)) / 100.1712, 9);
  });

  it('is on demand throughout where there is no spot, at the last moment or at once', () => {
    const figures = figuresOf(adrs, singlePool([[null, 600]]));
    for (const policy of ['greedy', 'optimum']) expect(costOf(figures, policy)).toBeCloseTo(147.39, 9);
    expect(['greedy', 'uniform-progress'].map((policy) => figures.policies.get(policy)!.misses)).toEqual([0, 0]);
  });

  it('has a cell for each deadline and start-up', () => {
    const { cells } = figuresOf(adrs, singlePool([[1, 600]])).policies.get('optimum')!;
    expect(cells.map(({ name }) => name)).toEqual([
      '52 h, start-up 0.02 h',
      '52 h, start-up 0.05 h',
      '52 h, start-up 0.1 h',
      '70 h, start-up 0.02 h',
      '70 h, start-up 0.05 h',
      '70 h, start-up 0.1 h',
    ]);
  });
});

describe('the suites of shares', () => {
  it.each([
    [grid, 12],
    [deadlines, 7],
  ])('bill the time used, so that spot that never ends costs its share ($0.name)', (suite, cellCount) => {
    const figures = figuresOf(suite, singlePool([[1, 600]]));
    expect(figures.policies.get('optimum')!.cells).toHaveLength(cellCount);
    expect(costOf(figures, 'greedy')).toBeCloseTo(0.3, 9);
    expect(costOf(figures, 'optimum')).toBeCloseTo(0.3, 9);
    expect(costOf(figures, 'on-demand')).toBeCloseTo(1, 9);
  });

  it('count nothing as available that nobody observed', () => {
    expect(costOf(figuresOf(deadlines, singlePool([[null, 600]])), 'greedy')).toBeCloseTo(1, 9);
  });
});

describe('the suite of zones', () => {
  const zones = (price: readonly (readonly [number | null, number])[]): Readonly<Record<string, string>> => ({
    [NINE_ZONES]: JSON.stringify({
      gap_seconds: 195,
      window_len_ticks: 1_107,
      window_start_ticks: [0],
      on_demand_usd_per_hour: 3.06,
      price_usd_per_hour_rle: { 'us-west-2a': price, 'us-east-2a': [[1.53, 1_107]], 'us-east-1a': [[1.53, 1_107]] },
      availability_rle: {
        'us-west-2a': [[1, 1_107]],
        'us-east-2a': [[1, 1_107]],
        'us-east-1a': [[0, 1_107]],
      },
    }),
  });

  it('goes to the cheapest zone of a group, at its real price', () => {
    const { cells } = figuresOf(pools, zones([[1.02, 1_107]])).policies.get('greedy')!;
    const costs = Object.fromEntries(cells.map(({ name, cost }) => [name, cost]));
    expect(cells).toHaveLength(32);
    expect(costs['nine zones, start-up 1 ticks, deadline 1.5 ×']).toBeCloseTo(1 / 3, 9);
    expect(costs['us-east-2, start-up 4 ticks, deadline 2.0 ×']).toBeCloseTo(0.5, 9);
    expect(costs['us-east-1, start-up 4 ticks, deadline 2.0 ×']).toBeCloseTo(1, 9);
  });

  it('does not offer a zone while nobody knows its price', () => {
    const { cells } = figuresOf(pools, zones([[null, 1_107]])).policies.get('greedy')!;
    expect(cells.find(({ name }) => name.startsWith('us-west-2'))!.cost).toBeCloseTo(1, 9);
    expect(cells.find(({ name }) => name.startsWith('nine zones'))!.cost).toBeCloseTo(0.5, 9);
  });
});

describe('the suite of fleets', () => {
  const STEPS = /aws-spot-instances|v100|a100/;
  const nodes = (count: number): readonly string[] => Array.from({ length: count }, (_, node) => `node${node}`);
  const dated = '2021-12-10, 13:00:00, 80\n';
  const fileOf = (path: string): string => {
    if (path.startsWith('parcae')) return `[0,"add",{"nodes":${JSON.stringify(nodes(32))}}]\n`;
    if (/100x1/.test(path)) return dated;
    return STEPS.test(path)
      ? '0,16\n'
      : nodes(32)
          .map((node) => `0,add,${node}\n`)
          .join('');
  };

  it('costs the share of spot, and nothing is lost, where there is always enough', () => {
    const files = Object.fromEntries(fleet.files.map((path) => [path, fileOf(path)]));
    const all = [...fleet.cases((path) => files[path]!)];
    expect([fleet.files.length, all.length]).toEqual([11, 288]);
    const one: Suite = {
      ...fleet,
      cases: () => all.filter(({ cell }) => cell === 'no warning, start-up 300 s, 16 workers'),
    };
    const figures = figuresOf(one, files, ['spothop', 'dynamic-fallback', 'on-demand']);
    expect(figures.policies.get('spothop')!.runs).toBe(12);
    for (const policy of ['spothop', 'dynamic-fallback']) {
      expect(figures.policies.get(policy)).toMatchObject({ misses: 0, throughput: 1, availability: 1 });
      expect(costOf(figures, policy)).toBeCloseTo(0.3, 9);
    }
    expect(costOf(figures, 'on-demand')).toBeCloseTo(1, 9);
    expect(costOf(figures, 'optimum')).toBeCloseTo(0.3, 9);
  });
});
