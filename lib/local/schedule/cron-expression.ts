/**
 * AWS's six-field cron (minutes hours day-of-month month day-of-week year), translated for croner.
 * Source: EventBridge Scheduler guide, "Schedule types: cron-based schedules".
 *
 * Not modelled: nothing known; croner decides what `L`, `W` and `#` mean, which agrees with AWS's table.
 */
import { Cron } from 'croner';
import { AwsError } from '../service.ts';

const MINUTE_MAX = 59;
const HOUR_MAX = 23;
const DAY_MAX = 31;
const MONTH_MAX = 12;
const WEEKDAY_MAX = 7;
const YEAR_MAX = 2199;

export const invalidSchedule = (expression: string, why: string): AwsError =>
  new AwsError(400, 'ValidationException', `Invalid Schedule Expression ${expression}. ${why}`);

/** AWS writes `5/15` for "from 5 on, every 15"; croner wants the end of the range as well. */
const withRangeEnds = (field: string, max: number): string =>
  field
    .split(',')
    .map((part) => part.replace(/^(\d+)\/(\d+)$/, `$1-${max}/$2`))
    .join(',');

/** In day-of-week, a bare `L` is the last day of the week: Saturday. */
const weekday = (field: string): string => (field === 'L' ? '7' : withRangeEnds(field, WEEKDAY_MAX));

const anyFor = (field: string): string => (field === '?' ? '*' : field);

/** The fields for croner: seconds first, years last, weekdays counted from Sunday = 1. */
const translate = (expression: string, body: string): string => {
  const fields = body.trim().split(/\s+/);
  const [minutes, hours, day, month, week, year] = fields;
  if (fields.length !== 6 || !minutes || !hours || !day || !month || !week || !year) {
    throw invalidSchedule(
      expression,
      'A cron expression has six fields: minutes hours day-of-month month day-of-week year.',
    );
  }
  if ((day === '?') === (week === '?')) {
    throw invalidSchedule(expression, "Exactly one of day-of-month and day-of-week must be '?'.");
  }
  return [
    '0',
    withRangeEnds(minutes, MINUTE_MAX),
    withRangeEnds(hours, HOUR_MAX),
    withRangeEnds(anyFor(day), DAY_MAX),
    withRangeEnds(month, MONTH_MAX),
    weekday(anyFor(week)),
    withRangeEnds(year, YEAR_MAX),
  ].join(' ');
};

/** Gives, for an instant, the next one that fits the expression if the wall clock everywhere showed UTC; `undefined` when there is none. */
export type WallTimes = (afterWallMs: number) => number | undefined;

/** Compiles `cron(…)`. Throws ValidationException as AWS does at creation. */
export const compileCron = (expression: string, body: string): WallTimes => {
  const fields = translate(expression, body);
  try {
    const cron = new Cron(fields, {
      timezone: 'UTC',
      mode: '7-part',
      alternativeWeekdays: true,
      domAndDow: true,
      paused: true,
    });
    return (afterWallMs) => cron.nextRun(new Date(afterWallMs))?.getTime();
  } catch (error) {
    throw invalidSchedule(expression, error instanceof Error ? error.message : String(error));
  }
};
