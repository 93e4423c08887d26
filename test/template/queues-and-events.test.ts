import { beforeAll, describe, expect, it } from 'vitest';
import { PRICES_SECONDS } from '../../lib/fleet/limits.ts';
import {
  breaking,
  PACKAGING_MS_MAX,
  type Properties,
  propertiesOf,
  resourcesOf,
  type Statement,
  type Template,
  targetOf,
  theTemplate,
} from './support/template.ts';

let template: Template;
let queues: ReturnType<typeof resourcesOf>;
beforeAll(async () => {
  template = await theTemplate();
  queues = resourcesOf(template, 'AWS::SQS::Queue');
}, PACKAGING_MS_MAX);

/** What SQS takes when a queue does not say. */
const DEFAULT_RETENTION_SECONDS = 345_600;
const DEFAULT_VISIBILITY_SECONDS = 30;

const retention = (queue: Properties): number => queue['MessageRetentionPeriod'] ?? DEFAULT_RETENTION_SECONDS;

const isForDeadLetters = (id: string): boolean => /(?:DeadLetter|Undelivered)Queue$/.test(id);

describe('queues', () => {
  it('are all encrypted', () => {
    expect(breaking(queues, (queue) => queue['SqsManagedSseEnabled'] === true)).toEqual([]);
  });

  it('pass what cannot be handled on to a dead-letter queue, unless they are one', () => {
    const wrong = breaking(queues, (queue, id) => {
      const target = targetOf(queue['RedrivePolicy']?.deadLetterTargetArn);
      return isForDeadLetters(id) ? target === undefined : target !== undefined && isForDeadLetters(target);
    });
    expect(wrong).toEqual([]);
  });

  it('keep dead letters at least as long as their source kept them, and two weeks where SQS allows no more', () => {
    const wrong = breaking(queues, (queue) => {
      const target = targetOf(queue['RedrivePolicy']?.deadLetterTargetArn);
      if (target === undefined) return retention(queue) === 1_209_600;
      const kept = retention(propertiesOf(template, target));
      return kept > retention(queue) || kept === 1_209_600;
    });
    expect(wrong).toEqual([]);
  });

  it("that hold a user's tasks outlive the stack", () => {
    const ofFleets = queues.filter(([id]) => /WorkQueue$|^(?!Signals).*DeadLetterQueue$/.test(id)).map(([id]) => id);
    expect(ofFleets.toSorted()).toEqual([
      'AttachedDeadLetterQueue',
      'AttachedWorkQueue',
      'FlowsDeadLetterQueue',
      'FlowsWorkQueue',
      'IndexDeadLetterQueue',
      'IndexWorkQueue',
      'NightlyEncodeDeadLetterQueue',
      'WatchedDeadLetterQueue',
      'WatchedWorkQueue',
    ]);
    const kept = ofFleets.filter((id) => {
      const { DeletionPolicy: deletion, UpdateReplacePolicy: replacement } = template.Resources[id]!;
      return deletion === 'Retain' && replacement === 'Retain';
    });
    expect(kept).toEqual(ofFleets);
  });

  it('let the ledger decide what is dead: a work queue gives up only after a thousand receives', () => {
    const works = queues.filter(([id]) => id.endsWith('WorkQueue'));
    expect(breaking(works, (queue) => queue['RedrivePolicy'].maxReceiveCount === 1_000)).toEqual([]);
  });

  it('hide a message for at least six times what the function that reads it may take', () => {
    const mappings = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').map(([, mapping]) => {
      const queue = propertiesOf(template, targetOf(mapping['EventSourceArn'])!);
      const lambda = propertiesOf(template, targetOf(mapping['FunctionName'])!);
      return { timeout: lambda['Timeout'], visibility: queue['VisibilityTimeout'] ?? DEFAULT_VISIBILITY_SECONDS };
    });
    expect(mappings).toHaveLength(2);
    expect(mappings.filter(({ timeout, visibility }) => visibility < 6 * timeout)).toEqual([]);
  });

  it('give a failed signal back alone, and not its whole batch', () => {
    const { FunctionResponseTypes: types } = propertiesOf(template, 'SignalsEventSourceMappingSQSSignalsQueue');
    expect(types).toEqual(['ReportBatchItemFailures']);
  });
});

describe('event rules', () => {
  let rules: ReturnType<typeof resourcesOf>;
  beforeAll(() => {
    rules = resourcesOf(template, 'AWS::Events::Rule');
  });

  it('take only events of this account and region', () => {
    const wrong = breaking(rules, ({ EventPattern: { account, region } }) => {
      return JSON.stringify([account, region]) === '[[{"Ref":"AWS::AccountId"}],[{"Ref":"AWS::Region"}]]';
    });
    expect(wrong).toEqual([]);
  });

  it('between them take every event that the service reads, and state no event twice', () => {
    const taken = rules.flatMap(([, { EventPattern: pattern }]) =>
      pattern['detail-type'].map((type: string) => `${pattern.source[0]} ${type}`),
    );
    expect(taken.toSorted()).toEqual([
      'aws.autoscaling EC2 Instance-launch Lifecycle Action',
      'aws.autoscaling EC2 Instance-terminate Lifecycle Action',
      'aws.ec2 AWS Service Event via CloudTrail',
      'aws.ec2 EC2 Capacity Reservation Instance Interruption Warning',
      'aws.ec2 EC2 Instance Rebalance Recommendation',
      'aws.ec2 EC2 Instance State-change Notification',
      'aws.ec2 EC2 Spot Instance Interruption Warning',
      'aws.ec2 EC2 Spot Instance Request Fulfillment',
      'aws.health AWS Health Event',
    ]);
  });

  it('reach the signals queue and nothing else, and what cannot be delivered is kept', () => {
    const wrong = breaking(rules, ({ Targets: targets }) => {
      const [target] = targets;
      const keeps = targetOf(target.DeadLetterConfig?.Arn) === 'UndeliveredQueue';
      return targets.length === 1 && targetOf(target.Arn) === 'SignalsQueue' && keeps;
    });
    expect(wrong).toEqual([]);
  });
});

describe('who may send', () => {
  const statementsFor = (queue: string): readonly Statement[] =>
    resourcesOf(template, 'AWS::SQS::QueuePolicy')
      .filter(([, policy]) => policy['Queues'].some((id: unknown) => targetOf(id) === queue))
      .flatMap(([, policy]) => policy['PolicyDocument'].Statement);

  const sourcesOf = ({ Condition: condition }: Statement): readonly string[] =>
    [condition?.['ArnEquals']?.['aws:SourceArn']].flat().map((arn) => targetOf(arn) ?? JSON.stringify(arn));

  it.each(['SignalsQueue', 'UndeliveredQueue'])('only our event rules may send to %s', (queue) => {
    const allowing = statementsFor(queue).filter(({ Effect: effect }) => effect === 'Allow');
    expect(allowing).toHaveLength(1);
    expect(allowing[0]).toMatchObject({ Principal: { Service: 'events.amazonaws.com' }, Action: 'sqs:SendMessage' });
    const ruleIds = resourcesOf(template, 'AWS::Events::Rule').map(([id]) => id);
    expect(sourcesOf(allowing[0]!).toSorted()).toEqual(ruleIds.toSorted());
  });

  it('nobody reaches a queue of ours without TLS', () => {
    const queues = resourcesOf(template, 'AWS::SQS::Queue').map(([id]) => id);
    const guarded = resourcesOf(template, 'AWS::SQS::QueuePolicy').flatMap(([, policy]) =>
      policy['Queues'].map(targetOf),
    );
    expect(guarded.toSorted()).toEqual(queues.toSorted());
    for (const queue of queues) expectTlsOnly(queue);
  });

  const expectTlsOnly = (queue: string): void => {
    const denying = statementsFor(queue).filter(({ Effect: effect }) => effect === 'Deny');
    expect(denying).toMatchObject([
      { Principal: '*', Action: 'sqs:*', Condition: { Bool: { 'aws:SecureTransport': false } } },
    ]);
  };

  it('no other queue lets anyone in who is not of this account', () => {
    const queues = resourcesOf(template, 'AWS::SQS::Queue').map(([id]) => id);
    const open = queues.filter((queue) => statementsFor(queue).some(({ Effect: effect }) => effect === 'Allow'));
    expect(open.toSorted()).toEqual(['SignalsQueue', 'UndeliveredQueue']);
  });
});

describe('schedules', () => {
  it('keep what they could not start, and are started by a role that the scheduler alone may take', () => {
    const schedules = resourcesOf(template, 'AWS::Scheduler::Schedule');
    const wrong = breaking(schedules, ({ Target: target }) => {
      return (
        targetOf(target.RoleArn) === 'SchedulerRole' && targetOf(target.DeadLetterConfig.Arn) === 'UndeliveredQueue'
      );
    });
    expect(wrong).toEqual([]);
    const [trust] = propertiesOf(template, 'SchedulerRole')['AssumeRolePolicyDocument'].Statement;
    expect(trust).toMatchObject({
      Principal: { Service: 'scheduler.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
    });
  });

  it('run the reconcile each minute, and each report in the time zone of its fleet', () => {
    expect(propertiesOf(template, 'MinuteSchedule')['ScheduleExpression']).toBe('rate(1 minute)');
    expect(propertiesOf(template, 'PricesSchedule')['ScheduleExpression']).toBe(`rate(${PRICES_SECONDS / 60} minutes)`);
    const zones = resourcesOf(template, 'AWS::Scheduler::Schedule').map(([id, schedule]) => [
      id,
      schedule['ScheduleExpressionTimezone'],
    ]);
    expect(Object.fromEntries(zones)).toEqual({
      MinuteSchedule: undefined,
      PricesSchedule: undefined,
      IndexReportSchedule: 'Europe/Berlin',
      NightlyEncodeReportSchedule: 'UTC',
      WatchedReportSchedule: 'UTC',
      AttachedReportSchedule: 'UTC',
      FlowsReportSchedule: 'UTC',
    });
  });
});
