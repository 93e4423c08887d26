import { addMs, type EpochMs, epochMs, secondsToMs } from '../fleet/time.ts';

const ISO_UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/;
const RFC1123 = /^(?:[A-Z][a-z]{2}, )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}:\d{2}:\d{2}) GMT$/;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const SECONDS_PART = 'YYYY-MM-DDThh:mm:ss'.length;

/** `2026-01-01T00:00:00Z`, as EventBridge writes times. A day or hour that does not exist is no time at all. */
export const isoInstant = (value: unknown): EpochMs | undefined => {
  if (typeof value !== 'string' || !ISO_UTC.test(value)) return undefined;
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) return undefined;
  const isSameMoment = new Date(ms).toISOString().slice(0, SECONDS_PART) === value.slice(0, SECONDS_PART);
  return isSameMoment ? epochMs(ms) : undefined;
};

const OFFSET = /([+-])(\d{2}):([0-5]\d)$/;
const OFFSET_HOURS_MAX = 14;

/** The same with the distance of its zone, as in `2026-01-01T02:00:00+02:00`; a time of no zone is none. */
export const zonedInstant = (value: unknown): EpochMs | undefined => {
  const parts = typeof value === 'string' ? OFFSET.exec(value) : null;
  if (parts === null) return isoInstant(value);
  const [offset, sign, hours, minutes] = parts;
  const local = isoInstant(`${(value as string).slice(0, -offset.length)}Z`);
  if (local === undefined || Number(hours) > OFFSET_HOURS_MAX) return undefined;
  const eastOf = secondsToMs((Number(hours) * 60 + Number(minutes)) * 60);
  return addMs(local, sign === '+' ? -eastOf : eastOf);
};

/** `Sat, 05 Jun 2016 15:10:09 GMT`, as AWS Health writes times; the weekday may be missing, as in instance metadata. */
export const rfc1123Instant = (value: unknown): EpochMs | undefined => {
  const parts = typeof value === 'string' ? RFC1123.exec(value) : null;
  if (parts === null) return undefined;
  const [, day = '', monthName = '', year, clockTime] = parts;
  const month = String(MONTHS.indexOf(monthName) + 1).padStart(2, '0');
  return isoInstant(`${year}-${month}-${day.padStart(2, '0')}T${clockTime}Z`);
};
