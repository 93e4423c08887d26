import { epochMs, toIso } from '../../../../fleet/time.ts';
import {
  lastCompletePeriod,
  type PeriodKind,
  periodAt,
  periodBefore,
  type ReportPeriod,
  reportPeriod,
  runPeriod,
} from '../../../../money/period.ts';
import { scheduleKind } from '../../../../money/schedule-kind.ts';
import { compareTold, type ToldCase } from '../capacity/told-cases.ts';
import type { DecisionTable } from '../decision-table.ts';

const at = (text: string) => epochMs(Date.parse(text));

const told = ({ kind, key, from, to }: ReportPeriod): string =>
  `${kind} ${key} from ${toIso(from).slice(0, 16)} to ${toIso(to).slice(0, 16)}`;

/** A period found by its first and by its last instant, and as the one that is over when the next begins. */
const keyed = (kind: PeriodKind, key: string, zone: string, from: string, to: string): readonly ToldCase[] => {
  const due = `${kind} ${key} from ${from} to ${to}`;
  const [first, next] = [at(`${from}Z`), at(`${to}Z`)];
  return [
    { of: `the ${kind} period at ${from}`, decided: () => told(periodAt(kind, zone, first)), due },
    { of: `the one just before ${to}`, decided: () => told(periodAt(kind, zone, epochMs(next - 1))), due },
    { of: `the one over at ${to}`, decided: () => told(lastCompletePeriod(kind, zone, next)), due },
  ];
};

const refused = (of: string, decide: () => ReportPeriod): ToldCase => ({
  of,
  decided: () => {
    try {
      return told(decide());
    } catch {
      return 'refused';
    }
  },
  due: 'refused',
});

const DAY_MS = 86_400_000;

const run = (key: string, fromMs: number, toMs: number) => () =>
  runPeriod({ key, from: epochMs(fromMs), to: epochMs(toMs) }, 'UTC');

const scheduled = (expression: string, due: PeriodKind): ToldCase => ({
  of: expression,
  decided: () => scheduleKind(expression),
  due,
});

const PERIODS: readonly ToldCase[] = [
  ...keyed('daily', '2026-11-21', 'UTC', '2026-11-21T00:00', '2026-11-22T00:00'),
  // The day of 23 hours and that of 25, as the clocks of a zone change.
  ...keyed('daily', '2026-03-29', 'Europe/Berlin', '2026-03-28T23:00', '2026-03-29T22:00'),
  ...keyed('daily', '2026-10-25', 'Europe/Berlin', '2026-10-24T22:00', '2026-10-25T23:00'),
  ...keyed('daily', '2026-01-01', 'Pacific/Kiritimati', '2025-12-31T10:00', '2026-01-01T10:00'),
  ...keyed('daily', '2026-01-01', 'Pacific/Pago_Pago', '2026-01-01T11:00', '2026-01-02T11:00'),
  // Weeks belong to the year of their Thursday.
  ...keyed('weekly', '2027-W01', 'UTC', '2027-01-04T00:00', '2027-01-11T00:00'),
  ...keyed('weekly', '2026-W53', 'UTC', '2026-12-28T00:00', '2027-01-04T00:00'),
  ...keyed('weekly', '2025-W01', 'UTC', '2024-12-30T00:00', '2025-01-06T00:00'),
  ...keyed('monthly', '2024-02', 'UTC', '2024-02-01T00:00', '2024-03-01T00:00'),
  ...keyed('monthly', '2026-12', 'UTC', '2026-12-01T00:00', '2027-01-01T00:00'),
  ...keyed('monthly', '2026-10', 'Europe/Berlin', '2026-09-30T22:00', '2026-10-31T23:00'),
];

const REFUSED: readonly ToldCase[] = [
  refused('a day that is none', () => reportPeriod('2026-02-29', 'UTC')),
  refused('a week that is none', () => reportPeriod('2025-W53', 'UTC')),
  refused('a month that is none', () => reportPeriod('2026-13', 'UTC')),
  refused('a word', () => reportPeriod('yesterday', 'UTC')),
  refused('a zone that is none', () => reportPeriod('2026-11-21', 'Mars/Olympus')),
  refused('a run with the name of a day', run('2026-11-21', 0, DAY_MS)),
  refused('a run that ends as it begins', run('batch', DAY_MS, DAY_MS)),
  refused('a run longer than 366 days', run('batch', 0, 366 * DAY_MS + 1)),
  refused('what comes before a run', () => periodBefore(run('batch', 0, DAY_MS)())),
];

const RUNS: readonly ToldCase[] = [
  {
    of: 'a run of a year',
    decided: () => told(run('batch.7', 0, 366 * DAY_MS)()),
    due: 'run batch.7 from 1970-01-01T00:00 to 1971-01-02T00:00',
  },
];

const SCHEDULES: readonly ToldCase[] = [
  scheduled('rate(1 hour)', 'daily'),
  scheduled('rate(200 hours)', 'daily'),
  scheduled('rate(1 day)', 'daily'),
  scheduled('rate(6 days)', 'daily'),
  scheduled('rate(7 days)', 'weekly'),
  scheduled('rate(27 days)', 'weekly'),
  scheduled('rate(28 days)', 'monthly'),
  scheduled('cron(0 8 * * ? *)', 'daily'),
  scheduled('cron(0 8 ? * MON *)', 'weekly'),
  scheduled('cron(0 8 ? * MON-FRI *)', 'daily'),
  scheduled('cron(0 8 ? * MON,THU *)', 'daily'),
  scheduled('cron(0 8 ? * MON#1 *)', 'monthly'),
  scheduled('cron(0 8 ? * 2L *)', 'monthly'),
  scheduled('cron(0 8 1 * ? *)', 'monthly'),
  scheduled('cron(0 8 1,15 * ? *)', 'daily'),
];

/** What a report is about: days, weeks and months by the clocks of a zone, without gap or overlap (F120). */
export const reportPeriods: DecisionTable = {
  name: 'the period of a report',
  promise: 'M2',
  tryAll: () => compareTold([...PERIODS, ...REFUSED, ...RUNS, ...SCHEDULES]),
};
