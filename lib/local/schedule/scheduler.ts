/**
 * EventBridge Scheduler: schedules and their groups, with the role each schedule acts by.
 * Source: EventBridge Scheduler guide, "Managing the execution role", "Adding context attributes".
 *
 * Not modelled: flexible time windows, retries, universal targets, the Scheduler API itself, deletion after completion.
 */
import { randomUUID } from 'node:crypto';
import type { EpochMs } from '../../fleet/time.ts';
import { arnOf, madeUpName, serviceOfArn } from '../arns.ts';
import { deliver } from '../events/target-delivery.ts';
import type { FunctionInvoker } from '../lambda/functions.ts';
import { roleAllows, roleTrusts } from '../permissions.ts';
import {
  AwsError,
  LOCAL_ACCOUNT,
  LOCAL_REGION,
  type LocalContext,
  type LocalPart,
  type ProvisionedResource,
  type ResourceInput,
  type ResourceProvider,
} from '../service.ts';
import { object, optionalText, type Properties, text } from '../template-values.ts';
import { runSchedule, type ScheduleWindow } from './run-schedule.ts';
import { compileSchedule, type Schedule } from './schedule-expression.ts';

export const SCHEDULER_PRINCIPAL = 'scheduler.amazonaws.com';

interface NamedSchedule {
  readonly name: string;
  readonly arn: string;
  readonly groupArn: string;
  readonly expression: string;
  readonly schedule: Schedule;
  readonly window: ScheduleWindow;
  readonly enabled: boolean;
  readonly targetArn: string;
  readonly roleArn: string;
  readonly input: string | undefined;
  readonly deadLetterArn: string | undefined;
}

/** What the role must be allowed, by the kind of target. */
const targetActions: Readonly<Record<string, string>> = { lambda: 'lambda:InvokeFunction', sqs: 'sqs:SendMessage' };

const dateMs = (properties: Properties, name: string): number | undefined => {
  const value = optionalText(properties, name);
  if (value === undefined) return undefined;
  const instantMs = Date.parse(value);
  if (Number.isNaN(instantMs))
    throw new AwsError(400, 'ValidationException', `${name} ${value} is no date. Write it as 2026-11-21T08:00:00Z.`);
  return instantMs;
};

const groupArnOf = (group: string): string => arnOf('scheduler', `schedule-group/${group}`);

const scheduleFrom = ({ stackName, logicalId, properties }: ResourceInput): NamedSchedule => {
  const name = optionalText(properties, 'Name') ?? madeUpName(stackName, logicalId);
  const group = optionalText(properties, 'GroupName') ?? 'default';
  const expression = text(properties, 'ScheduleExpression');
  const target = object(properties, 'Target');
  return {
    name,
    arn: arnOf('scheduler', `schedule/${group}/${name}`),
    groupArn: groupArnOf(group),
    expression,
    schedule: compileSchedule(expression, optionalText(properties, 'ScheduleExpressionTimezone') ?? 'UTC'),
    window: { startMs: dateMs(properties, 'StartDate'), endMs: dateMs(properties, 'EndDate') },
    enabled: (optionalText(properties, 'State') ?? 'ENABLED') === 'ENABLED',
    targetArn: text(target, 'Arn'),
    roleArn: text(target, 'RoleArn'),
    input: optionalText(target, 'Input'),
    deadLetterArn: optionalText(object(target, 'DeadLetterConfig'), 'Arn'),
  };
};

const isoSeconds = (at: EpochMs): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

/** What a target gets: the schedule's input with its context attributes filled in, or Scheduler's own event. */
const inputFor = (schedule: NamedSchedule, at: EpochMs): string => {
  const executionId = randomUUID();
  if (schedule.input === undefined) {
    return JSON.stringify({
      version: '0',
      id: executionId,
      'detail-type': 'Scheduled Event',
      source: 'aws.scheduler',
      account: LOCAL_ACCOUNT,
      time: isoSeconds(at),
      region: LOCAL_REGION,
      resources: [schedule.arn],
      detail: '{}',
    });
  }
  return schedule.input
    .replaceAll('<aws.scheduler.schedule-arn>', schedule.arn)
    .replaceAll('<aws.scheduler.scheduled-time>', isoSeconds(at))
    .replaceAll('<aws.scheduler.execution-id>', executionId)
    .replaceAll('<aws.scheduler.attempt-number>', '1');
};

export const scheduler = (
  context: LocalContext,
  functions: FunctionInvoker,
): LocalPart & { readonly close: () => Promise<void> } => {
  const running = new Map<string, AbortController>();
  const underWay = new Set<Promise<void>>();

  /** Scheduler presents the schedule's group as the source, never the single schedule. */
  const demandTrust = (schedule: NamedSchedule): void => {
    if (roleTrusts(context, schedule.roleArn, SCHEDULER_PRINCIPAL, schedule.groupArn)) return;
    throw new AwsError(
      400,
      'ValidationException',
      `The execution role you provide must allow AWS EventBridge Scheduler to assume the role. Let ${SCHEDULER_PRINCIPAL} assume ${schedule.roleArn}.`,
    );
  };

  const demandUse = (schedule: NamedSchedule, arn: string): void => {
    demandTrust(schedule);
    const action = targetActions[serviceOfArn(arn)];
    if (action === undefined || roleAllows(context, schedule.roleArn, schedule.name, action, arn)) return;
    throw new AwsError(
      403,
      'AccessDeniedException',
      `${schedule.roleArn} is not authorized to perform: ${action} on resource: ${arn}. Allow it in the role's policy.`,
    );
  };

  const run = (schedule: NamedSchedule, at: EpochMs): void => {
    context.recorder.write({ kind: 'schedule-run', schedule: schedule.name, scheduledAt: at });
    const { targetArn, deadLetterArn } = schedule;
    const delivery = deliver(context, functions, {
      originName: 'SCHEDULE_ARN',
      originArn: schedule.arn,
      targetArn,
      sender: undefined,
      body: inputFor(schedule, at),
      deadLetter:
        deadLetterArn === undefined
          ? undefined
          : { arn: deadLetterArn, demandPermission: () => demandUse(schedule, deadLetterArn) },
      demandPermission: () => demandUse(schedule, targetArn),
    }).finally(() => underWay.delete(delivery));
    underWay.add(delivery);
  };

  const start = (schedule: NamedSchedule): void => {
    if (!schedule.enabled) return;
    const stop = new AbortController();
    running.set(schedule.name, stop);
    const signal = AbortSignal.any([stop.signal, context.signal]);
    void runSchedule(context.clock, schedule.schedule, schedule.window, signal, (at) => run(schedule, at));
  };

  const stop = (name: string): void => {
    running.get(name)?.abort();
    running.delete(name);
  };

  const put = async (input: ResourceInput): Promise<ProvisionedResource> => {
    const schedule = scheduleFrom(input);
    demandTrust(schedule);
    stop(schedule.name);
    start(schedule);
    return {
      physicalId: schedule.name,
      ref: schedule.name,
      attributes: { Arn: schedule.arn },
      properties: input.properties,
    };
  };

  return {
    services: [],
    providers: [
      { type: 'AWS::Scheduler::Schedule', create: put, delete: async ({ physicalId }) => stop(physicalId) },
      scheduleGroupProvider,
    ],
    close: async () => {
      for (const name of [...running.keys()]) stop(name);
      await Promise.all(underWay);
    },
  };
};

const scheduleGroupProvider: ResourceProvider = {
  type: 'AWS::Scheduler::ScheduleGroup',
  create: async ({ stackName, logicalId, properties }) => {
    const name = optionalText(properties, 'Name') ?? madeUpName(stackName, logicalId);
    return { physicalId: name, ref: name, attributes: { Arn: groupArnOf(name), State: 'ACTIVE' }, properties };
  },
  delete: async () => undefined,
};
