import { simpleParser } from 'mailparser';
import { describe, expect, test } from 'vitest';
import { intentId, sessionId, taskId } from '../../lib/fleet/ids.ts';
import { addMs, type EpochMs, type epochMs } from '../../lib/fleet/time.ts';
import { UnknownForm } from '../../lib/fleet/unknown-form.ts';
import type { CostReport } from '../../lib/money/cost-report.ts';
import { periodBefore, reportPeriod, runPeriod } from '../../lib/money/period.ts';
import { memoryMailer } from '../../lib/simulator/ports/memory-mailer.ts';
import { memoryPrices } from '../../lib/simulator/ports/memory-prices.ts';
import type { MemoryTaskLedger } from '../../lib/simulator/ports/memory-task-ledger.ts';
import { makeDueReports } from '../../lib/workflows/due-reports.ts';
import { makeReport } from '../../lib/workflows/report.ts';
import { FLEET, reportWorld } from '../support/report-world.ts';
import { HOUR_MS, machine, pool, runOfPool } from '../support/sample-report.ts';

const week = reportPeriod('2026-W47', 'Europe/Berlin');
const request = { fleet: FLEET, period: week };
const spot = pool('c7g.large', 'us-east-1a', 'spot');

const contentOf = (stored: { readonly content: string } | undefined): CostReport => JSON.parse(stored!.content);

/** A task that was reclaimed once and then done, at that instant. */
const endTask = async (tasks: MemoryTaskLedger, at: EpochMs): Promise<void> => {
  const id = taskId(`ends-at-${at}`);
  const content = { inline: '{}', sha256: 'digest' };
  const row = { form: 1, taskId: id, fleet: FLEET, status: 'ready', attempt: 0, failures: 0, reclaims: 1 } as const;
  await tasks.apply(id, { step: 'submit', row: { ...row, body: content, submittedAt: week.from } });
  await tasks.apply(id, { step: 'take', owner: machine(1), session: sessionId('session'), now: at });
  await tasks.apply(id, { step: 'commit', attempt: 1, result: content, now: at });
};

describe('a report', () => {
  test('is made of the runs, the machines that still run and the tasks of its period', async () => {
    const members = [
      { instanceId: machine(2), intentId: intentId('n'), pool: spot, launchedAt: addMs(week.to, -2 * HOUR_MS) },
    ];
    const { world, money, tasks, mailer } = reportWorld({ members });
    await money.putRun(runOfPool(1, spot, week.from, 10, { interruption: 'warned' }));
    await endTask(tasks, addMs(week.from, HOUR_MS));
    await endTask(tasks, week.to);
    expect(await makeReport(world, request)).toEqual({ reportId: 'report-1', periodKey: '2026-W47', sent: true });
    expect(contentOf(await money.report(FLEET, '2026-W47'))).toMatchObject({
      total: { runCount: 2, stillRunningCount: 1, spent: { micros: 300_000, unknownCount: 0 } },
      savedBasisPoints: 7_500,
      interruptions: { warned: 1, unwarned: 0, rebalances: 0 },
      tasks: { done: 1, dead: 0, reclaims: 1, redoneMs: 'unknown' },
    });
    const mail = await simpleParser(mailer.outbox[0]!.raw);
    expect(mail.subject).toBe('Spothop · index · week 47 · saved 75 % (USD 0.90)');
    expect(mailer.outbox[0]).toMatchObject({ from: 'spothop@example.com', to: ['ops@example.com'] });
  });

  test('holds what a machine cost in the period although it ended after it', async () => {
    const { world, money } = reportWorld();
    await money.putRun(runOfPool(1, spot, week.to - HOUR_MS, 4));
    await makeReport(world, request);
    expect(contentOf(await money.report(FLEET, '2026-W47')).total.spent.micros).toBe(25_000);
  });

  test('does not count a machine again that was closed the day before and once more since', async () => {
    const { world, money } = reportWorld({ now: '2026-11-30T07:00:00Z' });
    await money.putRun(runOfPool(1, spot, week.to - 3 * HOUR_MS, 2));
    await money.putRun(runOfPool(1, spot, week.to - 3 * HOUR_MS, 5));
    await makeReport(world, { fleet: FLEET, period: reportPeriod('2026-W48', 'Europe/Berlin') });
    expect(contentOf(await money.report(FLEET, '2026-W48')).total.runCount).toBe(0);
  });

  test('of a machine without a price says unknown', async () => {
    const { world, money, mailer } = reportWorld({ prices: memoryPrices(new Map(), new Map()) });
    await money.putRun(runOfPool(1, spot, week.from, 10));
    await makeReport(world, request);
    const { subject, text } = await simpleParser(mailer.outbox[0]!.raw);
    expect(subject).toBe('Spothop · index · week 47 · spent unknown, savings unknown');
    expect(text).not.toMatch(/Spent +USD/);
  });

  test('is not made before its period is over', async () => {
    const { world, money } = reportWorld({ now: '2026-11-22T22:59:59Z' });
    await expect(makeReport(world, request)).rejects.toThrow('ends at 2026-11-22T23:00:00.000Z');
    expect(money.allReports()).toEqual([]);
  });

  test('is stored and not mailed when nobody is to have it', async () => {
    const { world, money, mailer } = reportWorld({ settings: { recipients: [] } });
    expect((await makeReport(world, request)).sent).toBe(false);
    expect(money.allReports()).toHaveLength(1);
    expect(mailer.outbox).toEqual([]);
  });

  test('of a named run belongs to the interval it was first made for', async () => {
    const { world } = reportWorld();
    const run = { from: week.from, to: addMs(week.from, HOUR_MS), key: 'demo' };
    await makeReport(world, { fleet: FLEET, period: runPeriod(run, 'UTC') });
    const other = runPeriod({ ...run, to: addMs(week.from, 2 * HOUR_MS) }, 'UTC');
    await expect(makeReport(world, { fleet: FLEET, period: other })).rejects.toThrow('another key');
  });
});

describe('a report is made once (M2)', () => {
  test('a second call answers the stored one and sends nothing', async () => {
    const { world, money, mailer } = reportWorld();
    const first = await makeReport(world, request);
    await money.putRun(runOfPool(1, spot, week.from, 10));
    const stored = await money.report(FLEET, '2026-W47');
    expect(await makeReport(world, request)).toEqual({ ...first, sent: false });
    expect(await money.report(FLEET, '2026-W47')).toEqual(stored);
    expect(mailer.outbox).toHaveLength(1);
  });

  test('two calls at the same time make one report', async () => {
    const { world, money, mailer } = reportWorld();
    const [one, other] = await Promise.all([makeReport(world, request), makeReport(world, request)]);
    expect(one.reportId).toBe(other.reportId);
    expect(money.allReports()).toHaveLength(1);
    const subjects = await Promise.all(mailer.outbox.map(async ({ raw }) => (await simpleParser(raw)).subject));
    expect(subjects.filter((subject) => !subject!.endsWith('sent again'))).toHaveLength(1);
  });

  test('a mail asked for again says so and has the same id and figures', async () => {
    const { world, money, mailer } = reportWorld();
    await makeReport(world, request);
    await money.putRun(runOfPool(1, spot, week.from, 10));
    expect(await makeReport(world, { ...request, again: true })).toMatchObject({ reportId: 'report-1', sent: true });
    const [first, second] = await Promise.all(mailer.outbox.map(({ raw }) => simpleParser(raw)));
    expect(second!.subject).toBe(`${first!.subject} · sent again`);
    expect(second!.headers.get('x-spothop-report')).toBe('report-1');
    expect(second!.attachments[0]!.content).toEqual(first!.attachments[0]!.content);
  });
});

describe('a mail that fails (F126, F127)', () => {
  test('leaves the report stored, is counted and thrown, and is sent by the next try', async () => {
    const mailer = memoryMailer((sending) => (sending === 1 ? 'refuse' : undefined));
    const { world, money, counted, logged } = reportWorld({ mailer });
    await expect(makeReport(world, request)).rejects.toThrow('refuse');
    expect(money.allReports()).toMatchObject([{ reportId: 'report-1', sentCount: 1 }]);
    expect(counted).toEqual(['ReportsFailed']);
    expect(logged.join()).not.toContain('ops@example.com');
    expect(await makeReport(world, request)).toMatchObject({ reportId: 'report-1', sent: true });
    expect(counted).toEqual(['ReportsFailed', 'ReportsSent']);
    expect(mailer.outbox).toHaveLength(1);
  });

  test('whose answer was lost is repeated once, as the same report sent again', async () => {
    const mailer = memoryMailer((sending) => (sending === 1 ? 'lose-answer' : undefined));
    const { world } = reportWorld({ mailer });
    await expect(makeReport(world, request)).rejects.toThrow('lose-answer');
    await makeReport(world, request);
    await makeReport(world, request);
    const mails = await Promise.all(mailer.outbox.map(({ raw }) => simpleParser(raw)));
    expect(mails.map(({ headers }) => headers.get('x-spothop-report'))).toEqual(['report-1', 'report-1']);
    expect(mails.map(({ subject }) => subject!.endsWith('sent again'))).toEqual([false, true]);
  });

  test('is marked before it goes out and after', async () => {
    const order: string[] = [];
    const { world, money } = reportWorld({ mailer: { send: async () => void order.push('send') } });
    const noting = {
      ...money,
      putReport: (entry: Parameters<typeof money.putReport>[0]) => {
        order.push('store');
        return money.putReport(entry);
      },
      markSending: (fleet: typeof FLEET, key: string) => {
        order.push('mark sending');
        return money.markSending(fleet, key);
      },
      markSent: (fleet: typeof FLEET, key: string, at: ReturnType<typeof epochMs>) => {
        order.push('mark sent');
        return money.markSent(fleet, key, at);
      },
    };
    await makeReport({ ...world, money: noting }, request);
    expect(order).toEqual(['store', 'mark sending', 'send', 'mark sent']);
  });
});

test('a record of an unknown form is counted, and no report is made without it', async () => {
  const { world, money, counted } = reportWorld();
  const refusing = { ...money, runs: async () => Promise.reject(new UnknownForm('ledger', 'run', 2)) };
  await expect(makeReport({ ...world, money: refusing }, request)).rejects.toThrow('does not know');
  expect(counted).toEqual(['ReportsFailed', 'UnknownForm']);
  expect(money.allReports()).toEqual([]);
});

test('prices that cannot be read stop the report instead of making it unknown for ever', async () => {
  const prices = {
    ...memoryPrices(new Map(), new Map()),
    onDemand: async () => Promise.reject(new Error('throttled')),
  };
  const { world, money, counted } = reportWorld({ prices });
  await money.putRun(runOfPool(1, spot, week.from, 10));
  await expect(makeReport(world, request)).rejects.toThrow('throttled');
  expect(money.allReports()).toEqual([]);
  expect(counted).toEqual(['ReportsFailed']);
});

describe('the schedule', () => {
  test('starts with the last period that is over', async () => {
    const { world } = reportWorld();
    expect(await makeDueReports(world, FLEET)).toMatchObject([{ periodKey: '2026-W47', sent: true }]);
  });

  test('that fires twice sends once', async () => {
    const { world, mailer } = reportWorld();
    await makeDueReports(world, FLEET);
    expect(await makeDueReports(world, FLEET)).toMatchObject([{ periodKey: '2026-W47', sent: false }]);
    expect(mailer.outbox).toHaveLength(1);
  });

  test('that was missed is made up for by the next one, oldest first (F119)', async () => {
    const { world, money, moveTo } = reportWorld({
      now: '2026-03-27T08:00:00Z',
      settings: { schedule: 'cron(30 2 * * ? *)' },
    });
    await makeDueReports(world, FLEET);
    moveTo('2026-03-30T08:00:00Z');
    const made = await makeDueReports(world, FLEET);
    expect(made.map(({ periodKey }) => periodKey)).toEqual(['2026-03-27', '2026-03-28', '2026-03-29']);
    const periods = money.allReports().map((stored) => contentOf(stored).period);
    for (const period of periods.slice(1)) {
      expect(period.from).toBe(periods.find((earlier) => earlier.key === periodBefore(period).key)!.to);
    }
  });

  test('sends what an earlier day stored and could not send', async () => {
    const mailer = memoryMailer((sending) => (sending === 1 ? 'refuse' : undefined));
    const { world, moveTo } = reportWorld({ mailer, settings: { schedule: 'rate(1 day)' } });
    await expect(makeDueReports(world, FLEET)).rejects.toThrow('refuse');
    moveTo('2026-11-24T07:00:00Z');
    expect(await makeDueReports(world, FLEET)).toMatchObject([
      { periodKey: '2026-11-22', sent: true },
      { periodKey: '2026-11-23', sent: true },
    ]);
  });

  test('goes on with the other periods when one fails, and then says so', async () => {
    const mailer = memoryMailer((sending) => (sending === 2 ? 'refuse' : undefined));
    const { world, money, moveTo } = reportWorld({ mailer, settings: { schedule: 'rate(1 day)' } });
    await makeDueReports(world, FLEET);
    moveTo('2026-11-25T07:00:00Z');
    await expect(makeDueReports(world, FLEET)).rejects.toThrow('refuse');
    expect(money.allReports().filter(({ sentAt }) => sentAt !== undefined)).toHaveLength(2);
    expect(money.allReports()).toHaveLength(3);
  });
});
