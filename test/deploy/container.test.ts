import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildAgent } from '../../deploy/build-agent.ts';
import { bundleTask } from '../../deploy/bundle-task.ts';
import { s3Blobs } from '../../lib/aws/blobs.ts';
import { dynamoInstanceStore } from '../../lib/aws/instances.ts';
import { sqsWorkQueue } from '../../lib/aws/queues.ts';
import { dynamoTaskLedger } from '../../lib/aws/tasks.ts';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { instanceId, taskId } from '../../lib/fleet/ids.ts';
import { startMetadataService } from '../../lib/local/imds/server.ts';
import { packContent } from '../../lib/workflows/content.ts';
import { aRow, newItem } from '../agent/support/machine.ts';
import { startDynamo } from '../contracts/support/embedded-dynamo.ts';
import { startQueues } from '../contracts/support/embedded-queues.ts';
import { A_POOL } from '../support/records.ts';

const REGION = 'eu-west-1';
const ACCOUNT = '123456789012';
const TIME_FACTOR = 10;
const MACHINE = instanceId('i-0000000000000c0de');

/** A task as a user has it: a helper of its own, a package of npm, and the library. */
const TASK_FILES = {
  'task.ts': `
    import { setTimeout as pause } from 'node:timers/promises';
    import { defineTask } from 'spothop';
    import shout from 'shoutish';
    import { greet } from './lib/greet.ts';
    export default defineTask({
      name: 'greet',
      async run(context, { name, waitMs = 0 }: { name: string; waitMs?: number }) {
        await pause(waitMs, undefined, { signal: context.signal });
        return shout(greet(name));
      },
    });`,
  'lib/greet.ts': 'export const greet = (name: string): string => `hello ${name}`;',
  'node_modules/shoutish/package.json': '{"name":"shoutish","version":"1.0.0","main":"index.js"}',
  'node_modules/shoutish/index.js': 'module.exports = (text) => `${text.toUpperCase()}!`;',
};

/** The two files of an image, run as its entry point runs them: nothing but the environment, no systemd, no project. */
describe('the agent in a container', () => {
  const clock = wallClock({ timeFactor: TIME_FACTOR, originMs: 0 });
  const closing: (() => unknown)[] = [];
  let folder: string;
  let image: Readonly<Record<'agent' | 'task', string>>;
  let dynamo: Awaited<ReturnType<typeof startDynamo>>;
  let queues: Awaited<ReturnType<typeof startQueues>>;

  const writeTask = (): string => {
    for (const [path, text] of Object.entries(TASK_FILES)) {
      mkdirSync(join(folder, 'project', path, '..'), { recursive: true });
      writeFileSync(join(folder, 'project', path), text);
    }
    return join(folder, 'project/task.ts');
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'spothop-container-'));
    dynamo = await startDynamo();
    queues = await startQueues();
    const { path } = await buildAgent(join(folder, 'image'));
    const bundling = await bundleTask(writeTask());
    if (!bundling.ok) throw new Error(bundling.reason);
    writeFileSync(join(folder, 'image/task.mjs'), bundling.bundle.text);
    rmSync(join(folder, 'project'), { recursive: true });
    image = { agent: path, task: join(folder, 'image/task.mjs') };
  });
  afterAll(async () => {
    for (const close of closing.reverse()) await close();
    await queues.stop();
    await dynamo.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const world = async () => ({
    tasks: dynamoTaskLedger({ client: dynamo.client, tableName: 'tasks' }),
    instances: dynamoInstanceStore({ client: dynamo.client, tableName: 'instances', account: ACCOUNT, region: REGION }),
    blobs: s3Blobs({ client: queues.s3, bucket: 'blobs' }),
    queueUrl: await queues.queueUrl('container'),
    wakeUrl: await queues.queueUrl('container-wake'),
    deadUrl: await queues.queueUrl('container-dead'),
  });

  const metadata = async (): Promise<string> => {
    const service = await startMetadataService(
      () => ({
        instanceId: MACHINE,
        instanceType: A_POOL.instanceType,
        imageId: 'ami-1',
        zone: A_POOL.zone,
        zoneId: 'use1-az1',
        lifeCycle: 'spot',
        privateIp: '10.0.0.1',
        launchedAt: clock.now(),
      }),
      clock,
    );
    closing.push(() => service.close());
    return service.endpoint;
  };

  const start = async ({ queueUrl, wakeUrl, deadUrl }: Awaited<ReturnType<typeof world>>): Promise<ChildProcess> => {
    const port = (await dynamo.client.config.endpoint?.())?.port;
    const local = (served: number | undefined): string => `http://127.0.0.1:${served}`;
    const child = spawn(process.execPath, [image.agent], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        AWS_REGION: REGION,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_ENDPOINT_URL_DYNAMODB: local(port),
        AWS_ENDPOINT_URL_SQS: local(queues.port),
        AWS_ENDPOINT_URL_S3: local(queues.port),
        AWS_EC2_METADATA_SERVICE_ENDPOINT: await metadata(),
        SPOTHOP_FLEET: 'index',
        SPOTHOP_ACCOUNT: ACCOUNT,
        SPOTHOP_INSTANCES_TABLE: 'instances',
        SPOTHOP_TASKS_TABLE: 'tasks',
        SPOTHOP_QUEUE_URL: queueUrl,
        SPOTHOP_WAKE_QUEUE_URL: wakeUrl,
        SPOTHOP_DEAD_LETTER_QUEUE_URL: deadUrl,
        SPOTHOP_CONTENT_BUCKET: 'blobs',
        SPOTHOP_TASK: image.task,
        SPOTHOP_STATE_DIR: folder,
        SPOTHOP_ALIVE_FILE: join(folder, 'alive'),
        SPOTHOP_TIME_FACTOR: String(TIME_FACTOR),
      },
    });
    closing.push(() => child.kill('SIGKILL'));
    return child;
  };

  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    for (let look = 0; look < 300; look += 1) {
      if (await holds()) return;
      await clock.sleep(50 * TIME_FACTOR);
    }
    throw new Error('It did not come to that.');
  };

  it('runs a bundled task with its helper and its package, and on SIGTERM hands back what runs and exits 0', async () => {
    const here = await world();
    await here.instances.create(newItem({ instanceId: MACHINE, launchedAt: clock.now() }));
    const submit = async (id: string, input: object): Promise<void> => {
      const row = aRow(id, { body: await packContent(here.blobs, JSON.stringify(input)), submittedAt: clock.now() });
      await here.tasks.apply(row.taskId, { step: 'submit', row });
      await sqsWorkQueue({ client: queues.sqs, queueUrl: here.queueUrl }).send(row.taskId);
    };
    const rowOf = (id: string) => here.tasks.get(taskId(id));
    const child = await start(here);
    const ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    await submit('short', { name: 'you' });
    await until(async () => (await rowOf('short'))?.status === 'done');
    expect((await rowOf('short'))?.result).toMatchObject({ inline: '"HELLO YOU!"' });
    await submit('long', { name: 'nobody', waitMs: 600_000 });
    await until(async () => (await rowOf('long'))?.status === 'running');
    child.kill('SIGTERM');
    expect(await ended).toEqual({ code: 0, signal: null });
    expect(await rowOf('long')).toMatchObject({ status: 'ready', reclaims: 1, failures: 0 });
    expect((await here.instances.get(MACHINE))?.leases).toEqual({});
  });
});
