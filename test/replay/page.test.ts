import { describe, expect, it } from 'vitest';
import { deadlinePicture } from '../../lib/replay/page/deadline-picture.ts';
import { fillPage } from '../../lib/replay/page/fill-page.ts';
import type { FiguresJson, ReplayJson } from '../../lib/replay/page/replay-json.ts';
import { cellTable, fleetTable, lostList, policyTable } from '../../lib/replay/page/tables.ts';
import { weekPicture } from '../../lib/replay/page/week-picture.ts';

const figures = (cost: number, ratioToOptimum: number, changes: Partial<FiguresJson> = {}): FiguresJson => ({
  cost,
  costInterval: [cost - 0.1, cost + 0.1],
  score: null,
  ratioToOptimum,
  misses: 0,
  runs: 4,
  launches: 2.5,
  ...changes,
});

const REPLAY: ReplayJson = {
  suite: 'small',
  policies: {
    spothop: {
      ...figures(0.5, 1.1),
      cells: [
        { name: 'deadline 1.05 ×', ...figures(0.6, 1.2) },
        { name: 'deadline 3.00 ×', ...figures(0.4, 1) },
      ],
    },
    greedy: {
      ...figures(0.6, 1.3),
      cells: [
        { name: 'deadline 1.05 ×', ...figures(0.55, 1.1, { misses: 1 }) },
        { name: 'deadline 3.00 ×', ...figures(0.7, 1.5) },
      ],
    },
    'on-demand': {
      ...figures(1, 2),
      cells: [
        { name: 'deadline 1.05 ×', ...figures(1, 2) },
        { name: 'deadline 3.00 ×', ...figures(1, 2) },
      ],
    },
    optimum: {
      ...figures(0.45, 1),
      cells: [
        { name: 'deadline 1.05 ×', ...figures(0.5, 1) },
        { name: 'deadline 3.00 ×', ...figures(0.4, 1) },
      ],
    },
  },
  lostCells: [
    { cell: 'deadline 1.05 ×', to: 'greedy', extraCost: 0.05, interval: { from: -0.01, to: 0.1 }, isCertain: false },
  ],
};

describe('the tables of the page', () => {
  it('have a row for each policy, ours in bold', () => {
    const rows = policyTable(REPLAY).split('\n');
    expect(rows).toHaveLength(6);
    expect(rows[0]).toBe('| policy | mean cost | 95 % of redraws | cost / optimum | missed | launches a run |');
    expect(rows[2]).toBe('| **spothop** | **0.500** | 0.400–0.600 | 1.100 | 0 of 4 | 2.5 |');
  });

  it('mark the best of each cell that misses nothing, and what misses', () => {
    expect(cellTable(REPLAY).split('\n').slice(2)).toEqual([
      '| deadline 1.05 × | **1.200** | 1.100! |',
      '| deadline 3.00 × | **1.000** | 1.500 |',
    ]);
  });

  it('name what is lost, and say where there is nothing', () => {
    expect(lostList(REPLAY)).toBe('- deadline 1.05 ×: 0.0500 dearer than greedy (-0.0100 to 0.1000), within the noise');
    expect(lostList({ ...REPLAY, lostCells: [] })).toBe('None.');
  });

  it('show what a fleet did beside what it cost', () => {
    const cell = { name: '4 workers', ...figures(0.4, 1.1, { throughput: 0.9931, misses: 2 }) };
    const replay = {
      ...REPLAY,
      policies: { spothop: { ...figures(0.4, 1.1, { throughput: 0.9931 }), cells: [cell] } },
    };
    expect(fleetTable(replay).split('\n')[2]).toBe('| 4 workers | **0.400, 99.31 % (2!)** |');
  });
});

describe('a page', () => {
  const page =
    'before\n<!-- a: written by bin/buying-page.ts -->\nold\n<!-- end -->\nbetween\n<!-- b: written by npm run buying -->\n<!-- end -->\n';

  it('is filled between its marks and nowhere else, as often as one likes', () => {
    const once = fillPage(page, new Map([['a', 'new']]));
    expect(once).toBe(
      'before\n<!-- a: written by bin/buying-page.ts -->\n\nnew\n\n<!-- end -->\nbetween\n<!-- b: written by npm run buying -->\n<!-- end -->\n',
    );
    expect(fillPage(once, new Map([['a', 'new']]))).toBe(once);
  });

  it('without the place is refused', () => {
    expect(() => fillPage(page, new Map([['c', 'new']]))).toThrow('no place');
  });
});

describe('the pictures', () => {
  it('draw a curve for each policy, and name it with its last cost', () => {
    const svg = deadlinePicture(REPLAY);
    expect(svg.match(/<polyline class="(spothop|greedy|on-demand|optimum)"/g)).toHaveLength(4);
    expect(svg).toContain('>spothop 40 %<');
    expect(svg).toContain('>greedy 70 %<');
    expect(svg).not.toContain('NaN');
  });

  it('draw what ran over what could be had', () => {
    const timeline = {
      tickSeconds: 3_600,
      startTick: 0,
      deadlineTicks: 10,
      pools: {
        'zone <a>': [
          [1, 4],
          [0, 6],
        ],
      },
      policies: {
        spothop: [
          ['zone <a>', 4],
          ['idle', 2],
          ['on-demand', 3],
        ],
      },
    } as const;
    const svg = weekPicture({ ...REPLAY, timeline }, { title: 'A week', note: 'of a zone' });
    // Ten ticks are 710 wide: four with spot and the same four on it, above and below, then three on demand.
    expect(svg.match(/class="had" x="150" y="78" width="284"/g)).toHaveLength(1);
    expect(svg.match(/class="spot" x="150" y="\d+" width="284"/g)).toHaveLength(2);
    expect(svg.match(/class="paid" x="576" y="\d+" width="213"/g)).toHaveLength(1);
    expect(svg).toContain('zone &lt;a&gt;');
  });

  it('need a run of their own for the week', () => {
    expect(() => weekPicture(REPLAY, { title: '', note: '' })).toThrow('--start-hours');
  });
});
