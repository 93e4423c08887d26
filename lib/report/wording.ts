import type { CostReport, Figures } from '../money/cost-report.ts';
import type { Amount, Sum } from '../money/micros.ts';
import type { ReportPeriod } from '../money/period.ts';
import { oneLine } from './escape.ts';

/** How figures read, the same in mail, plain text and subject. English only; the zone of the report, never the reader's. */

const MICROS_PER_UNIT = 1_000_000;
const MICRO_DIGITS = 6;
const UNKNOWN = 'unknown';

/** Whole cents for a fleet that costs money; as many digits as it takes to see anything for one that hardly does. */
export const moneyDigits = (report: CostReport): number => {
  const largest = Math.max(report.total.onDemandWouldBe.micros, report.total.spent.micros);
  if (largest >= MICROS_PER_UNIT) return 2;
  return largest >= MICROS_PER_UNIT / 100 ? 4 : MICRO_DIGITS;
};

/** `1,234.50`; halves away from zero, in whole numbers throughout. */
export const decimal = (micros: number, digits: number): string => {
  const scale = 10 ** (MICRO_DIGITS - digits);
  const rounded = Math.floor(Math.abs(micros) / scale + 0.5);
  const sign = micros < 0 && rounded > 0 ? '−' : '';
  const padded = String(rounded).padStart(digits + 1, '0');
  const units = padded.slice(0, padded.length - digits).replace(/\B(?=(?:\d{3})+$)/g, ',');
  return digits === 0 ? `${sign}${units}` : `${sign}${units}.${padded.slice(-digits)}`;
};

export const money = (amount: Amount, report: CostReport, digits = moneyDigits(report)): string =>
  amount === 'unknown' ? UNKNOWN : `${report.currency.code} ${decimal(amount, digits)}`;

/** A sum with an unknown part is never shown as if it were whole. */
export const sumOfMoney = (sum: Sum, partCount: number, report: CostReport): string => {
  if (sum.unknownCount === 0) return money(sum.micros, report);
  if (sum.unknownCount === partCount) return UNKNOWN;
  return `${money(sum.micros, report)} + unknown`;
};

/** `68.4 %` */
export const percent = (basisPoints: Amount, digits: 0 | 1 = 1): string =>
  basisPoints === 'unknown' ? UNKNOWN : `${decimal(basisPoints * 10_000, digits)} %`;

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

/** `1,284.5 h`, `12 min`, `40 s`: the unit that shows something. */
export const duration = (durationMs: number): string => {
  if (durationMs >= HOUR_MS) return `${decimal(Math.round((durationMs / HOUR_MS) * MICROS_PER_UNIT), 1)} h`;
  if (durationMs >= MINUTE_MS) return `${Math.round(durationMs / MINUTE_MS)} min`;
  return `${Math.round(durationMs / 1_000)} s`;
};

export const machineMs = ({ time }: Figures): number => time.spotMs + time.freeMs + time.onDemandMs;

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${decimal(count * MICROS_PER_UNIT, 0)} ${count === 1 ? one : many}`;

const dateText = (instant: number, timeZone: string, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat('en-GB', { timeZone, ...options }).format(instant);

/** `week 47`, `21 November 2026`, `November 2026`, `run nightly-7` */
export const periodName = (period: ReportPeriod): string => {
  switch (period.kind) {
    case 'daily':
      return dateText(period.from, period.timeZone, { day: 'numeric', month: 'long', year: 'numeric' });
    case 'weekly':
      return `week ${Number(period.key.slice(-2))}`;
    case 'monthly':
      return dateText(period.from, period.timeZone, { month: 'long', year: 'numeric' });
    case 'run':
      return `run ${oneLine(period.key)}`;
  }
};

/** Both ends with their local times; the end is the first instant that no longer belongs to it. */
export const periodInterval = ({ from, to, timeZone }: ReportPeriod): string => {
  const options = { dateStyle: 'medium', timeStyle: 'short' } as const;
  return `${dateText(from, timeZone, options)} to ${dateText(to, timeZone, options)} (${timeZone})`;
};
