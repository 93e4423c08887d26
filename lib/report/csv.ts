import { toIso } from '../fleet/time.ts';
import type { CostReport, Figures } from '../money/cost-report.ts';
import type { Sum } from '../money/micros.ts';
import { csvText } from './escape.ts';

type Cell = string | number;

const COLUMNS = [
  'fleet',
  'period',
  'from',
  'to',
  'instance_type',
  'zone',
  'purchase',
  'machines',
  'still_running',
  'spot_seconds',
  'free_seconds',
  'on_demand_seconds',
  'currency',
  'spent',
  'spent_unknown_machines',
  'on_demand_would_be',
  'on_demand_unknown_machines',
  'saved',
  'saved_unknown_machines',
] as const;

/** Exact to the micro-unit: a quotient of whole numbers below 10^15 and a million prints as the decimal that it is. */
const units = (micros: number): number => micros / 1_000_000;

/** What is known of the sum, and how many machines it leaves out. */
const sumCells = (sum: Sum, partCount: number): readonly Cell[] => [
  sum.unknownCount > 0 && sum.unknownCount === partCount ? 'unknown' : units(sum.micros),
  sum.unknownCount,
];

const figureCells = (figures: Figures, currency: string): readonly Cell[] => [
  figures.runCount,
  figures.stillRunningCount,
  figures.time.spotMs / 1_000,
  figures.time.freeMs / 1_000,
  figures.time.onDemandMs / 1_000,
  currency,
  ...sumCells(figures.spent, figures.runCount),
  ...sumCells(figures.onDemandWouldBe, figures.runCount),
  ...sumCells(figures.saved, figures.runCount),
];

/** One row for each pool and one for their total, for spreadsheets. */
export const renderCsv = (report: CostReport): string => {
  const { fleet, period, currency } = report;
  const lead = [fleet, period.key, toIso(period.from), toIso(period.to)];
  return csvText([
    COLUMNS,
    ...report.pools.map((line) => [
      ...lead,
      line.pool.instanceType,
      line.pool.zone,
      line.pool.purchase,
      ...figureCells(line, currency.code),
    ]),
    [...lead, 'total', '', '', ...figureCells(report.total, currency.code)],
  ]);
};
