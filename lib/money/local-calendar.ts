import { addMs, type EpochMs, epochMs } from '../fleet/time.ts';

/** A day of the calendar, as a number of days since 1 January 1970: days can be added without any time zone. */
export type CalendarDay = number & { readonly __id: 'CalendarDay' };

const DAY_MS = 86_400_000;

/** Local time is at most 12 hours behind UTC and 14 hours ahead of it; one hour more, so that the search has both sides. */
const OFFSET_MS_MAX = 15 * 3_600_000;

export const calendarDay = (year: number, month: number, day: number): CalendarDay =>
  (Date.UTC(year, month - 1, day) / DAY_MS) as CalendarDay;

export const addDays = (day: CalendarDay, days: number): CalendarDay => (day + days) as CalendarDay;

/** `2026-11-21`. */
export const isoDay = (day: CalendarDay): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

export const yearMonthDay = (day: CalendarDay): readonly [year: number, month: number, day: number] => {
  const date = new Date(day * DAY_MS);
  return [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
};

/** Monday is 1 and Sunday 7 (ISO 8601). */
export const isoWeekday = (day: CalendarDay): number => ((((day + 3) % 7) + 7) % 7) + 1;

const dateFormat = (timeZone: string): Intl.DateTimeFormat => {
  try {
    return new Intl.DateTimeFormat('en-US-u-ca-gregory-nu-latn', {
      timeZone,
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
    });
  } catch (cause) {
    throw new Error(
      `Not a time zone of the IANA database: ${JSON.stringify(timeZone)}; write one such as Europe/Berlin.`,
      {
        cause,
      },
    );
  }
};

const dayIn = (format: Intl.DateTimeFormat, instant: number): CalendarDay => {
  const [month, day, year] = format.format(instant).split('/').map(Number);
  return calendarDay(year!, month!, day!);
};

/** The day that a calendar on the wall shows in this zone. */
export const localDay = (instant: EpochMs, timeZone: string): CalendarDay => dayIn(dateFormat(timeZone), instant);

/**
 * The instant at which a day begins in a zone: where the calendar on the wall comes to show it, whatever the clock beside
 * it says (there are days without a midnight, and days that a zone leaves out, which begin and end at the same instant).
 * Found by halving, to the millisecond, so it needs no table of offsets.
 */
export const startOfLocalDay = (day: CalendarDay, timeZone: string): EpochMs => {
  const format = dateFormat(timeZone);
  let before = epochMs(day * DAY_MS - OFFSET_MS_MAX);
  let reached = epochMs(day * DAY_MS + OFFSET_MS_MAX);
  while (reached - before > 1) {
    const middle = addMs(before, Math.floor((reached - before) / 2));
    if (dayIn(format, middle) >= day) reached = middle;
    else before = middle;
  }
  return reached;
};
