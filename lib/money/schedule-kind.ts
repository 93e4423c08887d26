import type { PeriodKind } from './period.ts';

const DAYS_PER_WEEK = 7;
const DAYS_PER_MONTH_MIN = 28;

const kindOfRate = (count: number, unit: string): PeriodKind => {
  if (unit !== 'day' || count < DAYS_PER_WEEK) return 'daily';
  return count < DAYS_PER_MONTH_MIN ? 'weekly' : 'monthly';
};

const namesOneDay = (field: string): boolean => field !== '?' && !/[*,/-]/.test(field);

/** `MON#1`, the first Monday of a month, and `2L`, the last one. */
const IS_ONE_IN_A_MONTH = /#|.L$/;

/**
 * How long a period a report covers, from how often it is made. The expression is one that EventBridge Scheduler takes: a
 * single day of the week means weeks, a single day of the month means months, anything more frequent means days. Days on
 * which no report is made, such as those of a weekend, are made up for by the next one.
 */
export const scheduleKind = (expression: string): PeriodKind => {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count !== undefined) return kindOfRate(Number(count), unit!);
  const fields = /^cron\((.*)\)$/.exec(expression)?.[1]?.split(/ +/);
  if (fields?.length !== 6) {
    throw new Error(
      `Not a schedule of EventBridge Scheduler: ${expression.slice(0, 80)}; write one like cron(0 8 ? * MON *).`,
    );
  }
  const [, , dayOfMonth, , dayOfWeek] = fields;
  if (IS_ONE_IN_A_MONTH.test(dayOfWeek!)) return 'monthly';
  if (namesOneDay(dayOfWeek!)) return 'weekly';
  return namesOneDay(dayOfMonth!) ? 'monthly' : 'daily';
};
