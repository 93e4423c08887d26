import type { CostReport } from '../money/cost-report.ts';
import { wholeAmount } from '../money/micros.ts';
import { oneLine } from './escape.ts';
import { money, percent, periodName, sumOfMoney } from './wording.ts';

/** What a sending of a report says about itself. The figures are the stored ones, whichever sending it is. */
export interface Sending {
  /** 1 for the first. */
  readonly number: number;
}

export const isRepeat = (sending: Sending): boolean => sending.number > 1;

/** `saved 68 % (USD 12.34)`; what is unknown is called so. */
export const headline = (report: CostReport): string => {
  const { total, savedBasisPoints } = report;
  if (total.runCount === 0) return 'no machine ran';
  const saved = wholeAmount(total.saved);
  if (savedBasisPoints === 'unknown' || saved === 'unknown') {
    return `spent ${sumOfMoney(total.spent, total.runCount, report)}, savings unknown`;
  }
  if (saved < 0) return `cost ${money(-saved, report)} more than on demand`;
  return `saved ${percent(savedBasisPoints, 0)} (${money(saved, report)})`;
};

/** `Spothop · index · week 47 · saved 68 % (USD 12.34)` */
export const subject = (report: CostReport, sending: Sending): string =>
  [
    'Spothop',
    oneLine(report.fleet),
    periodName(report.period),
    headline(report),
    ...(isRepeat(sending) ? ['sent again'] : []),
  ].join(' · ');
