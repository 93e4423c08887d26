import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startAgent } from './agent-process.ts';
import { callJson } from './call-json.ts';
import { createNumbers } from './numbers.ts';
import { processorSeconds } from './processes.ts';
import { median, rounded, steadyRate } from './statistics.ts';
import { type BenchWorld, until } from './world.ts';

export interface Load {
  readonly name: string;
  readonly sleepMs: number;
  readonly concurrency: number;
  readonly tasks: number;
}

/** Processor time of each process, in cores, while the tasks ran. */
export interface CoresUsed {
  readonly worker: number;
  readonly tables: number;
  readonly queues: number;
}

export interface Throughput {
  readonly tasksPerSecond: number;
  readonly cores: CoresUsed;
}

const MS_PER_SECOND = 1_000;
const LIMIT_SECONDS = 600;

/** By the queue's own clock, from message to message deleted: the same for both. */
const measure = async (
  world: BenchWorld,
  { tasks, concurrency }: Load,
  { queueUrl, pid }: { readonly queueUrl: string; readonly pid: number },
): Promise<Throughput> => {
  const { pids } = world.services;
  const usedBy = () => ({
    worker: processorSeconds(pid),
    tables: processorSeconds(pids.tables),
    queues: processorSeconds(pids.queues),
  });
  const started = async () => (await world.services.countsOf(queueUrl)).received > 0;
  await until(world.clock, 'the first task', LIMIT_SECONDS, started);
  const before = usedBy();
  const beganAt = world.clock.now();
  const isDone = async () => (await world.services.countsOf(queueUrl)).deleted >= tasks;
  await until(world.clock, 'the last task', LIMIT_SECONDS, isDone);
  const after = usedBy();
  const seconds = Math.max(1, world.clock.now() - beganAt) / MS_PER_SECOND;
  const cores = (name: keyof CoresUsed) => rounded((after[name] - before[name]) / seconds);
  return {
    tasksPerSecond: steadyRate(await world.services.deletedAt(queueUrl), concurrency),
    cores: { worker: cores('worker'), tables: cores('tables'), queues: cores('queues') },
  };
};

const bodyOf = ({ sleepMs }: Load): string => JSON.stringify({ sleepMs });

const SPOTHOP_TASK_FILE = './task.ts';

const queueNumber = createNumbers();

const spothopThroughput = async (world: BenchWorld, load: Load): Promise<Throughput> => {
  const queueUrl = await world.services.createQueue(`spothop-${queueNumber()}`);
  await world.submit(queueUrl, Array(load.tasks).fill(bodyOf(load)));
  const agent = await startAgent(world, { queueUrl, taskFile: SPOTHOP_TASK_FILE, concurrency: load.concurrency });
  try {
    return await measure(world, load, { queueUrl, pid: agent.child.pid! });
  } finally {
    await agent.stop();
  }
};

const MESSAGES_AT_ONCE = 10;

const sendPlainly = async ({ services }: BenchWorld, queueUrl: string, load: Load): Promise<void> => {
  for (let sent = 0; sent < load.tasks; sent += MESSAGES_AT_ONCE) {
    const Entries = Array.from({ length: Math.min(MESSAGES_AT_ONCE, load.tasks - sent) }, (_, entry) => ({
      Id: String(entry),
      MessageBody: bodyOf(load),
    }));
    await callJson(services.queueEndpoint, 'AmazonSQS.SendMessageBatch', { QueueUrl: queueUrl, Entries });
  }
};

const PLAIN_CONSUMER = fileURLToPath(new URL('./plain-consumer.ts', import.meta.url));

const plainThroughput = async (world: BenchWorld, load: Load): Promise<Throughput> => {
  const queueUrl = await world.services.createQueue(`plain-${queueNumber()}`);
  await sendPlainly(world, queueUrl, load);
  const spawned = spawn(process.execPath, [PLAIN_CONSUMER], {
    env: {
      ...world.environment,
      SPOTHOP_BENCH_QUEUE_URL: queueUrl,
      SPOTHOP_BENCH_CONCURRENCY: String(load.concurrency),
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const child = world.children.watch('sqs-consumer', spawned);
  try {
    return await measure(world, load, { queueUrl, pid: child.pid! });
  } finally {
    await world.children.end(child);
  }
};

export interface Comparison extends Load {
  /** Median over the rounds of Spothop's rate over the other's in the same round. */
  readonly ratio: number;
  readonly spothopPerSecond: number;
  readonly plainPerSecond: number;
}

const told = ({ tasksPerSecond, cores }: Throughput): string =>
  `${rounded(tasksPerSecond, 1)}/s (cores: worker ${cores.worker}, tables ${cores.tables}, queues ${cores.queues})`;

/** Both on the same services, one after the other, each first in turn: what warms up or slows down does so for both. */
export const compare = async (world: BenchWorld, load: Load, rounds: number): Promise<Comparison> => {
  const spothop: number[] = [];
  const plain: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const runs = [
      async () => {
        const measured = await spothopThroughput(world, load);
        world.say(`${load.name} × ${load.concurrency}, spothop: ${told(measured)}`);
        spothop.push(measured.tasksPerSecond);
      },
      async () => {
        const measured = await plainThroughput(world, load);
        world.say(`${load.name} × ${load.concurrency}, sqs-consumer: ${told(measured)}`);
        plain.push(measured.tasksPerSecond);
      },
    ];
    for (const run of round % 2 === 0 ? runs : runs.toReversed()) await run();
  }
  return {
    ...load,
    ratio: median(spothop.map((rate, round) => rate / plain[round]!)),
    spothopPerSecond: median(spothop),
    plainPerSecond: median(plain),
  };
};
