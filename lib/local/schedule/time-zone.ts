/**
 * Between instants and the time on a wall somewhere. A "wall time" is written as the milliseconds at which a clock in UTC
 * would show it.
 *
 * Not modelled: leap seconds.
 */

const HOUR_MS = 3_600_000;
/** Further than any zone is from UTC, and further than any change of a zone reaches. */
const OFFSET_SEARCH_MS = 26 * HOUR_MS;

export interface TimeZone {
  wallTimeOf(instantMs: number): number;
  /** The first instant at which the wall shows this time; undefined when it never does (clocks went forward). */
  instantOf(wallMs: number): number | undefined;
}

/** Throws RangeError for a zone that does not exist. */
export const timeZone = (name: string): TimeZone => {
  const format = new Intl.DateTimeFormat('en-GB', {
    timeZone: name,
    calendar: 'gregory',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });

  const wallTimeOf = (instantMs: number): number => {
    const parts = new Map(format.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
    const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  };

  const offsetAt = (instantMs: number): number => wallTimeOf(instantMs) - Math.floor(instantMs / 1_000) * 1_000;

  return {
    wallTimeOf,
    instantOf: (wallMs) => {
      const offsets = new Set([offsetAt(wallMs - OFFSET_SEARCH_MS), offsetAt(wallMs + OFFSET_SEARCH_MS)]);
      const instants = [...offsets].map((offsetMs) => wallMs - offsetMs).sort((one, other) => one - other);
      return instants.find((instantMs) => wallTimeOf(instantMs) === wallMs);
    },
  };
};
