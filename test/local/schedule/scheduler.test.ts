import { describe, expect, it } from 'vitest';
import type { FunctionInvoker } from '../../../lib/local/lambda/functions.ts';
import { scheduler } from '../../../lib/local/schedule/scheduler.ts';
import type { AuthorisationCheck, Caller } from '../../../lib/local/service.ts';
import { provision, queueArn, roleArn, testContext } from '../support/local-context.ts';

const reportArn = 'arn:aws:lambda:us-east-1:000000000000:function:report';
const deadLetters = queueArn('schedule-dlq');
const beforeSpring = Date.UTC(2026, 2, 28, 12);

const open = (denied: ReadonlySet<string> = new Set()) => {
  const asked: [Caller, AuthorisationCheck][] = [];
  const context = testContext({
    start: beforeSpring,
    queueArns: [deadLetters],
    isAllowed: (caller, check) => {
      asked.push([caller, check]);
      return !denied.has(check.action);
    },
  });
  const invoked: string[] = [];
  const functions: FunctionInvoker = {
    invoke: () => Promise.reject(new Error('schedules do not wait for functions')),
    invokeLater: (_name, payload) => void invoked.push(payload),
    permits: () => false,
  };
  const { providers } = scheduler(context, functions);
  const schedule = (properties: Readonly<Record<string, unknown>>, target: Readonly<Record<string, unknown>> = {}) =>
    provision(providers, 'AWS::Scheduler::Schedule', 'Report', {
      Name: 'report',
      GroupName: 'spothop',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: reportArn, RoleArn: roleArn('ScheduleRole'), ...target },
      ...properties,
    });
  return { context, invoked, asked, schedule };
};

const HOUR_MS = 3_600_000;

describe('a schedule', () => {
  it('calls its function at its time of day, through a change of clocks', async () => {
    const { context, invoked, schedule } = open();
    await schedule(
      { ScheduleExpression: 'cron(0 9 * * ? *)', ScheduleExpressionTimezone: 'Europe/Berlin' },
      { Input: '{"at":"<aws.scheduler.scheduled-time>"}' },
    );
    await context.clock.advance(48 * HOUR_MS);
    expect(invoked).toEqual(['{"at":"2026-03-29T07:00:00Z"}', '{"at":"2026-03-30T07:00:00Z"}']);
  });

  it('asks as its role, and presents its group when it assumes it', async () => {
    const { context, asked, schedule } = open();
    await schedule({ ScheduleExpression: 'rate(1 hour)' });
    await context.clock.advance(HOUR_MS);
    expect(asked.at(0)).toMatchObject([
      {
        kind: 'service',
        principal: 'scheduler.amazonaws.com',
        sourceArn: 'arn:aws:scheduler:us-east-1:000000000000:schedule-group/spothop',
      },
      { action: 'sts:AssumeRole', resource: roleArn('ScheduleRole') },
    ]);
    expect(asked.at(-1)).toMatchObject([
      { kind: 'role', roleName: 'ScheduleRole' },
      { action: 'lambda:InvokeFunction', resource: reportArn },
    ]);
  });

  it('cannot be made with a role that Scheduler may not assume', async () => {
    const { schedule } = open(new Set(['sts:AssumeRole']));
    await expect(schedule({ ScheduleExpression: 'rate(1 hour)' })).rejects.toThrow(
      'The execution role you provide must allow AWS EventBridge Scheduler to assume the role.',
    );
  });

  it('whose role may not call the function calls nothing, is counted, and keeps the event', async () => {
    const { context, invoked, schedule } = open(new Set(['lambda:InvokeFunction']));
    await schedule(
      { ScheduleExpression: 'rate(1 hour)' },
      { Input: '{"n":1}', DeadLetterConfig: { Arn: deadLetters } },
    );
    await context.clock.advance(HOUR_MS);
    expect(invoked).toEqual([]);
    expect(context.recorded).toContainEqual(
      expect.objectContaining({ kind: 'undelivered', target: reportArn, outcome: 'dead-lettered' }),
    );
    expect(context.queues.sent(deadLetters).map(({ body }) => body)).toEqual(['{"n":1}']);
  });

  it('runs within its dates only, and not at all when disabled', async () => {
    const { context, invoked, schedule } = open();
    await schedule({ ScheduleExpression: 'rate(1 hour)', State: 'DISABLED', Name: 'off' });
    await schedule({
      ScheduleExpression: 'cron(0 * * * ? *)',
      StartDate: '2026-03-28T14:00:00Z',
      EndDate: '2026-03-28T16:00:00Z',
    });
    await context.clock.advance(12 * HOUR_MS);
    expect(invoked.map((payload) => JSON.parse(payload).time)).toEqual([
      '2026-03-28T14:00:00Z',
      '2026-03-28T15:00:00Z',
      '2026-03-28T16:00:00Z',
    ]);
  });
});
