import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { DynamoDBClient, GetItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { GetQueueUrlCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { jsonAnswer, restJsonError } from '../../lib/local/http/answers.ts';
import type { LocalPart, ResourceProvider } from '../../lib/local/service.ts';
import { startTestCloud, type TestCloud } from './support/cloud.ts';

const project = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);

const configuration = (extra = '') => `
service: probe
frameworkVersion: '*'
configValidationMode: error
provider:
  name: aws
  runtime: nodejs24.x
  region: us-east-1
  deploymentMethod: ${extra.includes('#changesets') ? 'changesets' : 'direct'}
package: { patterns: ['!**', hello.js] }
functions:
  hello:
    handler: hello.handler
    role: WorkerRole
resources:
  Conditions:
    IsProduction: { 'Fn::Equals': ['\${sls:stage}', 'production'] }
  Resources:
    Jobs:
      Type: AWS::SQS::Queue
      Properties:
        QueueName: probe-jobs
        VisibilityTimeout: 60
        RedrivePolicy: { deadLetterTargetArn: !GetAtt JobsDead.Arn, maxReceiveCount: 3 }
    JobsDead: { Type: AWS::SQS::Queue, Properties: { QueueName: probe-jobs-dead } }
    ProductionOnly: { Type: AWS::SQS::Queue, Condition: IsProduction }
    JobsPolicy:
      Type: AWS::SQS::QueuePolicy
      Properties:
        Queues: [!Ref Jobs]
        PolicyDocument:
          Version: '2012-10-17'
          Statement:
            - Effect: Allow
              Principal: { Service: events.amazonaws.com }
              Action: sqs:SendMessage
              Resource: !GetAtt Jobs.Arn
              Condition: { ArnEquals: { 'aws:SourceArn': !Sub 'arn:aws:events:\${AWS::Region}:\${AWS::AccountId}:rule/probe' } }
    Tasks:
      Type: AWS::DynamoDB::Table
      DeletionPolicy: Retain
      Properties:
        TableName: probe-tasks
        BillingMode: PAY_PER_REQUEST
        KeySchema: [{ AttributeName: taskId, KeyType: HASH }]
        AttributeDefinitions: [{ AttributeName: taskId, AttributeType: S }]
        SSESpecification: { SSEEnabled: true }
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true }
        TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }
        Tags: [{ Key: purpose, Value: test }]
    WorkerRole:
      Type: AWS::IAM::Role
      Properties:
        RoleName: probe-worker
        AssumeRolePolicyDocument:
          Version: '2012-10-17'
          Statement: [{ Effect: Allow, Principal: { Service: [lambda.amazonaws.com, ec2.amazonaws.com] }, Action: sts:AssumeRole }]
        ManagedPolicyArns: ['arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole']
        Policies:
          - PolicyName: work
            PolicyDocument:
              Version: '2012-10-17'
              Statement:
                - { Effect: Allow, Action: [dynamodb:GetItem, dynamodb:PutItem], Resource: !GetAtt Tasks.Arn, Condition: { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [!Sub '\${!aws:userid}', task-1] } } }
                - { Effect: Allow, Action: 'sqs:SendMessage', Resource: !GetAtt Jobs.Arn }
    WorkerProfile: { Type: AWS::IAM::InstanceProfile, Properties: { Roles: [!Ref WorkerRole] } }
    Files: { Type: AWS::S3::Bucket }
    OldestJob:
      Type: AWS::CloudWatch::Alarm
      Properties:
        AlarmName: probe-oldest-job
        Namespace: AWS/SQS
        MetricName: ApproximateAgeOfOldestMessage
        Dimensions: [{ Name: QueueName, Value: !GetAtt Jobs.QueueName }]
        Statistic: Maximum
        Period: 60
        EvaluationPeriods: 1
        Threshold: 300
        ComparisonOperator: GreaterThanThreshold
${extra}
  Outputs:
    JobsUrl: { Value: !Ref Jobs }
    Greeting: { Value: !Join ['-', [!Select [1, !Split ['/', 'a/b/c']], !Ref 'AWS::StackName']] }
`;

/** Keeps a function's properties, as far as this test needs a Lambda service at all. */
const stubLambda = (): LocalPart => {
  const functions = new Map<string, Record<string, unknown>>();
  const provider: ResourceProvider = {
    type: 'AWS::Lambda::Function',
    create: async (input) => {
      const name = String(input.properties['FunctionName']);
      functions.set(name, { ...input.properties });
      return {
        physicalId: name,
        ref: name,
        attributes: { Arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}` },
        properties: input.properties,
      };
    },
    delete: async (existing) => {
      functions.delete(existing.physicalId);
    },
  };
  const version: ResourceProvider = {
    type: 'AWS::Lambda::Version',
    create: async (input) => ({
      physicalId: input.logicalId,
      ref: input.logicalId,
      attributes: {},
      properties: input.properties,
    }),
    delete: async () => undefined,
  };
  return {
    providers: [provider, version],
    services: [
      {
        signingNames: ['lambda'],
        understand: () => ({ action: 'lambda:GetFunction', checks: [], parameters: {} }),
        handle: async (request) =>
          functions.has(request.path.split('/').at(-1) ?? '')
            ? jsonAnswer({ Configuration: { LastModified: '2999-01-01T00:00:00.000+0000' } })
            : restJsonError(404, 'ResourceNotFoundException', 'Function not found'),
        error: restJsonError,
      },
    ],
  };
};

describe('the unchanged deploy tool', () => {
  let cloud: TestCloud;
  let folder: string;

  const serverless = async (...words: string[]): Promise<{ code: number; text: string }> => {
    const environment = { ...cloud.environmentFor(process.env), SLS_SCHEMA_CACHE_BASE_DIR: cloud.folder };
    const tool = join(project, 'node_modules/serverless/bin/serverless.js');
    try {
      const { stdout, stderr } = await run(process.execPath, [tool, ...words], {
        cwd: folder,
        env: environment,
        timeout: 60_000,
      });
      return { code: 0, text: stdout + stderr };
    } catch (error) {
      const failure = error as { code?: number; stdout?: string; stderr?: string };
      return { code: failure.code ?? 1, text: `${failure.stdout}${failure.stderr}` };
    }
  };

  const stackCalls = (): string[] =>
    cloud.context.recorder
      .lines()
      .map((line) => String(line['action']))
      .filter((action) => /(Create|Update|Delete)Stack$/.test(action));

  beforeAll(async () => {
    cloud = await startTestCloud({ extraServices: () => [stubLambda()] });
    folder = join(cloud.folder, 'service');
    mkdirSync(folder);
    writeFileSync(join(folder, 'package.json'), '{"name":"probe","version":"1.0.0"}');
    writeFileSync(join(folder, 'hello.js'), 'export const handler = async () => 1;');
    writeFileSync(join(folder, 'serverless.yml'), configuration());
  });

  afterAll(async () => {
    await cloud.close();
  });

  test('deploys, and gives its outputs', { timeout: 60_000 }, async () => {
    const { code, text } = await serverless('deploy');
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(stackCalls()).toEqual(['cloudformation:CreateStack', 'cloudformation:UpdateStack']);
    expect(cloud.stackOutputs('probe-dev')).toMatchObject({
      JobsUrl: `${cloud.endpoint}/000000000000/probe-jobs`,
      Greeting: 'b-probe-dev',
    });
  });

  test('keeps the function package where the template says', async () => {
    const bucket = cloud.stackOutputs('probe-dev')?.['ServerlessDeploymentBucketName'] ?? '';
    const s3 = new S3Client(cloud.clientConfiguration());
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: 'serverless/probe/dev/' }),
    );
    const zip = Contents.find(({ Key }) => Key?.endsWith('probe.zip'))?.Key ?? 'none';
    expect(cloud.context.objects.get(bucket, zip)?.subarray(0, 2).toString()).toBe('PK');
    const read = await s3.send(new GetObjectCommand({ Bucket: bucket, Key: zip, Range: 'bytes=0-1' }));
    expect(await read.Body?.transformToString()).toBe('PK');
    expect(read.Metadata?.['filesha256']).toBeTypeOf('string');
    s3.destroy();
  });

  test('a role may do what its policy says and nothing else', async () => {
    const dynamo = new DynamoDBClient(cloud.clientConfiguration(cloud.credentialsOf('probe-worker')));
    const item = { taskId: { S: 'task-1' }, status: { S: 'ready' } };
    await dynamo.send(new PutItemCommand({ TableName: 'probe-tasks', Item: item }));
    const read = await dynamo.send(new GetItemCommand({ TableName: 'probe-tasks', Key: { taskId: { S: 'task-1' } } }));
    expect(read.Item).toEqual(item);
    await expect(dynamo.send(new ScanCommand({ TableName: 'probe-tasks' }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: expect.stringMatching(/assumed-role\/probe-worker\/test .*dynamodb:Scan .*table\/probe-tasks/),
    });
    await expect(
      dynamo.send(new GetItemCommand({ TableName: 'probe-tasks', Key: { taskId: { S: 'task-2' } } })),
    ).rejects.toMatchObject({ name: 'AccessDeniedException' });
    expect(cloud.iamDenied()).toBe(2);
    dynamo.destroy();
  });

  test("a machine's own user id opens its own row", async () => {
    const roleId = cloud.context.role('probe-worker')?.roleId;
    const dynamo = new DynamoDBClient(
      cloud.clientConfiguration(cloud.credentialsOf('probe-worker', { sessionName: 'i-1' })),
    );
    const own = { taskId: { S: `${roleId}:i-1` } };
    await dynamo.send(new PutItemCommand({ TableName: 'probe-tasks', Item: own }));
    const other = { taskId: { S: `${roleId}:i-2` } };
    await expect(dynamo.send(new PutItemCommand({ TableName: 'probe-tasks', Item: other }))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    });
    dynamo.destroy();
  });

  test('a role may send to its queue and may not read it', async () => {
    const worker = new SQSClient(cloud.clientConfiguration(cloud.credentialsOf('probe-worker')));
    const person = new SQSClient(cloud.clientConfiguration());
    const { QueueUrl } = await person.send(new GetQueueUrlCommand({ QueueName: 'probe-jobs' }));
    expect(QueueUrl).toBe(`${cloud.endpoint}/000000000000/probe-jobs`);
    const sent = await worker.send(new SendMessageCommand({ QueueUrl, MessageBody: 'secret words' }));
    await expect(worker.send(new ReceiveMessageCommand({ QueueUrl }))).rejects.toMatchObject({
      message: expect.stringContaining('sqs:ReceiveMessage'),
    });
    const { Messages = [] } = await person.send(new ReceiveMessageCommand({ QueueUrl }));
    expect(Messages.map(({ MessageId, Body }) => [MessageId, Body])).toEqual([[sent.MessageId, 'secret words']]);
    worker.destroy();
    person.destroy();
  });

  test('an event rule may send only where the queue policy names it', async () => {
    const { queues } = cloud.context;
    const rule = (name: string) => ({
      principal: 'events.amazonaws.com',
      sourceArn: `arn:aws:events:us-east-1:000000000000:rule/${name}`,
    });
    const arn = 'arn:aws:sqs:us-east-1:000000000000:probe-jobs';
    await queues.send(arn, 'by rule', { sender: rule('probe') });
    await expect(queues.send(arn, 'by another', { sender: rule('other') })).rejects.toMatchObject({
      code: 'AccessDenied',
    });
    const [message] = await queues.receive(arn, 10, 30);
    expect(message?.body).toBe('by rule');
    await queues.delete(arn, message?.receiptHandle ?? '');
  });

  test('an unknown key is refused', async () => {
    const dynamo = new DynamoDBClient(
      cloud.clientConfiguration({ accessKeyId: 'AKIANOBODY', secretAccessKey: 'x', sessionToken: '' }),
    );
    await expect(dynamo.send(new ScanCommand({ TableName: 'probe-tasks' }))).rejects.toMatchObject({
      name: 'UnrecognizedClientException',
    });
    dynamo.destroy();
  });

  test('what is recorded holds states and ids but no payload', async () => {
    const text = JSON.stringify(cloud.context.recorder.lines());
    expect(text).not.toContain('secret words');
    const put = cloud.context.recorder
      .lines()
      .find((line) => line['action'] === 'dynamodb:PutItem' && line['outcome'] === 'ok');
    expect(put).toMatchObject({
      kind: 'request',
      caller: 'role/probe-worker/test',
      parameters: { table: 'probe-tasks', key: { taskId: 'task-1' }, item: { status: 'ready' } },
    });
  });

  test('info names the stack, and a second deploy changes nothing', { timeout: 60_000 }, async () => {
    const info = await serverless('info');
    expect(info).toMatchObject({ code: 0, text: expect.stringContaining('stack: probe-dev') });
    const again = await serverless('deploy');
    expect(again).toMatchObject({ code: 0, text: expect.stringContaining('No changes to deploy') });
    expect(stackCalls()).toHaveLength(2);
  });

  test('a resource nobody provides fails the deploy by name, and the next deploy works', {
    timeout: 60_000,
  }, async () => {
    writeFileSync(join(folder, 'serverless.yml'), configuration('    Graph: { Type: AWS::Neptune::DBCluster }'));
    const failed = await serverless('deploy');
    expect(failed.code).toBe(1);
    expect(failed.text).toContain('Graph (AWS::Neptune::DBCluster)');
    writeFileSync(join(folder, 'serverless.yml'), configuration('    More: { Type: AWS::SQS::Queue } #changesets'));
    const repaired = await serverless('deploy');
    expect(repaired).toMatchObject({ code: 0 });
  });

  test('remove leaves the retained table and nothing else', { timeout: 60_000 }, async () => {
    const removed = await serverless('remove');
    expect(removed).toMatchObject({ code: 0 });
    expect(cloud.stackOutputs('probe-dev')).toBeUndefined();
    expect(cloud.context.role('probe-worker')).toBeUndefined();
    const dynamo = new DynamoDBClient(cloud.clientConfiguration());
    const { Count } = await dynamo.send(new ScanCommand({ TableName: 'probe-tasks' }));
    expect(Count).toBe(2);
    dynamo.destroy();
  });
});
