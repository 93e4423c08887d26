import { startAgent } from './agent-process.ts';
import { rounded } from './statistics.ts';
import { type BenchWorld, until } from './world.ts';

/** What one task costs in calls and units, its submission included; what a machine costs by itself is not. */
export interface CallsPerTask {
  readonly dynamodbWrites: number;
  readonly dynamodbReads: number;
  readonly sqs: number;
}

export interface Accounting {
  readonly callsPerTask: CallsPerTask;
  readonly writeUnitsPerTask: number;
}

const LIMIT_SECONDS = 600;
/** The lease of the last task is given up by the poll after it. */
const LAST_LEASE_SECONDS = 25;

export interface AccountingOptions {
  readonly tasks: number;
  readonly concurrency: number;
}

/** Every write one at a time, each item looked at before and after: the calls are those of a run at full speed. */
export const account = async (world: BenchWorld, { tasks, concurrency }: AccountingOptions): Promise<Accounting> => {
  const { services, clock } = world;
  const queueUrl = await services.createQueue(`accounting-${concurrency}`);
  await services.accounts({ keepsAccounts: true });
  await world.submit(queueUrl, Array(tasks).fill(JSON.stringify({ sleepMs: 0 })));
  const agent = await startAgent(world, { queueUrl, taskFile: './task.ts', concurrency });
  try {
    const deleted = async () => (await services.countsOf(queueUrl)).deleted;
    await until(clock, 'the last task', LIMIT_SECONDS, async () => (await deleted()) >= tasks);
    const { calls } = await services.countsOf(queueUrl);
    const holdsNothing = async () =>
      Object.keys((await world.instances.get(agent.instanceId))?.leases ?? {}).length === 0;
    await until(clock, 'the last lease', LAST_LEASE_SECONDS, holdsNothing);
    const kept = await services.accounts({ keepsAccounts: false });
    const sqs = Object.values(calls).reduce((total, count) => total + count, 0);
    return {
      callsPerTask: {
        dynamodbWrites: rounded(kept.writes / tasks),
        dynamodbReads: rounded(kept.reads / tasks),
        sqs: rounded(sqs / tasks),
      },
      writeUnitsPerTask: rounded(kept.writeUnits / tasks),
    };
  } finally {
    await services.accounts({ keepsAccounts: false });
    await agent.stop();
  }
};

/**
 * From the start of the agent's process to its first take, its item written and a task waiting: what a machine spends
 * between its boot and its first work.
 */
export const firstTakeMs = async (world: BenchWorld): Promise<number> => {
  const { services, clock } = world;
  const queueUrl = await services.createQueue(`first-take-${clock.now()}`);
  await world.submit(queueUrl, [JSON.stringify({ sleepMs: 0 })]);
  await services.accounts({ keepsAccounts: true });
  const agent = await startAgent(world, { queueUrl, taskFile: './task.ts', concurrency: 1 });
  try {
    const isDone = async () => (await services.countsOf(queueUrl)).deleted >= 1;
    await until(clock, 'the first task', LIMIT_SECONDS, isDone);
    const { firstTakeAt } = await services.accounts({ keepsAccounts: false });
    if (firstTakeAt === undefined) throw new Error('A task was done that nobody took.');
    return firstTakeAt - agent.startedAt;
  } finally {
    await agent.stop();
  }
};
