import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { fleetName, instanceId, sessionId, taskId } from '../../lib/fleet/ids.ts';
import { connectService, type DeployedService } from '../../lib/wiring-cli.ts';
import { tableProperties } from '../contracts/support/embedded-dynamo.ts';
import { startTestCloud, type TestCloud } from '../local/support/cloud.ts';
import { run, type Transcript } from './support.ts';

/** What `serverless deploy` makes, as far as tasks go. */
const TEMPLATE = {
  Resources: {
    Tasks: { Type: 'AWS::DynamoDB::Table', Properties: tableProperties('tasks') },
    Instances: { Type: 'AWS::DynamoDB::Table', Properties: tableProperties('instances') },
    Content: { Type: 'AWS::S3::Bucket' },
    Work: { Type: 'AWS::SQS::Queue' },
    Dead: { Type: 'AWS::SQS::Queue' },
    Wake: { Type: 'AWS::SQS::Queue' },
  },
  Outputs: {
    TasksTableName: { Value: { Ref: 'Tasks' } },
    InstancesTableName: { Value: { Ref: 'Instances' } },
    FleetsTableName: { Value: 'unused' },
    LedgerTableName: { Value: 'unused' },
    ContentBucketName: { Value: { Ref: 'Content' } },
    WakeQueueUrl: { Value: { Ref: 'Wake' } },
    ReportFunctionName: { Value: 'unused' },
    FleetResources: { Value: { 'Fn::Sub': '{"index":{"queueUrl":"${Work}"}}' } },
    FleetTasks: { Value: { 'Fn::Sub': '{"index":{"deadLetterQueueUrl":"${Dead}","taskIdPath":"id"}}' } },
  },
};

const STACK = 'spothop-test';
const INDEX = fleetName('index');
const OWNER = instanceId('i-0123456789abcdef0');
const SESSION = sessionId('session-1');

let cloud: TestCloud;
let service: DeployedService;

const deploy = async (): Promise<void> => {
  const client = new CloudFormationClient(cloud.clientConfiguration());
  await client.send(new CreateStackCommand({ StackName: STACK, TemplateBody: JSON.stringify(TEMPLATE) }));
  const isThere = async (): Promise<boolean> => {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: STACK }));
    return Stacks[0]?.StackStatus === 'CREATE_COMPLETE';
  };
  await vi.waitUntil(isThere, { timeout: 20_000, interval: 50 });
  client.destroy();
};

beforeAll(async () => {
  cloud = await startTestCloud();
  await deploy();
  for (const [name, value] of Object.entries(cloud.environmentToExport())) vi.stubEnv(name, value);
  vi.stubEnv('SPOTHOP_STACK', STACK);
  service = await connectService(process.env);
}, 60_000);
afterAll(async () => {
  vi.unstubAllEnvs();
  await cloud.close();
});

const spothop = (words: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<Transcript> =>
  run(words, files, Date.now(), {}, { connect: (choice) => connectService(process.env, choice) });

const body = (id: string): string => JSON.stringify({ id, file: `${id}.txt` });
const counts = ({ stdout }: Transcript) => {
  const { seconds: _seconds, perSecond: _perSecond, ...rest } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  return rest;
};
const NOTHING = { submitted: 0, already: 0, conflicting: 0, refused: 0, toBeSwept: 0, failed: 0 };

const received = async (count: number): Promise<readonly string[]> => {
  const ids: string[] = [];
  const queue = service.queue(INDEX);
  while (ids.length < count) {
    const messages = await queue.receive({ waitSeconds: 2, visibilitySeconds: 30, countMax: 10 });
    if (messages.length === 0) break;
    ids.push(...messages.map((message) => JSON.parse(message.body).taskId));
    for (const message of messages) await queue.delete(message);
  }
  return ids.sort();
};

const take = async (id: string): Promise<void> => {
  await service.tasks.apply(taskId(id), { step: 'take', owner: OWNER, session: SESSION, now: service.clock.now() });
};

const kill = async (id: string): Promise<void> => {
  await take(id);
  await service.tasks.apply(taskId(id), {
    step: 'fail',
    attempt: 1,
    reason: 'exit 1: broken',
    now: service.clock.now(),
    failuresBefore: 0,
    failuresMax: 1,
    retryDelaySeconds: 30,
  });
  await service.deadLetters(INDEX).send(taskId(id));
};

describe('against a cloud that real SDK clients reach over HTTP', () => {
  it('tasks are submitted, listed, taken, dead, redriven and cancelled', { timeout: 60_000 }, async () => {
    const ids = Array.from({ length: 25 }, (_, index) => `task-${String(index).padStart(2, '0')}`);
    const large = JSON.stringify({ id: 'large', text: 'x'.repeat(40_000) });
    const lines = [...ids.map(body), large].join('\n');
    const first = await spothop(['submit', '--json', 'tasks.ndjson'], { 'tasks.ndjson': lines });
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(counts(first)).toEqual({ ...NOTHING, submitted: 26 });
    expect(await received(26)).toEqual(['large', ...ids]);

    const again = await spothop(['submit', '--json', 'tasks.ndjson'], { 'tasks.ndjson': lines });
    expect(counts(again)).toEqual({ ...NOTHING, already: 26 });
    const changed = await spothop(['submit', '--json', '-'], { '-': '{"id":"task-03","file":"other.txt"}' });
    expect(changed.code).toBe(1);
    expect(counts(changed)).toEqual({ ...NOTHING, conflicting: 1 });
    await received(26);

    await take('task-00');
    await kill('task-01');
    const running = await spothop(['tasks', 'list', '--status', 'running', '--json']);
    expect(JSON.parse(running.stdout)).toMatchObject({ taskId: 'task-00', attempt: 1, owner: OWNER });
    const dead = await spothop(['tasks', 'list', '--status', 'dead', '--fleet', 'index']);
    expect(dead.stdout).toContain('task-01');
    expect(dead.stdout).toContain('exit 1: broken');
    const ready = await spothop(['tasks', 'list', '--status', 'ready', '--limit', '10', '--json']);
    expect(ready.stdout.trim().split('\n')).toHaveLength(10);
    expect(ready.stderr).toContain('There are more than these 10');
    const shown = await spothop(['tasks', 'show', 'large', '--body', '--json']);
    expect(JSON.parse(shown.stdout)).toMatchObject({ status: 'ready', bodyBytes: large.length, body: large });

    const letters = await spothop(['dlq', 'list', '--json']);
    expect(JSON.parse(letters.stdout)).toMatchObject({ taskId: 'task-01', status: 'dead', redrive: 'retry' });
    const redriven = await spothop(['dlq', 'redrive', '--all', '--json']);
    expect(redriven.code).toBe(0);
    expect(JSON.parse(redriven.stdout)).toMatchObject({ outcome: 'retried', taskId: 'task-01' });
    expect(await received(1)).toEqual(['task-01']);
    expect((await service.tasks.get(taskId('task-01')))?.status).toBe('ready');
    expect((await spothop(['dlq', 'list'])).stdout).toBe('No dead letters of fleet index.\n');

    const cancelled = await spothop(['tasks', 'cancel', 'task-00']);
    expect(cancelled.stdout).toBe(`task-00: cancelled; it runs on ${OWNER}, whose result will be refused\n`);
    const commit = await service.tasks.apply(taskId('task-00'), {
      step: 'commit',
      attempt: 1,
      result: { inline: '1', sha256: 'digest' },
      now: service.clock.now(),
    });
    expect(commit).toMatchObject({ outcome: 'refused', unmet: 'isRunningOrReady' });
  });

  it('a stack that is not there is told by its name, with what to do', async () => {
    expect(await spothop(['tasks', 'list', '--stack', 'spothop-none'])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^stack spothop-none: there is none of that name .*--stack or SPOTHOP_STACK/),
    });
  });

  it('keys that AWS does not know are told so', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAUNKNOWN');
    const { code, stderr } = await spothop(['tasks', 'list']);
    vi.stubEnv('AWS_ACCESS_KEY_ID', cloud.rootCredentials.accessKeyId);
    expect({ code, stderr }).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^AWS credentials: AWS does not accept/),
    });
  });
});
