/** The unchanged `serverless deploy` of a function with its triggers, and what then reaches it through real queues and roles. */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type EventBridge, eventBridge } from '../../lib/local/events/event-bridge.ts';
import { lambdaService } from '../../lib/local/lambda/lambda-service.ts';
import { scheduler } from '../../lib/local/schedule/scheduler.ts';
import { startTestCloud, type TestCloud } from './support/cloud.ts';

const project = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

/** Sixty times as fast: a minute's schedule comes each second. */
const TIME_FACTOR = 60;

const serverlessFile = `
service: triggers
frameworkVersion: '*'
provider:
  name: aws
  runtime: nodejs24.x
  region: us-east-1
  deploymentMethod: direct
package: { patterns: ['!**', handler.mjs] }
functions:
  worker:
    handler: handler.handler
    role: WorkerRole
    timeout: 5
    environment: { QUEUE_URL: !Ref Jobs }
    events:
      - sqs: { arn: !GetAtt Jobs.Arn, batchSize: 10, functionResponseType: ReportBatchItemFailures }
      - schedule: { method: scheduler, rate: [rate(1 minute)], roleArn: !GetAtt SchedulerRole.Arn, input: { scheduled: true } }
resources:
  Resources:
    Jobs:
      Type: AWS::SQS::Queue
      Properties:
        QueueName: triggers-jobs
        VisibilityTimeout: 30
        RedrivePolicy: { deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 2 }
    Dead: { Type: AWS::SQS::Queue, Properties: { QueueName: triggers-dead } }
    Undelivered: { Type: AWS::SQS::Queue, Properties: { QueueName: triggers-undelivered } }
    Warnings:
      Type: AWS::Events::Rule
      Properties:
        EventPattern: { source: [aws.ec2], detail: { instance-action: [terminate] } }
        Targets: [{ Id: jobs, Arn: !GetAtt Jobs.Arn, DeadLetterConfig: { Arn: !GetAtt Undelivered.Arn } }]
    Stray:
      Type: AWS::Events::Rule
      Properties:
        EventPattern: { source: [aws.health] }
        Targets: [{ Id: jobs, Arn: !GetAtt Jobs.Arn, DeadLetterConfig: { Arn: !GetAtt Undelivered.Arn } }]
    JobsPolicy:
      Type: AWS::SQS::QueuePolicy
      Properties:
        Queues: [!Ref Jobs]
        PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Principal: { Service: events.amazonaws.com }, Action: 'sqs:SendMessage', Resource: !GetAtt Jobs.Arn, Condition: { ArnEquals: { 'aws:SourceArn': !GetAtt Warnings.Arn } } }] }
    UndeliveredPolicy:
      Type: AWS::SQS::QueuePolicy
      Properties:
        Queues: [!Ref Undelivered]
        PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Principal: { Service: events.amazonaws.com }, Action: 'sqs:SendMessage', Resource: !GetAtt Undelivered.Arn }] }
    WorkerRole:
      Type: AWS::IAM::Role
      Properties:
        RoleName: triggers-worker
        AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: 'sts:AssumeRole' }] }
        Policies:
          - PolicyName: work
            PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'], Resource: !GetAtt Jobs.Arn }] }
    SchedulerRole:
      Type: AWS::IAM::Role
      Properties:
        AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Principal: { Service: scheduler.amazonaws.com }, Action: 'sts:AssumeRole', Condition: { StringEquals: { 'aws:SourceAccount': !Ref 'AWS::AccountId' } } }] }
        Policies:
          - PolicyName: start
            PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: Allow, Action: 'lambda:InvokeFunction', Resource: !GetAtt WorkerLambdaFunction.Arn }] }
`;

const handlerFile = `
export const handler = async (event) => {
  for (const { body } of event.Records ?? []) console.log('record ' + body);
  if (event.scheduled) console.log('scheduled');
  const failed = (event.Records ?? []).filter(({ body }) => body === 'poison');
  return { batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })) };
};`;

let cloud: TestCloud;
let bridge: EventBridge;
let sqs: SQSClient;

const printed = (): string => readFileSync(join(cloud.folder, 'state/logs/triggers-dev-worker.log'), 'utf8');
const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 15_000, interval: 50 });

beforeAll(async () => {
  cloud = await startTestCloud({
    timeFactor: TIME_FACTOR,
    extraServices: (context) => {
      const lambda = lambdaService(context);
      bridge = eventBridge(context, lambda.functions);
      return [bridge, scheduler(context, lambda.functions), lambda];
    },
  });
  const folder = join(cloud.folder, 'project');
  mkdirSync(folder);
  symlinkSync(join(project, 'node_modules'), join(folder, 'node_modules'));
  writeFileSync(join(folder, 'serverless.yml'), serverlessFile);
  writeFileSync(join(folder, 'handler.mjs'), handlerFile);
  const tool = join(project, 'node_modules/serverless/bin/serverless.js');
  await run(process.execPath, [tool, 'deploy'], { cwd: folder, env: cloud.environmentFor(process.env) });
  sqs = new SQSClient(cloud.clientConfiguration());
});

afterAll(async () => {
  sqs.destroy();
  await cloud.close();
});

it('a warning reaches the function through the rule and the queue', async () => {
  cloud.context.putEvent({
    source: 'aws.ec2',
    'detail-type': 'EC2 Spot Instance Interruption Warning',
    resources: [],
    detail: { 'instance-id': 'i-1', 'instance-action': 'terminate' },
  });
  await eventually(() => expect(printed()).toMatch(/record .*"instance-id":"i-1"/));
});

it('a rule that the queue’s policy does not name is kept in the dead-letter queue', async () => {
  cloud.context.putEvent({ source: 'aws.health', 'detail-type': 'AWS Health Event', resources: [], detail: {} });
  await bridge.settled();
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'triggers-undelivered' }));
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
  );
  expect(Attributes?.['ApproximateNumberOfMessages']).toBe('1');
});

it('a message that always fails reaches the dead-letter queue alone, while its neighbours are done', async () => {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: 'triggers-jobs' }));
  for (const MessageBody of ['one', 'poison', 'two']) await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody }));
  const depthOf = (name: string) => cloud.context.queues.depth(`arn:aws:sqs:us-east-1:000000000000:${name}`);
  await eventually(async () => expect(await depthOf('triggers-dead')).toMatchObject({ visible: 1 }));
  expect(await depthOf('triggers-jobs')).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  const lines = printed().split('\n');
  expect(lines.filter((line) => line === 'record poison')).toHaveLength(2);
  for (const body of ['one', 'two']) expect(lines.filter((line) => line === `record ${body}`)).toHaveLength(1);
});

it('the schedule calls the function with its input', async () => {
  await eventually(() => expect(printed()).toContain('scheduled\n'));
});
