import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { s3Blobs } from '../../../lib/aws/blobs.ts';
import { dynamoInstanceStore } from '../../../lib/aws/instances.ts';
import { sqsWorkQueue } from '../../../lib/aws/queues.ts';
import { dynamoTaskLedger } from '../../../lib/aws/tasks.ts';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import { type InstanceId, taskId } from '../../../lib/fleet/ids.ts';
import { addMs, type EpochMs, secondsToMs } from '../../../lib/fleet/time.ts';
import { startMetadataService } from '../../../lib/local/imds/server.ts';
import { packContent, unpackContent } from '../../../lib/workflows/content.ts';
import { cancelTask } from '../../../lib/workflows/operate-tasks.ts';
import { startDynamo } from '../../contracts/support/embedded-dynamo.ts';
import { startQueues } from '../../contracts/support/embedded-queues.ts';
import { A_POOL } from '../../support/records.ts';
import { aRow, newItem } from './machine.ts';

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
const REGION = 'eu-west-1';
const ACCOUNT = '123456789012';
const TIME_FACTOR = 10;
const LOOKS_MAX = 1_200;
const LOOK_WALL_MS = 50;

interface LogLine {
  readonly message: string;
  readonly [field: string]: unknown;
}

const linesOf = (output: string): LogLine[] =>
  output
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as LogLine);

export interface AgentMachine {
  readonly process: ChildProcess;
  /** The machine's metadata shows an interruption notice from now on. */
  notice(secondsLeft: number): void;
  /** What its agent has logged so far, and nothing of a line that is not whole yet. */
  lines(): readonly LogLine[];
  /** The same, without the fields. */
  messages(): readonly string[];
  /** Resolves with the exit code of its agent. */
  readonly exited: Promise<number | null>;
}

/** A queue, a ledger and machines, embedded; time runs ten times as fast. */
export interface AgentProcesses {
  submit(id: string, body: unknown): Promise<void>;
  task(id: string): ReturnType<ReturnType<typeof dynamoTaskLedger>['get']>;
  /** The item of a machine. */
  item(id: InstanceId): ReturnType<ReturnType<typeof dynamoInstanceStore>['get']>;
  /** How many wakes of the fleet wait to be heard. */
  wakes(): Promise<number>;
  resultOf(id: string): Promise<string | undefined>;
  /** What the control plane does when the machine of a running task has fallen silent. */
  release(id: string): Promise<void>;
  /** What an operator does with `spothop tasks cancel`. */
  cancel(id: string): Promise<void>;
  /** The agent as a machine starts it, with these variables besides. */
  start(id: InstanceId, worker: Readonly<Record<string, string>>): Promise<AgentMachine>;
  until(isSo: () => Promise<boolean>): Promise<void>;
  stop(): Promise<void>;
}

export const startAgentProcesses = async (): Promise<AgentProcesses> => {
  const clock = wallClock({ timeFactor: TIME_FACTOR, originMs: 0 });
  const dynamo = await startDynamo();
  const queues = await startQueues();
  const folder = mkdtempSync(join(tmpdir(), 'spothop-agents-'));
  const cleanUps: (() => Promise<void> | void)[] = [
    () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }),
    () => dynamo.stop(),
    () => queues.stop(),
  ];
  const dynamoPort = (await dynamo.client.config.endpoint?.())?.port;
  const [queueUrl, wakeUrl, deadUrl] = [
    await queues.queueUrl('work'),
    await queues.queueUrl('wake'),
    await queues.queueUrl('dead'),
  ];
  const tasks = dynamoTaskLedger({ client: dynamo.client, tableName: 'tasks' });
  const instances = dynamoInstanceStore({
    client: dynamo.client,
    tableName: 'instances',
    account: ACCOUNT,
    region: REGION,
  });
  const blobs = s3Blobs({ client: queues.s3, bucket: 'blobs' });
  const environment = {
    PATH: process.env['PATH'],
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${dynamoPort}`,
    AWS_ENDPOINT_URL_SQS: `http://127.0.0.1:${queues.port}`,
    AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${queues.port}`,
    SPOTHOP_FLEET: 'index',
    SPOTHOP_ACCOUNT: ACCOUNT,
    SPOTHOP_INSTANCES_TABLE: 'instances',
    SPOTHOP_TASKS_TABLE: 'tasks',
    SPOTHOP_QUEUE_URL: queueUrl,
    SPOTHOP_WAKE_QUEUE_URL: wakeUrl,
    SPOTHOP_DEAD_LETTER_QUEUE_URL: deadUrl,
    SPOTHOP_CONTENT_BUCKET: 'blobs',
    SPOTHOP_TIME_FACTOR: String(TIME_FACTOR),
    SPOTHOP_STATE_DIR: folder,
    SPOTHOP_ALIVE_FILE: join(folder, 'alive'),
  };
  return {
    submit: async (id, body) => {
      const row = aRow(id, { body: await packContent(blobs, JSON.stringify(body)), submittedAt: clock.now() });
      await tasks.apply(row.taskId, { step: 'submit', row });
      await sqsWorkQueue({ client: queues.sqs, queueUrl }).send(row.taskId);
    },
    task: (id) => tasks.get(taskId(id)),
    item: (id) => instances.get(id),
    wakes: async () => (await sqsWorkQueue({ client: queues.sqs, queueUrl: wakeUrl }).backlog()).waiting,
    resultOf: async (id) => {
      const result = (await tasks.get(taskId(id)))?.result;
      return result === undefined ? undefined : unpackContent(blobs, result);
    },
    release: async (id) => {
      const row = await tasks.get(taskId(id));
      if (row?.owner === undefined) throw new Error(`${id} is not running`);
      const { attempt, owner } = row;
      await tasks.apply(row.taskId, { step: 'release', attempt, owner, now: clock.now() });
      await sqsWorkQueue({ client: queues.sqs, queueUrl }).send(row.taskId);
    },
    cancel: async (id) => {
      const queue = () => sqsWorkQueue({ client: queues.sqs, queueUrl });
      const { outcome } = await cancelTask({ tasks, instances, clock, queue }, taskId(id));
      if (outcome !== 'done') throw new Error(`${id} was not cancelled: ${outcome}`);
    },
    start: async (instanceId, worker) => {
      const told: { deadlineAt?: EpochMs } = {};
      const view = () => ({
        instanceId,
        instanceType: A_POOL.instanceType,
        imageId: 'ami-1',
        zone: A_POOL.zone,
        zoneId: 'use1-az1',
        lifeCycle: 'spot' as const,
        privateIp: '10.0.0.1',
        launchedAt: clock.now(),
        ...told,
      });
      const metadata = await startMetadataService(view, clock);
      cleanUps.push(() => metadata.close());
      // There already when its agent is started again.
      await instances.create(newItem({ instanceId, launchedAt: clock.now() }));
      const child = spawn(process.execPath, ['bin/agent.ts'], {
        cwd: PROJECT,
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...environment, AWS_EC2_METADATA_SERVICE_ENDPOINT: metadata.endpoint, ...worker },
      });
      cleanUps.push(() => void child.kill('SIGKILL'));
      let output = '';
      child.stdout.on('data', (chunk) => {
        output += chunk;
      });
      const notice = (secondsLeft: number): void => {
        told.deadlineAt = addMs(clock.now(), secondsToMs(secondsLeft));
      };
      return {
        process: child,
        notice,
        lines: () => linesOf(output),
        messages: () => linesOf(output).map(({ message }) => message),
        exited: new Promise((resolve) => {
          child.once('exit', (code) => resolve(code));
        }),
      };
    },
    until: async (isSo) => {
      for (let look = 0; look < LOOKS_MAX; look += 1) {
        if (await isSo()) return;
        await clock.sleep(LOOK_WALL_MS * TIME_FACTOR);
      }
      throw new Error('It did not come to that.');
    },
    stop: async () => {
      for (const cleanUp of cleanUps.reverse()) await cleanUp();
    },
  };
};
