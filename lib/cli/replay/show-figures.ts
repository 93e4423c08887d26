import { OPTIMUM } from '../../replay/case.ts';
import type { CellFigures, Figures, LostCell, PolicyFigures, SuiteFigures } from '../../replay/figures.ts';
import type { Timeline } from '../../replay/timeline.ts';
import { type Column, renderTable } from '../table.ts';
import { timelineJson } from './show-timeline.ts';

const COST_DIGITS = 3;
const RATIO_DIGITS = 3;

const interval = ({ from, to }: { readonly from: number; readonly to: number }): string =>
  `${from.toFixed(COST_DIGITS)}–${to.toFixed(COST_DIGITS)}`;

interface PolicyRow {
  readonly name: string;
  readonly figures: PolicyFigures;
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

const shareOfMost = ({ dearest }: Figures): string => dearest?.toFixed(RATIO_DIGITS) ?? '';

/** Columns that only some suites have. */
const specialColumns = (rows: readonly PolicyRow[]): readonly Column<PolicyRow>[] => [
  ...(rows.some(({ figures }) => figures.score !== null)
    ? [{ title: 'score', text: ({ figures }: PolicyRow) => figures.score!.toFixed(2), isNumber: true as const }]
    : []),
  ...(rows.some(({ figures }) => figures.dearest !== undefined)
    ? [{ title: 'dearest/most', text: ({ figures }: PolicyRow) => shareOfMost(figures), isNumber: true as const }]
    : []),
  ...(rows.some(({ figures }) => figures.throughput !== undefined)
    ? [{ title: 'work', text: ({ figures }: PolicyRow) => percent(figures.throughput!), isNumber: true as const }]
    : []),
];

const policyTable = (rows: readonly PolicyRow[]): string =>
  renderTable<PolicyRow>(
    [
      { title: 'policy', text: ({ name }) => name },
      { title: 'cost', text: ({ figures }) => figures.cost.toFixed(COST_DIGITS), isNumber: true },
      { title: '95 % of redraws', text: ({ figures }) => interval(figures.costInterval) },
      ...specialColumns(rows),
      { title: '/optimum', text: ({ figures }) => figures.ratioToOptimum.toFixed(RATIO_DIGITS), isNumber: true },
      { title: 'missed', text: ({ figures }) => `${figures.misses}/${figures.runs}`, isNumber: true },
      { title: 'launches', text: ({ figures }) => figures.launches.toFixed(1), isNumber: true },
    ],
    rows,
  );

interface CellRow {
  readonly name: string;
  readonly byPolicy: ReadonlyMap<string, CellFigures>;
}

const cellRows = ({ policies }: SuiteFigures): readonly CellRow[] => {
  const [first] = policies.values();
  return first!.cells.map(({ name }, index) => ({
    name,
    byPolicy: new Map([...policies].map(([policy, { cells }]) => [policy, cells[index]!])),
  }));
};

/** A miss is marked, and so is a cell of ours that another policy wins. */
const cellText = (policy: string, figures: Figures, lost: boolean): string =>
  `${figures.ratioToOptimum.toFixed(RATIO_DIGITS)}${figures.misses > 0 ? '!' : ''}${lost && policy === 'spothop' ? '*' : ''}`;

const SHORT_NAMES: Readonly<Record<string, string>> = {
  'uniform-progress': 'uniform',
  'dynamic-fallback': 'fallback',
  'static-mix': 'mix',
  'spothedge+1': 'hedge+1',
  'spothedge+2': 'hedge+2',
};

const cellTable = (figures: SuiteFigures): string => {
  const lost = new Set(figures.lostCells.map(({ cell }) => cell));
  const policies = [...figures.policies.keys()].filter((name) => name !== OPTIMUM && name !== 'on-demand');
  const columns: readonly Column<CellRow>[] = policies.map((policy) => ({
    title: SHORT_NAMES[policy] ?? policy,
    text: ({ name, byPolicy }) => cellText(policy, byPolicy.get(policy)!, lost.has(name)),
    isNumber: true,
  }));
  return renderTable<CellRow>([{ title: 'cost/optimum', text: ({ name }) => name }, ...columns], cellRows(figures));
};

const lostLine = ({ cell, to, extraCost, interval: extra, isCertain }: LostCell): string =>
  `  ${cell}: ${extraCost.toFixed(4)} dearer than ${to} (${interval(extra)})${isCertain ? '' : ', may be noise'}\n`;

const lostText = ({ lostCells }: SuiteFigures): string =>
  lostCells.length === 0
    ? ''
    : `\n* Cells in which spothop costs more than another policy:\n${lostCells.map(lostLine).join('')}`;

const missText = ({ policies }: SuiteFigures): string =>
  [...policies.values()].some(({ misses }) => misses > 0)
    ? '\n! A job late, or a fleet below 99.5 % of its work.\n'
    : '';

/** The tables of a suite, for people. */
export const showFigures = (figures: SuiteFigures): string => {
  const rows = [...figures.policies].map(([name, policy]) => ({ name, figures: policy }));
  const hasCells = rows[0]!.figures.cells.length > 1;
  return [
    `${figures.suite}: cost in ${figures.costMeaning}\n\n${policyTable(rows)}`,
    hasCells ? `\n${cellTable(figures)}` : '',
    lostText(figures),
    missText(figures),
  ].join('');
};

const rounded = (value: number): number => Number(value.toFixed(6));

const jsonOf = (figures: Figures): Readonly<Record<string, unknown>> => ({
  cost: rounded(figures.cost),
  costInterval: [rounded(figures.costInterval.from), rounded(figures.costInterval.to)],
  score: figures.score === null ? null : rounded(figures.score),
  ratioToOptimum: rounded(figures.ratioToOptimum),
  misses: figures.misses,
  runs: figures.runs,
  launches: rounded(figures.launches),
  ...(figures.dearest === undefined ? {} : { dearest: rounded(figures.dearest) }),
  ...(figures.throughput === undefined
    ? {}
    : { throughput: rounded(figures.throughput), availability: rounded(figures.availability!) }),
});

/** The same on one line, for programs. */
export const figuresJson = ({ suite, policies, lostCells }: SuiteFigures, timeline?: Timeline): string => {
  const byName = [...policies].map(([name, figures]) => [
    name,
    { ...jsonOf(figures), cells: figures.cells.map((cell) => ({ name: cell.name, ...jsonOf(cell) })) },
  ]);
  const drawn = timeline === undefined ? {} : { timeline: timelineJson(timeline) };
  return `${JSON.stringify({ suite, policies: Object.fromEntries(byName), lostCells, ...drawn })}\n`;
};
