import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAgent } from '../deploy/build-agent.ts';
import { account, firstTakeMs } from './accounting.ts';
import { createChildren } from './children.ts';
import { type WorkerFigures, workerFigures } from './figures.ts';
import { workLost } from './lost-work.ts';
import { idleRssOverBareNode } from './memory.ts';
import { NOTICE_TIME_FACTOR, noticeUsed } from './notice.ts';
import { median, sum } from './statistics.ts';
import { type Comparison, compare, type Load } from './throughput.ts';
import { type BenchWorld, openWorld } from './world.ts';

export interface WorkerOptions {
  /** Fewer tasks and rounds, for a look. */
  readonly isQuick: boolean;
  /** Tasks of each throughput run, instead of as many as take some seconds. */
  readonly tasks?: number;
  say(line: string): void;
  /** Is given what breaks the run off. */
  onInterrupt(breakOff: (error: Error) => void): void;
}

interface Effort {
  readonly rounds: number;
  readonly repeats: number;
  readonly accountedTasks: number;
  readonly seeds: number;
  /** Seconds that a throughput run takes, more or less, at the rates below. */
  readonly runSeconds: number;
}

const FULL: Effort = { rounds: 3, repeats: 3, accountedTasks: 400, seeds: 100, runSeconds: 8 };
const QUICK: Effort = { rounds: 1, repeats: 1, accountedTasks: 100, seeds: 20, runSeconds: 2 };

const CONCURRENCIES = [1, 10, 50];
const WORKS = [
  { name: 'noop', sleepMs: 0 },
  { name: '10ms', sleepMs: 10 },
  { name: '1s', sleepMs: 1_000 },
];

/** Tasks per second that one machine is likely to reach; only how long a run takes depends on it. */
const LIKELY_RATE_MAX = 150;
/** So that first and last tasks of each slot can be left out, and as many again are left. */
const TASKS_LEAST_PER_SLOT = 4;

const loadOf = (
  { name, sleepMs }: (typeof WORKS)[number],
  concurrency: number,
  { runSeconds }: Effort,
  tasks?: number,
): Load => {
  const rate = Math.min(LIKELY_RATE_MAX, (concurrency * 1_000) / Math.max(10, sleepMs));
  const likely = Math.max(concurrency * TASKS_LEAST_PER_SLOT, Math.round(rate * runSeconds));
  return { name, sleepMs, concurrency, tasks: tasks ?? likely };
};

const compareAll = async (world: BenchWorld, effort: Effort, tasks?: number): Promise<Comparison[]> => {
  const comparisons: Comparison[] = [];
  for (const work of WORKS) {
    for (const concurrency of CONCURRENCIES) {
      comparisons.push(await compare(world, loadOf(work, concurrency, effort, tasks), effort.rounds));
    }
  }
  return comparisons;
};

const repeat = async <T>(times: number, measure: () => Promise<T>): Promise<T[]> => {
  const measured: T[] = [];
  for (let time = 0; time < times; time += 1) measured.push(await measure());
  return measured;
};

const measureAll = async (world: BenchWorld, effort: Effort, tasks?: number): Promise<WorkerFigures> => {
  world.say('memory of an idle agent');
  const memory = await idleRssOverBareNode(world);
  world.say('calls and units, each write looked at');
  const { callsPerTask, writeUnitsPerTask } = await account(world, { tasks: effort.accountedTasks, concurrency: 1 });
  world.say('first take');
  const takes = await repeat(effort.repeats, () => firstTakeMs(world));
  world.say(`notices, at ${NOTICE_TIME_FACTOR} times the speed`);
  const notices = await repeat(effort.repeats, () => noticeUsed(world));
  world.say('work lost in interruptions, in a world in memory');
  const lost = await workLost(effort.seeds);
  world.say('throughput');
  return workerFigures({
    comparisons: await compareAll(world, effort, tasks),
    callsPerTask,
    writeUnitsPerTask,
    noticeUsedShare: sum(notices.map(({ usedMs }) => usedMs)) / sum(notices.map(({ availableMs }) => availableMs)),
    idleRssOverBareNode: memory,
    firstTakeMs: median(takes),
    workLost: lost,
  });
};

/**
 * Measures the worker's side of Spothop on services in processes of their own, and ends all that it started, however it
 * ends itself. @throws Error when one of the processes does, or when it is interrupted
 */
export const benchWorker = async ({ isQuick, tasks, say, onInterrupt }: WorkerOptions): Promise<WorkerFigures> => {
  const children = createChildren();
  onInterrupt(children.breakOff);
  const folder = await mkdtemp(join(tmpdir(), 'spothop-bench-'));
  const newFolder = () => mkdtemp(join(folder, 'process-'));
  const measure = async (): Promise<WorkerFigures> => {
    const { path: agentPath } = await buildAgent(join(folder, 'agent'));
    const world = await openWorld({ agentPath, children, newFolder, say });
    return measureAll(world, isQuick ? QUICK : FULL, tasks);
  };
  try {
    return await Promise.race([measure(), children.broken]);
  } finally {
    await children.endAll();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
};
