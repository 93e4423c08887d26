import type { EpochMs } from '../fleet/time.ts';
import {
  addDays,
  type CalendarDay,
  calendarDay,
  isoDay,
  isoWeekday,
  localDay,
  startOfLocalDay,
  yearMonthDay,
} from './local-calendar.ts';

export type PeriodKind = 'daily' | 'weekly' | 'monthly';

/** What a report is about: the half-open interval of instants `[from, to)`. */
export interface ReportPeriod {
  readonly kind: PeriodKind | 'run';
  /** `2026-11-21`, `2026-W47` (ISO 8601), `2026-11`, or the name given to a run. */
  readonly key: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** The first days of a period and of the one after it. */
interface Days {
  readonly first: CalendarDay;
  readonly next: CalendarDay;
}

const isoWeekOne = (year: number): CalendarDay => {
  const fourth = calendarDay(year, 1, 4);
  return addDays(fourth, 1 - isoWeekday(fourth));
};

const isoWeekKey = (day: CalendarDay): string => {
  const thursday = addDays(day, 4 - isoWeekday(day));
  const [year] = yearMonthDay(thursday);
  const week = Math.floor((thursday - isoWeekOne(year)) / 7) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
};

/** For each kind: the key of the period that a day lies in, and the days of a key. */
const KINDS: Readonly<
  Record<
    PeriodKind,
    {
      readonly form: RegExp;
      readonly keyOf: (day: CalendarDay) => string;
      readonly daysOf: (numbers: readonly number[]) => Days;
    }
  >
> = {
  daily: {
    form: /^(\d{4})-(\d{2})-(\d{2})$/,
    keyOf: isoDay,
    daysOf: ([year, month, day]) => {
      const first = calendarDay(year!, month!, day!);
      return { first, next: addDays(first, 1) };
    },
  },
  weekly: {
    form: /^(\d{4})-W(\d{2})$/,
    keyOf: isoWeekKey,
    daysOf: ([year, week]) => {
      const first = addDays(isoWeekOne(year!), 7 * (week! - 1));
      return { first, next: addDays(first, 7) };
    },
  },
  monthly: {
    form: /^(\d{4})-(\d{2})$/,
    keyOf: (day) => isoDay(day).slice(0, 7),
    daysOf: ([year, month]) => ({
      first: calendarDay(year!, month!, 1),
      next: calendarDay(year!, month! + 1, 1),
    }),
  },
};

const kindOfKey = (key: string): PeriodKind | undefined =>
  (Object.keys(KINDS) as PeriodKind[]).find((kind) => KINDS[kind].form.test(key));

/** Whether a key names a period of the calendar; the days in it need not exist. */
const isCalendarKey = (key: string): boolean => kindOfKey(key) !== undefined;

/**
 * The period of the calendar that a key names, by the clocks of the zone: its days have 23, 24 or 25 hours as they come,
 * and neighbouring periods meet without gap or overlap (F120).
 */
export const reportPeriod = (key: string, timeZone: string): ReportPeriod => {
  const kind = kindOfKey(key);
  const days = kind && KINDS[kind].daysOf(KINDS[kind].form.exec(key)!.slice(1).map(Number));
  if (kind === undefined || days === undefined || KINDS[kind].keyOf(days.first) !== key) {
    throw new Error(
      `No period of the calendar: ${JSON.stringify(key).slice(0, 80)}; write a day 2026-11-21, an ISO week 2026-W47 or a month 2026-11.`,
    );
  }
  return {
    kind,
    key,
    timeZone,
    from: startOfLocalDay(days.first, timeZone),
    to: startOfLocalDay(days.next, timeZone),
  };
};

/** The period of a kind that contains an instant. */
export const periodAt = (kind: PeriodKind, timeZone: string, instant: EpochMs): ReportPeriod =>
  reportPeriod(KINDS[kind].keyOf(localDay(instant, timeZone)), timeZone);

/** The period just before one of the calendar. */
export const periodBefore = (period: ReportPeriod): ReportPeriod => {
  const { kind, key, timeZone } = period;
  if (kind === 'run') throw new Error(`The run ${key} has no period before it.`);
  const { first } = KINDS[kind].daysOf(KINDS[kind].form.exec(key)!.slice(1).map(Number));
  return reportPeriod(KINDS[kind].keyOf(addDays(first, -1)), timeZone);
};

/** The last period that is over: what a schedule that fires now reports. */
export const lastCompletePeriod = (kind: PeriodKind, timeZone: string, now: EpochMs): ReportPeriod =>
  periodBefore(periodAt(kind, timeZone, now));

/** The ledger is read day by day; a year of them is a lot, and a slip of the pen in `from` would be many more. */
const RUN_DAYS_MAX = 366;
const DAY_MS = 86_400_000;

const RUN_KEY = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** An interval with a name of its own, such as one run of a batch. */
export const runPeriod = (
  run: { readonly from: EpochMs; readonly to: EpochMs; readonly key: string },
  timeZone: string,
): ReportPeriod => {
  if (!RUN_KEY.test(run.key) || isCalendarKey(run.key)) {
    throw new Error(
      `Not a name for a run: ${JSON.stringify(run.key).slice(0, 80)}; use up to 64 letters, digits, dots, dashes and underscores, and no date.`,
    );
  }
  if (!(run.from < run.to)) throw new Error(`The run ${run.key} ends at or before its start; give from < to.`);
  if (run.to - run.from > RUN_DAYS_MAX * DAY_MS) {
    throw new Error(`The run ${run.key} is longer than ${RUN_DAYS_MAX} days; report its parts.`);
  }
  return { kind: 'run', key: run.key, timeZone, from: run.from, to: run.to };
};
