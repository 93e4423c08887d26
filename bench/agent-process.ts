import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { wallClock } from '../lib/clock/wall-clock.ts';
import { ec2FleetId, type InstanceId, instanceId, intentId } from '../lib/fleet/ids.ts';
import { type EpochMs, epochMs } from '../lib/fleet/time.ts';
import { startMetadataService } from '../lib/local/imds/server.ts';
import { BUCKET } from './services/start-services.ts';
import { ACCOUNT, type BenchWorld, FLEET, REGION } from './world.ts';

const POOL = { instanceType: 'c7g.large', zone: `${REGION}a`, purchase: 'spot' } as const;

export interface RunningAgent {
  readonly child: ChildProcess;
  readonly instanceId: InstanceId;
  /** When its process was started, by the machine's clock. */
  readonly startedAt: number;
  /** Service time, in which the agent lives. */
  now(): EpochMs;
  /** What it has logged, as far as it is JSON. */
  lines(): readonly Readonly<Record<string, unknown>>[];
  /** Puts a notice into its metadata service. */
  giveNotice(deadlineAt: EpochMs): void;
  stop(): Promise<void>;
}

export interface AgentOptions {
  readonly queueUrl: string;
  readonly taskFile: string;
  readonly concurrency: number;
  /** How much faster than the wall clock it lives; 1 unless given. */
  readonly timeFactor?: number;
}

let machines = 0;

const taskPath = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const agentEnvironment = async (
  world: BenchWorld,
  { queueUrl, taskFile, concurrency, timeFactor = 1 }: AgentOptions,
  metadataEndpoint: string,
): Promise<Record<string, string>> => {
  const folder = await world.newFolder();
  return {
    ...world.environment,
    AWS_EC2_METADATA_SERVICE_ENDPOINT: metadataEndpoint,
    SPOTHOP_FLEET: FLEET,
    SPOTHOP_ACCOUNT: ACCOUNT,
    SPOTHOP_INSTANCES_TABLE: 'instances',
    SPOTHOP_TASKS_TABLE: 'tasks',
    SPOTHOP_QUEUE_URL: queueUrl,
    SPOTHOP_WAKE_QUEUE_URL: await world.services.createQueue(`wake-${machines}`),
    SPOTHOP_DEAD_LETTER_QUEUE_URL: await world.services.createQueue(`dead-${machines}`),
    SPOTHOP_CONTENT_BUCKET: BUCKET,
    SPOTHOP_CONCURRENCY: String(concurrency),
    SPOTHOP_TIME_FACTOR: String(timeFactor),
    SPOTHOP_TASK: taskPath(taskFile),
    SPOTHOP_STATE_DIR: folder,
    SPOTHOP_ALIVE_FILE: join(folder, 'alive'),
  };
};

const createItem = (world: BenchWorld, id: InstanceId, launchedAt: EpochMs): Promise<unknown> =>
  world.instances.create({
    form: 1,
    instanceId: id,
    fleet: FLEET,
    intentId: intentId('bench'),
    ec2FleetId: ec2FleetId('fleet-bench'),
    pool: POOL,
    launchedAt,
    leases: {},
    signals: {},
  });

const parseLine = (line: string): Record<string, unknown>[] => {
  try {
    return [JSON.parse(line) as Record<string, unknown>];
  } catch {
    return [];
  }
};

const collect = (child: ChildProcess): (() => readonly Record<string, unknown>[]) => {
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  return () => output.split('\n').flatMap(parseLine);
};

/** A machine with its item, its metadata service and the bundled agent, as a process of its own. */
export const startAgent = async (world: BenchWorld, options: AgentOptions): Promise<RunningAgent> => {
  machines += 1;
  const id = instanceId(`i-${machines.toString(16).padStart(17, '0')}`);
  const service = wallClock({ timeFactor: options.timeFactor ?? 1, originMs: 0 });
  const notice: { deadlineAt?: EpochMs } = {};
  const launchedAt = service.now();
  const view = () => ({
    instanceId: id,
    instanceType: POOL.instanceType,
    imageId: 'ami-bench',
    zone: POOL.zone,
    zoneId: 'euw1-az1',
    lifeCycle: POOL.purchase,
    privateIp: '10.0.0.1',
    launchedAt,
    ...notice,
  });
  const metadata = await startMetadataService(view, service);
  await createItem(world, id, launchedAt);
  const env = await agentEnvironment(world, options, metadata.endpoint);
  const startedAt = world.clock.now();
  const spawned = spawn(process.execPath, [world.agentPath], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const child = world.children.watch('The agent', spawned);
  return {
    child,
    instanceId: id,
    startedAt,
    now: () => service.now(),
    lines: collect(child),
    giveNotice: (deadlineAt) => {
      notice.deadlineAt = epochMs(deadlineAt);
    },
    stop: async () => {
      await world.children.end(child);
      await metadata.close();
    },
  };
};
