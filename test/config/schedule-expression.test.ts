import { describe, expect, it } from 'vitest';
import { scheduleFault } from '../../lib/config/schedule-expression.ts';

describe('a schedule expression', () => {
  it.each([
    'cron(0 8 ? * MON *)',
    'cron(0/15 * * * ? *)',
    'cron(30 6 1,15 * ? 2026-2030)',
    'cron(0 18 ? * MON-FRI *)',
    'cron(0 9 L * ? *)',
    'cron(0 9 15W * ? *)',
    'cron(0 9 ? JAN-mar 2#1 *)',
    'cron(0 9 ? * 6L *)',
    'rate(1 day)',
    'rate(7 days)',
    'rate(90 minutes)',
  ])('%s is one that AWS takes', (text) => {
    expect(scheduleFault(text)).toBeUndefined();
  });

  it.each([
    ['weekly', 'is neither cron(…) nor rate(…)'],
    ['at(2030-01-01T00:00:00)', 'is neither cron(…) nor rate(…)'],
    ['0 8 * * 1', 'is neither cron(…) nor rate(…)'],
    ['cron(0 8 * * 1)', 'has 5 cron fields; AWS wants 6 (minutes, hours, day of month, month, day of week, year)'],
    ['cron(60 8 ? * MON *)', 'has a wrong minutes field; it counts from 0 to 59'],
    ['cron(0 24 ? * MON *)', 'has a wrong hours field; it counts from 0 to 23'],
    ['cron(0 8 32 * ? *)', 'has a wrong day of month field; it counts from 1 to 31'],
    ['cron(0 8 ? 13 MON *)', 'has a wrong month field; it counts from 1 to 12'],
    ['cron(0 8 ? * 0 *)', 'has a wrong day of week field; it counts from 1 to 7'],
    ['cron(0 8 ? * FRI-MON *)', 'has a wrong day of week field; it counts from 1 to 7'],
    ['cron(0 8 ? * ABC#1 *)', 'has a wrong day of week field; it counts from 1 to 7'],
    ['cron(0 8 ? * MON 1969)', 'has a wrong year field; it counts from 1970 to 2199'],
    ['cron(0 8 * * MON *)', 'needs a ? in exactly one of day of month and day of week'],
    ['cron(0 8 ? * ? *)', 'needs a ? in exactly one of day of month and day of week'],
    ['cron(0/0 8 ? * MON *)', 'has a wrong minutes field; it counts from 0 to 59'],
    ['rate(0 days)', 'is not a rate: a whole number above 0 and minutes, hours or days'],
    ['rate(1 week)', 'is not a rate: a whole number above 0 and minutes, hours or days'],
    ['rate(1 days)', 'has the wrong plural'],
    ['rate(2 day)', 'has the wrong plural'],
  ])('%s is refused', (text, reason) => {
    expect(scheduleFault(text)?.reason).toBe(reason);
  });

  it('a wrong plural is refused with the right one', () => {
    expect(scheduleFault('rate(1 days)')?.fix).toBe('write rate(1 day)');
  });
});
