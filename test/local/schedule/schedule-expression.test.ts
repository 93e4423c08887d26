import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { compileSchedule } from '../../../lib/local/schedule/schedule-expression.ts';

const runsFrom = (start: string, expression: string, zone: string, count: number): readonly string[] => {
  const schedule = compileSchedule(expression, zone);
  const createdMs = Date.parse(start);
  const runs: string[] = [];
  for (let at: number | undefined = createdMs; runs.length < count; ) {
    at = schedule.nextAfter(at, createdMs);
    if (at === undefined) break;
    runs.push(new Date(at).toISOString().replace('.000Z', 'Z'));
  }
  return runs;
};

describe('a cron expression in AWS’s form', () => {
  test.each([
    ['Mondays at nine', 'cron(0 9 ? * MON *)', ['2026-11-23T09:00:00Z', '2026-11-30T09:00:00Z']],
    ['weekdays count from Sunday = 1', 'cron(0 9 ? * 2 *)', ['2026-11-23T09:00:00Z', '2026-11-30T09:00:00Z']],
    ['weekdays as a range', 'cron(0 18 ? * MON-FRI *)', ['2026-11-23T18:00:00Z', '2026-11-24T18:00:00Z']],
    ['every fifteen minutes from zero', 'cron(0/15 * * * ? *)', ['2026-11-21T08:15:00Z', '2026-11-21T08:30:00Z']],
    ['every ten minutes from five', 'cron(5/10 * * * ? *)', ['2026-11-21T08:05:00Z', '2026-11-21T08:15:00Z']],
    ['the last day of the month', 'cron(0 0 L * ? *)', ['2026-11-30T00:00:00Z', '2026-12-31T00:00:00Z']],
    ['the last Friday of the month', 'cron(0 0 ? * 6L *)', ['2026-11-27T00:00:00Z', '2026-12-25T00:00:00Z']],
    ['the second Monday', 'cron(0 0 ? * 2#2 *)', ['2026-12-14T00:00:00Z', '2027-01-11T00:00:00Z']],
    ['the weekday nearest to the third', 'cron(0 0 3W * ? *)', ['2026-12-03T00:00:00Z', '2027-01-04T00:00:00Z']],
    ['a list of days', 'cron(0 0 1,15 * ? *)', ['2026-12-01T00:00:00Z', '2026-12-15T00:00:00Z']],
    ['one year only', 'cron(0 0 24 12 ? 2026)', ['2026-12-24T00:00:00Z']],
    ['a year that is over', 'cron(0 0 24 12 ? 2020)', []],
  ])('runs on %s', (_name, expression, expected) => {
    expect(runsFrom('2026-11-21T08:00:00Z', expression, 'UTC', 2)).toEqual(expected);
  });

  it('is read in its time zone', () => {
    expect(runsFrom('2026-11-21T08:00:00Z', 'cron(0 9 ? * MON *)', 'Asia/Kolkata', 1)).toEqual([
      '2026-11-23T03:30:00Z',
    ]);
  });
});

describe('where clocks change', () => {
  it('keeps its time of day: nine in Berlin is eight in UTC in winter, seven in summer', () => {
    expect(runsFrom('2026-03-27T12:00:00Z', 'cron(0 9 * * ? *)', 'Europe/Berlin', 3)).toEqual([
      '2026-03-28T08:00:00Z',
      '2026-03-29T07:00:00Z',
      '2026-03-30T07:00:00Z',
    ]);
  });

  it('skips a run whose time does not exist in spring', () => {
    expect(runsFrom('2026-03-27T12:00:00Z', 'cron(30 2 * * ? *)', 'Europe/Berlin', 2)).toEqual([
      '2026-03-28T01:30:00Z',
      '2026-03-30T00:30:00Z',
    ]);
    expect(runsFrom('2026-03-07T12:00:00Z', 'cron(30 2 * * ? *)', 'America/New_York', 1)).toEqual([
      '2026-03-09T06:30:00Z',
    ]);
  });

  it('runs once where a time comes twice in autumn', () => {
    expect(runsFrom('2026-10-24T12:00:00Z', 'cron(30 2 * * ? *)', 'Europe/Berlin', 2)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ]);
  });

  it('does not repeat the doubled hour of a frequent schedule', () => {
    expect(runsFrom('2026-10-25T00:20:00Z', 'cron(0/30 * * * ? *)', 'Europe/Berlin', 3)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T02:00:00Z',
      '2026-10-25T02:30:00Z',
    ]);
  });

  it('drifts on the wall when it is a rate', () => {
    expect(runsFrom('2026-03-28T08:00:00Z', 'rate(1 day)', 'Europe/Berlin', 2)).toEqual([
      '2026-03-29T08:00:00Z',
      '2026-03-30T08:00:00Z',
    ]);
  });

  it('shows the minute asked for on every wall, once a day at most', () => {
    const zones = fc.constantFrom(
      'Europe/London',
      'America/New_York',
      'Australia/Lord_Howe',
      'America/St_Johns',
      'Pacific/Apia',
    );
    const hour = fc.integer({ min: 0, max: 23 });
    const minute = fc.integer({ min: 0, max: 59 });
    const start = fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2027, 0, 1) });
    fc.assert(
      fc.property(zones, hour, minute, start, (zone, hours, minutes, startMs) => {
        const schedule = compileSchedule(`cron(${minutes} ${hours} * * ? *)`, zone);
        const next = schedule.nextAfter(startMs, startMs);
        const afterNext = next === undefined ? undefined : schedule.nextAfter(next, startMs);
        const shown = new Intl.DateTimeFormat('en-GB', {
          timeZone: zone,
          hour: '2-digit',
          minute: '2-digit',
          hourCycle: 'h23',
        }).format(next);
        expect(shown).toBe(`${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`);
        expect(next).toBeGreaterThan(startMs);
        expect((afterNext ?? 0) - (next ?? 0)).toBeGreaterThanOrEqual(23 * 3_600_000);
      }),
      { numRuns: 200 },
    );
  });
});

describe('at', () => {
  it('runs once, in its time zone', () => {
    expect(runsFrom('2026-11-21T08:00:00Z', 'at(2026-11-22T09:30:00)', 'Europe/Berlin', 2)).toEqual([
      '2026-11-22T08:30:00Z',
    ]);
  });
});

describe('a schedule is refused', () => {
  test.each([
    ['five fields', 'cron(0 9 * * MON)'],
    ['no question mark', 'cron(0 9 * * MON *)'],
    ['two question marks', 'cron(0 9 ? * ? *)'],
    ['an hour that does not exist', 'cron(0 24 * * ? *)'],
    ['a wrong plural', 'rate(2 minute)'],
    ['rate zero', 'rate(0 minutes)'],
    ['seconds', 'rate(30 seconds)'],
    ['a date with a zone', 'at(2026-11-22T09:30:00Z)'],
    ['anything else', 'every monday'],
  ])('for %s', (_name, expression) => {
    expect(() => compileSchedule(expression, 'UTC')).toThrow(/Invalid Schedule Expression/);
  });

  it('for a time zone that does not exist', () => {
    expect(() => compileSchedule('rate(1 day)', 'Europe/Atlantis')).toThrow(/no time zone Europe\/Atlantis/);
  });
});
