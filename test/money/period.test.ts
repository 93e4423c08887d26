import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epochMs } from '../../lib/fleet/time.ts';
import {
  lastCompletePeriod,
  type PeriodKind,
  periodAt,
  periodBefore,
  reportPeriod,
  runPeriod,
} from '../../lib/money/period.ts';
import { scheduleKind } from '../../lib/money/schedule-kind.ts';

const instant = (iso: string) => epochMs(Date.parse(iso));
const HOUR_MS = 3_600_000;

describe('a period of the calendar', () => {
  test.each([
    ['2026-11-21', 'UTC', '2026-11-21T00:00Z', '2026-11-22T00:00Z'],
    ['2026-10-25', 'Europe/Berlin', '2026-10-24T22:00Z', '2026-10-25T23:00Z'],
    ['2026-03-29', 'Europe/Berlin', '2026-03-28T23:00Z', '2026-03-29T22:00Z'],
    ['2026-11-21', 'Asia/Kathmandu', '2026-11-20T18:15Z', '2026-11-21T18:15Z'],
    ['2026-11-01', 'America/St_Johns', '2026-11-01T02:30Z', '2026-11-02T03:30Z'],
    ['2026-09-27', 'Pacific/Chatham', '2026-09-26T11:15Z', '2026-09-27T10:15Z'],
    ['2026-04-05', 'Australia/Lord_Howe', '2026-04-04T13:00Z', '2026-04-05T13:30Z'],
    ['2026-03-08', 'America/Havana', '2026-03-08T05:00Z', '2026-03-09T04:00Z'],
    ['2028-02-29', 'Pacific/Kiritimati', '2028-02-28T10:00Z', '2028-02-29T10:00Z'],
    ['2028-02', 'UTC', '2028-02-01T00:00Z', '2028-03-01T00:00Z'],
    ['2026-12', 'Asia/Kathmandu', '2026-11-30T18:15Z', '2026-12-31T18:15Z'],
    ['2026-W47', 'Europe/Berlin', '2026-11-15T23:00Z', '2026-11-22T23:00Z'],
    ['2026-W13', 'Europe/Berlin', '2026-03-22T23:00Z', '2026-03-29T22:00Z'],
    ['2026-W01', 'UTC', '2025-12-29T00:00Z', '2026-01-05T00:00Z'],
    ['2026-W53', 'UTC', '2026-12-28T00:00Z', '2027-01-04T00:00Z'],
    ['2027-W01', 'UTC', '2027-01-04T00:00Z', '2027-01-11T00:00Z'],
  ])('%s in %s', (key, timeZone, from, to) => {
    expect(reportPeriod(key, timeZone)).toMatchObject({ key, from: instant(from), to: instant(to) });
  });

  test('a day that a zone left out has no length', () => {
    const day = reportPeriod('2011-12-30', 'Pacific/Apia');
    expect(day.from).toBe(instant('2011-12-30T10:00Z'));
    expect(day.to).toBe(day.from);
  });

  test.each(['2027-02-29', '2026-13', '2026-11-31', '2025-W53', '2026-W00', '2026-W54', '26-11-21', 'yesterday', ''])(
    'there is no %j',
    (key) => expect(() => reportPeriod(key, 'UTC')).toThrow('No period of the calendar'),
  );

  test('an unknown zone is named', () => {
    expect(() => reportPeriod('2026-11-21', 'Mars/Olympus')).toThrow('Mars/Olympus');
  });
});

const ZONES = [
  'UTC',
  'Europe/Berlin',
  'Asia/Kathmandu',
  'America/St_Johns',
  'Pacific/Chatham',
  'Australia/Lord_Howe',
  'America/Havana',
  'Africa/Cairo',
  'Asia/Beirut',
  'America/Santiago',
  'Pacific/Kiritimati',
  'Pacific/Pago_Pago',
  'Africa/Casablanca',
];

const anyKind = fc.constantFrom<PeriodKind>('daily', 'weekly', 'monthly');
const anyInstant = fc
  .integer({ min: Date.parse('2015-01-01T00:00Z'), max: Date.parse('2036-01-01T00:00Z') })
  .map((ms) => epochMs(ms));

/** Instants at which something happens: changes of clocks, leap days, ends of years. */
const edges = [
  '2026-03-29T01:00Z',
  '2026-10-25T01:00Z',
  '2026-11-01T04:30Z',
  '2026-09-26T14:00Z',
  '2028-02-29T12:00Z',
  '2026-12-31T23:59:59.999Z',
  '2027-01-01T00:00Z',
].map(instant);

describe('periods partition time', () => {
  test('every instant lies in the period that is said to contain it', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        anyKind,
        fc.oneof(anyInstant, fc.constantFrom(...edges)),
        (zone, kind, now) => {
          const period = periodAt(kind, zone, now);
          expect(period.from).toBeLessThanOrEqual(now);
          expect(period.to).toBeGreaterThan(now);
          expect(reportPeriod(period.key, zone)).toEqual(period);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('each ends where the next begins, a whole number of half hours later', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        anyKind,
        fc.oneof(anyInstant, fc.constantFrom(...edges)),
        (zone, kind, now) => {
          const period = periodAt(kind, zone, now);
          const before = periodBefore(period);
          expect(before.to).toBe(period.from);
          expect(periodAt(kind, zone, period.to).from).toBe(period.to);
          expect((period.to - period.from) % (HOUR_MS / 2)).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each(ZONES)('the days of 2028 in %s are 366 and fill the year', (zone) => {
    const days = [periodAt('daily', zone, instant('2028-12-31T12:00Z'))];
    while (days.at(-1)!.key !== '2028-01-01') days.push(periodBefore(days.at(-1)!));
    const lengths = days.map((day) => (day.to - day.from) / HOUR_MS);
    const kept = days.filter((day) => day.key.startsWith('2028'));
    expect(kept).toHaveLength(366);
    expect(lengths.every((hours) => hours >= 23 && hours <= 25)).toBe(true);
    expect(kept.reduce((sum, day) => sum + day.to - day.from, 0)).toBe(366 * 24 * HOUR_MS);
  });
});

describe('which period a schedule reports', () => {
  test('the last one that is over, by the local calendar', () => {
    expect(lastCompletePeriod('weekly', 'Europe/Berlin', instant('2026-11-23T07:00Z')).key).toBe('2026-W47');
    expect(lastCompletePeriod('daily', 'Asia/Kathmandu', instant('2026-11-21T18:14:59Z')).key).toBe('2026-11-20');
    expect(lastCompletePeriod('daily', 'Asia/Kathmandu', instant('2026-11-21T18:15Z')).key).toBe('2026-11-21');
    expect(lastCompletePeriod('monthly', 'UTC', instant('2027-01-01T00:00Z')).key).toBe('2026-12');
  });

  test.each([
    ['cron(0 8 ? * MON *)', 'weekly'],
    ['cron(0 8 ? * 2 *)', 'weekly'],
    ['cron(0 8 ? * MON-FRI *)', 'daily'],
    ['cron(0 8 ? * MON,THU *)', 'daily'],
    ['cron(0 8 * * ? *)', 'daily'],
    ['cron(0 8 1 * ? *)', 'monthly'],
    ['cron(0 8 L * ? *)', 'monthly'],
    ['cron(0 8 1/2 * ? *)', 'daily'],
    ['cron(0 8 ? * MON#1 *)', 'monthly'],
    ['cron(0 8 ? * 6L *)', 'monthly'],
    ['rate(1 day)', 'daily'],
    ['rate(12 hours)', 'daily'],
    ['rate(7 days)', 'weekly'],
    ['rate(28 days)', 'monthly'],
  ])('%s reports %s periods', (schedule, kind) => expect(scheduleKind(schedule)).toBe(kind));

  test('a schedule that is none is refused', () => expect(() => scheduleKind('at noon')).toThrow('EventBridge'));
});

describe('a run with a name of its own', () => {
  test('is the interval that it was given', () => {
    const run = { from: epochMs(10), to: epochMs(20), key: 'demo-1' };
    expect(runPeriod(run, 'UTC')).toEqual({ kind: 'run', timeZone: 'UTC', ...run });
  });

  test.each(['2026-11-21', '2026-W47', '2026-11', '', 'a b', 'x#y', '../x', 'k'.repeat(65)])(
    'cannot be called %j',
    (key) => expect(() => runPeriod({ from: epochMs(1), to: epochMs(2), key }, 'UTC')).toThrow('Not a name for a run'),
  );

  test('has a length', () => {
    expect(() => runPeriod({ from: epochMs(2), to: epochMs(2), key: 'r' }, 'UTC')).toThrow(
      'ends at or before its start',
    );
  });

  test('is not longer than a year', () => {
    const to = instant('2026-11-21T00:00Z');
    expect(() => runPeriod({ from: epochMs(0), to, key: 'r' }, 'UTC')).toThrow('longer than 366 days');
  });
});
