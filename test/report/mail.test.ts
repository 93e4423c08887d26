import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import type { FleetName } from '../../lib/fleet/ids.ts';
import { addMs, epochMs } from '../../lib/fleet/time.ts';
import { buildReport } from '../../lib/money/build-report.ts';
import type { CostReport } from '../../lib/money/cost-report.ts';
import { periodBefore, reportPeriod, runPeriod } from '../../lib/money/period.ts';
import { subject } from '../../lib/report/headline.ts';
import { renderHtml } from '../../lib/report/html.ts';
import { composeMail } from '../../lib/report/mail.ts';
import { renderText } from '../../lib/report/text.ts';
import { HOUR_MS, pool, runOfPool, sampleInput, samplePartialReport, sampleReport } from '../support/sample-report.ts';

const SENT_AT = epochMs(Date.parse('2026-11-23T07:00:05Z'));
const ADDRESSES = { from: 'Spothop <spothop@example.com>', to: ['ops@example.com', 'money@example.com'] };
const FIRST = { number: 1 };

const parsed = async (report: CostReport, number = 1) =>
  simpleParser((await composeMail(report, { number }, ADDRESSES, SENT_AT)).raw);

/** One hour of spot at a price, of on demand at another. */
const simple = (spotMicros: number, onDemandMicros: number): CostReport =>
  buildReport({
    ...sampleInput,
    members: [],
    runs: [runOfPool(1, pool('a', 'b', 'spot'), sampleInput.period.from, 1)],
    spotHistory: new Map([['a/b', [{ at: epochMs(0), microUsdPerHour: spotMicros }]]]),
    onDemand: new Map([['a', onDemandMicros]]),
  });

describe('the subject', () => {
  test('says what was saved', () => {
    expect(subject(simple(5_807_059, 18_147_059), FIRST)).toBe('Spothop · index · week 47 · saved 68 % (USD 12.34)');
  });

  test('shows small money in as many digits as it takes', () => {
    expect(subject(simple(100_000, 400_000), FIRST)).toBe('Spothop · index · week 47 · saved 75 % (USD 0.3000)');
    expect(subject(simple(12, 48), FIRST)).toBe('Spothop · index · week 47 · saved 75 % (USD 0.000036)');
  });

  test('does not call a loss a saving', () => {
    expect(subject(simple(3_000_000, 2_000_000), FIRST)).toContain('cost USD 1.00 more than on demand');
  });

  test('names a day, a month and a run', () => {
    const named = (period: CostReport['period']) => subject({ ...sampleReport(), period }, FIRST).split(' · ')[2];
    expect(named(reportPeriod('2026-11-21', 'Pacific/Chatham'))).toBe('21 November 2026');
    expect(named(periodBefore(reportPeriod('2027-01', 'America/St_Johns')))).toBe('December 2026');
    expect(named(runPeriod({ from: SENT_AT, to: addMs(SENT_AT, 1), key: 'demo-7' }, 'UTC'))).toBe('run demo-7');
  });

  test('says that nothing ran', () => {
    expect(subject(buildReport({ ...sampleInput, runs: [], members: [] }), FIRST)).toContain('no machine ran');
  });
});

describe('the mail, read back', () => {
  test('has subject, addresses, date, plain text, HTML and a table', async () => {
    const mail = await parsed(sampleReport());
    expect(mail.subject).toBe('Spothop · index · week 47 · saved 58 % (USD 11.85)');
    expect(mail.from?.text).toContain('spothop@example.com');
    expect(mail.to).toMatchObject({ value: [{ address: 'ops@example.com' }, { address: 'money@example.com' }] });
    expect(mail.date).toEqual(new Date(SENT_AT));
    expect(mail.text).toContain('Saved               USD 11.85');
    expect(mail.html).toContain('Saved 58 % (USD 11.85)');
    expect(mail.attachments.map(({ filename, contentType }) => [filename, contentType])).toEqual([
      ['spothop-index-2026-W47.csv', 'text/csv'],
    ]);
    const lines = mail.attachments[0]!.content.toString().trimEnd().split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines.at(-1)).toMatch(
      /^index,2026-W47,.*,total,,,8,2,858600,2520,100800,USD,8.53105,0,20.37755,0,11.8465,0$/,
    );
  });

  test('shows the id of the report in every form', async () => {
    const mail = await parsed(sampleReport());
    expect(mail.headers.get('x-spothop-report')).toBe('rep-20261123-sample');
    expect(mail.text).toContain('rep-20261123-sample');
    expect(mail.html).toContain('rep-20261123-sample');
  });

  test('is the same mail when it is composed again', async () => {
    const compose = async () => (await composeMail(sampleReport(), FIRST, ADDRESSES, SENT_AT)).raw.toString();
    expect(await compose()).toBe(await compose());
  });

  test('says that it is sent again, with the same id and figures', async () => {
    const [first, second] = [await parsed(sampleReport()), await parsed(sampleReport(), 2)];
    expect(second.subject).toBe(`${first.subject} · sent again`);
    expect(second.text).toContain('Sent again');
    expect(second.html).toContain('Sent again');
    expect(second.headers.get('x-spothop-report')).toBe(first.headers.get('x-spothop-report'));
    expect(second.inReplyTo).toBe(first.messageId);
    expect(second.attachments[0]!.content).toEqual(first.attachments[0]!.content);
  });

  test('shows what has no price as unknown, never as nothing', async () => {
    const mail = await parsed(samplePartialReport());
    expect(mail.subject).toBe('Spothop · index · week 47 · spent USD 8.53 + unknown, savings unknown');
    expect(mail.text).toContain('c6g.large us-east-1c, spot       5.0 h, spent unknown, saved unknown');
    expect(mail.text).toContain('AWS gave no price for 1 machine');
    expect(mail.html).toContain('unknown');
    expect(mail.attachments[0]!.content.toString()).toContain('USD,unknown,1,0.34,0,unknown,1');
  });

  test('marks machines that still run', () => {
    expect(renderText(sampleReport(), FIRST)).toContain('2 machines still running');
  });

  test('states the rate of another currency and mixes no dollars in', () => {
    const report = buildReport({ ...sampleInput, currency: { code: 'AUD', perUsd: 1.53 } });
    const text = renderText(report, FIRST);
    expect(text).toContain('Converted at 1.53 AUD for 1 USD.');
    expect(text).toContain('AUD 13.05');
    expect(text.replace('AWS bills in USD. Converted at 1.53 AUD for 1 USD.', '')).not.toContain('USD');
  });
});

const HOSTILE = '=cmd|"/c calc"!A1<script>alert(1)</script>\r\nBcc: victim@example.com\r\n\r\n\u202E' as FleetName;

describe('what a user wrote stays text', () => {
  const hostile = (): CostReport => {
    const report = sampleReport();
    return {
      ...report,
      fleet: HOSTILE,
      pools: report.pools.map((line) => ({ ...line, pool: { ...line.pool, instanceType: HOSTILE, zone: '@evil' } })),
    };
  };

  test('in HTML', () => {
    const page = renderHtml(hostile(), FIRST);
    expect(page).not.toContain('<script');
    expect(page).toContain('&lt;script&gt;');
  });

  test('in headers', async () => {
    const mail = await parsed(hostile());
    expect(mail.bcc).toBeUndefined();
    expect(mail.headers.has('bcc')).toBe(false);
    expect(mail.subject).not.toMatch(/[\r\n\u202E]/);
    expect(mail.text).not.toMatch(/^Bcc:/m);
  });

  test('in the table', async () => {
    const table = (await parsed(hostile())).attachments[0]!.content.toString();
    expect(table).not.toMatch(/(^|[,\n])"?[=@+]/m);
    expect(table).toContain(`,"'@evil",`);
  });

  test('in the name of the attachment', async () => {
    expect((await parsed(hostile())).attachments[0]!.filename).toMatch(/^[A-Za-z0-9._-]+$/);
  });
});

describe('the page', () => {
  const page = renderHtml(sampleReport(), FIRST);

  test('loads nothing from anywhere', () => {
    expect(page).not.toMatch(/(?:src|href)=|url\(|@import|<script|<link/i);
  });

  test('fits a phone and follows a dark scheme', () => {
    expect(page).toContain('width=device-width');
    expect(page).toContain('prefers-color-scheme: dark');
    expect(page).toContain('max-width:600px');
  });

  test('closes every element that it opens', () => {
    const opened = [...page.matchAll(/<(table|tr|td|th|p|h1|h2|span|body|html|head|style)[ >]/g)].map(
      ([, name]) => name,
    );
    const closed = [...page.matchAll(/<\/(\w+)>/g)].map(([, name]) => name).filter((name) => name !== 'title');
    expect(opened.sort()).toEqual(closed.sort());
  });

  test('draws a bar that is full, whatever the shares', () => {
    const widths = (spotMs: number, freeMs: number, onDemandMs: number): number[] => {
      const report = sampleReport();
      const drawn = renderHtml({ ...report, total: { ...report.total, time: { spotMs, freeMs, onDemandMs } } }, FIRST);
      return [...drawn.matchAll(/<td width="(\d+)%"/g)].map(([, width]) => Number(width));
    };
    expect(widths(HOUR_MS, HOUR_MS, 2 * HOUR_MS)).toEqual([25, 25, 50]);
    expect(widths(1_000 * HOUR_MS, 1, 0)).toEqual([98, 2]);
    expect(widths(1, 1, 1_000 * HOUR_MS)).toEqual([1, 1, 98]);
    expect(widths(HOUR_MS, 0, 0)).toEqual([100]);
    expect(widths(0, 0, 0)).toEqual([]);
  });
});
