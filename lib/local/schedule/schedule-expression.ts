/**
 * `rate(…)`, `cron(…)` and `at(…)` as one question: when next?
 * Source: EventBridge Scheduler guide, "Schedule types" and "Daylight savings time".
 *
 * Not modelled: flexible time windows (a run comes at its exact time) and the 60 s precision.
 */
import { compileCron, invalidSchedule, type WallTimes } from './cron-expression.ts';
import { type TimeZone, timeZone } from './time-zone.ts';

export interface Schedule {
  /** The first run after this instant; undefined when there is none. `createdMs` is what a rate counts from. */
  nextAfter(instantMs: number, createdMs: number): number | undefined;
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** More candidates than any change of clocks can make unusable: one a minute for a day. */
const SKIPPED_MAX = 1_440;

/** A rate is an amount of time, not a time of day: across a change of clocks it drifts on the wall. */
const rate = (expression: string, body: string): Schedule => {
  const [, count = '', unit = '', plural] = /^\s*(\d+)\s+(minute|hour|day)(s)?\s*$/.exec(body) ?? [];
  const unitMs = UNIT_MS[unit];
  const amount = Number(count);
  if (unitMs === undefined || amount < 1) {
    throw invalidSchedule(expression, 'A rate is a positive number and minute(s), hour(s) or day(s).');
  }
  if ((amount === 1) === (plural !== undefined)) {
    throw invalidSchedule(expression, `Write rate(${amount} ${unit}${amount === 1 ? '' : 's'}).`);
  }
  const periodMs = amount * unitMs;
  return {
    nextAfter: (instantMs, createdMs) => {
      const periods = Math.floor(Math.max(0, instantMs - createdMs) / periodMs) + 1;
      return createdMs + periods * periodMs;
    },
  };
};

/** A time that the wall skips is skipped; a time that it shows twice runs the first time only. */
const wallSchedule = (times: WallTimes, zone: TimeZone): Schedule => ({
  nextAfter: (instantMs) => {
    let wallMs: number | undefined = zone.wallTimeOf(instantMs);
    for (let skipped = 0; skipped < SKIPPED_MAX; skipped += 1) {
      wallMs = times(wallMs);
      if (wallMs === undefined) return undefined;
      const candidate = zone.instantOf(wallMs);
      if (candidate !== undefined && candidate > instantMs) return candidate;
    }
    return undefined;
  },
});

const at = (expression: string, body: string, zone: TimeZone): Schedule => {
  const wallMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(body.trim()) ? Date.parse(`${body.trim()}Z`) : Number.NaN;
  if (Number.isNaN(wallMs)) throw invalidSchedule(expression, 'Write at(yyyy-mm-ddThh:mm:ss).');
  const instant = zone.instantOf(wallMs);
  return { nextAfter: (instantMs) => (instant !== undefined && instant > instantMs ? instant : undefined) };
};

const zoneOf = (expression: string, name: string): TimeZone => {
  try {
    return timeZone(name);
  } catch {
    throw invalidSchedule(
      expression,
      `There is no time zone ${name}; use a name of the IANA list, e.g. Europe/Berlin.`,
    );
  }
};

/** Throws ValidationException for what AWS refuses at creation. */
export const compileSchedule = (expression: string, zoneName: string): Schedule => {
  const [, kind = '', body = ''] = /^(rate|cron|at)\((.*)\)$/.exec(expression.trim()) ?? [];
  const zone = zoneOf(expression, zoneName);
  if (kind === 'rate') return rate(expression, body);
  if (kind === 'cron') return wallSchedule(compileCron(expression, body), zone);
  if (kind === 'at') return at(expression, body, zone);
  throw invalidSchedule(expression, 'Write rate(…), cron(…) or at(…).');
};
