import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { indexFiles, mergeIndexes } from '../../examples/index-sources/index-files.ts';
import { s3Blobs } from '../../lib/aws/blobs.ts';
import { dynamoInstanceStore } from '../../lib/aws/instances.ts';
import { sqsWorkQueue } from '../../lib/aws/queues.ts';
import { dynamoTaskLedger } from '../../lib/aws/tasks.ts';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { type InstanceId, instanceId, taskId } from '../../lib/fleet/ids.ts';
import { addMs, type EpochMs } from '../../lib/fleet/time.ts';
import { startMetadataService } from '../../lib/local/imds/server.ts';
import type { TaskLedger } from '../../lib/ports/tasks.ts';
import { packContent, unpackContent } from '../../lib/workflows/content.ts';
import { startDynamo } from '../contracts/support/embedded-dynamo.ts';
import { startQueues } from '../contracts/support/embedded-queues.ts';
import { A_POOL } from '../support/records.ts';
import { aRow, newItem } from './support/machine.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const REGION = 'eu-west-1';
const ACCOUNT = '123456789012';
const TIME_FACTOR = 10;
const FILES = ['lib/fleet/ids.ts', 'lib/fleet/task.ts', 'lib/fleet/pool.ts', 'lib/fleet/limits.ts'];

/** Real processes over real HTTP: the agent as a machine starts it, on an embedded DynamoDB, SQS and S3. */
describe('the agent’s process', () => {
  const clock = wallClock({ timeFactor: TIME_FACTOR, originMs: 0 });
  let dynamo: Awaited<ReturnType<typeof startDynamo>>;
  let queues: Awaited<ReturnType<typeof startQueues>>;
  let dynamoPort: number | undefined;
  let stateFolder: string;
  const cleanUps: (() => Promise<void> | void)[] = [];

  beforeAll(async () => {
    dynamo = await startDynamo();
    queues = await startQueues();
    stateFolder = mkdtempSync(join(tmpdir(), 'spothop-state-'));
    dynamoPort = (await dynamo.client.config.endpoint?.())?.port;
  });
  afterEach(async () => {
    for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
  });
  afterAll(async () => {
    rmSync(stateFolder, { recursive: true, force: true });
    await queues.stop();
    await dynamo.stop();
  });

  const ports = async (name: string) => ({
    tasks: dynamoTaskLedger({ client: dynamo.client, tableName: 'tasks' }),
    instances: dynamoInstanceStore({ client: dynamo.client, tableName: 'instances', account: ACCOUNT, region: REGION }),
    blobs: s3Blobs({ client: queues.s3, bucket: 'blobs' }),
    queueUrl: await queues.queueUrl(name),
    wakeUrl: await queues.queueUrl(`${name}-wake`),
    deadUrl: await queues.queueUrl(`${name}-dead`),
  });

  const startMachine = async (
    id: InstanceId,
    world: Awaited<ReturnType<typeof ports>>,
    worker: Record<string, string>,
  ) => {
    const notice: { deadlineAt?: EpochMs } = {};
    const view = () => ({
      instanceId: id,
      instanceType: A_POOL.instanceType,
      imageId: 'ami-1',
      zone: A_POOL.zone,
      zoneId: 'use1-az1',
      lifeCycle: 'spot' as const,
      privateIp: '10.0.0.1',
      launchedAt: clock.now(),
      ...notice,
    });
    const metadata = await startMetadataService(view, clock);
    cleanUps.push(() => metadata.close());
    await world.instances.create(newItem({ instanceId: id, launchedAt: clock.now() }));
    const child = spawn(process.execPath, ['bin/agent.ts'], {
      cwd: PROJECT,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env['PATH'],
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${dynamoPort}`,
        AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${queues.port}`,
        AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${queues.port}`,
        AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.endpoint,
        SPOTHOP_FLEET: 'index',
        SPOTHOP_ACCOUNT: ACCOUNT,
        SPOTHOP_INSTANCES_TABLE: 'instances',
        SPOTHOP_TASKS_TABLE: 'tasks',
        SPOTHOP_QUEUE_URL: world.queueUrl,
        SPOTHOP_WAKE_QUEUE_URL: world.wakeUrl,
        SPOTHOP_DEAD_LETTER_QUEUE_URL: world.deadUrl,
        SPOTHOP_CONTENT_BUCKET: 'blobs',
        SPOTHOP_TIME_FACTOR: String(TIME_FACTOR),
        SPOTHOP_STATE_DIR: stateFolder,
        ...worker,
      },
    });
    cleanUps.push(() => void child.kill('SIGKILL'));
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
    });
    return {
      child,
      notice,
      lines: () =>
        output
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line)),
    };
  };

  const exitOf = (child: ChildProcess): Promise<number | null> =>
    new Promise((resolve) => {
      child.once('exit', (code) => resolve(code));
    });

  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    for (let look = 0; look < 1_200; look += 1) {
      if (await condition()) return;
      await clock.sleep(50 * TIME_FACTOR);
    }
    throw new Error('It did not come to that.');
  };

  const statusOf = async (tasks: TaskLedger, id: string) => (await tasks.get(taskId(id)))?.status;

  it('runs a TypeScript task to a committed result, and ends with 0 when it is told to stop', async () => {
    const world = await ports('typescript');
    const queue = sqsWorkQueue({ client: queues.sqs, queueUrl: world.queueUrl });
    for (const file of FILES) {
      const body = await packContent(world.blobs, JSON.stringify({ files: [file] }));
      const row = aRow(`ts-${file}`, { body, submittedAt: clock.now() });
      await world.tasks.apply(row.taskId, { step: 'submit', row });
      await queue.send(row.taskId);
    }
    const id = instanceId('i-00000000000000001');
    const machine = await startMachine(id, world, { SPOTHOP_TASK: 'examples/index-sources/task.ts' });
    await until(async () => {
      const statuses = await Promise.all(FILES.map((file) => statusOf(world.tasks, `ts-${file}`)));
      return statuses.every((status) => status === 'done');
    });
    const parts = await Promise.all(
      FILES.map(async (file) => {
        const row = await world.tasks.get(taskId(`ts-${file}`));
        return JSON.parse(await unpackContent(world.blobs, row!.result!));
      }),
    );
    expect(mergeIndexes(parts).equals(mergeIndexes([await indexFiles(PROJECT, FILES)]))).toBe(true);

    const ended = exitOf(machine.child);
    machine.child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect((await world.instances.get(id))?.signals['machine-stopping']).toBeDefined();
    expect((await world.instances.get(id))?.leases).toEqual({});
    expect(machine.lines().at(-1)).toMatchObject({ component: 'agent', message: 'agent ended', reason: 'drained' });
  });

  it('hands a command’s task back on a notice, wakes the fleet, and writes no payload into its log', async () => {
    const world = await ports('command');
    const queue = sqsWorkQueue({ client: queues.sqs, queueUrl: world.queueUrl });
    const row = aRow('secret-task', { body: await packContent(world.blobs, 'top secret'), submittedAt: clock.now() });
    await world.tasks.apply(row.taskId, { step: 'submit', row });
    await queue.send(row.taskId);
    const id = instanceId('i-00000000000000002');
    const machine = await startMachine(id, world, { SPOTHOP_EXEC: 'cat >/dev/null; exec sleep 300' });
    await until(async () => (await statusOf(world.tasks, 'secret-task')) === 'running');
    machine.notice.deadlineAt = addMs(clock.now(), 30_000);
    await until(async () => (await statusOf(world.tasks, 'secret-task')) === 'ready');
    expect(await world.tasks.get(taskId('secret-task'))).toMatchObject({ attempt: 1, reclaims: 1, failures: 0 });
    const wakes = sqsWorkQueue({ client: queues.sqs, queueUrl: world.wakeUrl });
    expect((await wakes.backlog()).waiting).toBe(1);
    expect(machine.lines().map((line) => line.message)).toContain('task handed back');
    expect(JSON.stringify(machine.lines())).not.toContain('top secret');
  });

  it('keeps another system’s worker running beside no task of ours, and ends it in time (X2)', async () => {
    const world = await ports('supervising');
    const queue = sqsWorkQueue({ client: queues.sqs, queueUrl: world.queueUrl });
    const row = aRow('not-taken', { body: await packContent(world.blobs, '{}'), submittedAt: clock.now() });
    await world.tasks.apply(row.taskId, { step: 'submit', row });
    await queue.send(row.taskId);
    const jobs = mkdtempSync(join(tmpdir(), 'spothop-foreign-'));
    cleanUps.push(() => rmSync(jobs, { recursive: true, force: true }));
    const id = instanceId('i-00000000000000004');
    const worker = fileURLToPath(new URL('./support/foreign-worker.ts', import.meta.url));
    const machine = await startMachine(id, world, {
      SPOTHOP_SUPERVISE: `'${process.execPath}' '${worker}' '${jobs}'`,
    });
    await until(async () => existsSync(join(jobs, 'ready')));
    const pid = Number(readFileSync(join(jobs, 'ready'), 'utf8'));
    const ended = exitOf(machine.child);
    machine.child.kill('SIGTERM');
    expect(await ended).toBe(0);
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    expect(await statusOf(world.tasks, 'not-taken')).toBe('ready');
    expect(machine.lines().map((line) => line.message)).toContain('supervised program ended');
  });

  it('killed with SIGKILL and started again, counts the task that it ran as failed, and works on (F33, F65)', async () => {
    const world = await ports('killed');
    const queue = sqsWorkQueue({ client: queues.sqs, queueUrl: world.queueUrl });
    const submitted = async (name: string): Promise<void> => {
      const row = aRow(name, { body: await packContent(world.blobs, '{}'), submittedAt: clock.now() });
      await world.tasks.apply(row.taskId, { step: 'submit', row });
      await queue.send(row.taskId);
    };
    await submitted('poison');
    const id = instanceId('i-00000000000000005');
    const command = 'cat >/dev/null; test "$SPOTHOP_TASK_ID" = poison && exec sleep 300; exit 0';
    const first = await startMachine(id, world, { SPOTHOP_EXEC: command });
    await until(async () => (await world.instances.get(id))?.leases[taskId('poison')] === 1);
    const killed = exitOf(first.child);
    first.child.kill('SIGKILL');
    await killed;
    await submitted('healthy');
    await startMachine(id, world, { SPOTHOP_EXEC: command });
    await until(async () => (await statusOf(world.tasks, 'healthy')) === 'done');
    expect(await world.tasks.get(taskId('poison'))).toMatchObject({
      failures: 1,
      reclaims: 0,
      reason: expect.stringContaining('process ended while it ran'),
    });
  });

  it('ends with 3 where another agent has the machine', async () => {
    const world = await ports('second');
    const id = instanceId('i-00000000000000003');
    const first = await startMachine(id, world, { SPOTHOP_EXEC: 'true' });
    await until(async () => (await world.instances.get(id))?.session !== undefined);
    const second = await startMachine(id, world, { SPOTHOP_EXEC: 'true' });
    expect(await exitOf(second.child)).toBe(3);
    expect(first.child.exitCode).toBeNull();
  });
});
