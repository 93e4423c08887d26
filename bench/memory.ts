import { spawn } from 'node:child_process';
import { startAgent } from './agent-process.ts';
import { familyOf, residentKib } from './processes.ts';
import { median } from './statistics.ts';
import { type BenchWorld, until } from './world.ts';

const LIMIT_SECONDS = 30;
/** Faster than real time, so that what an idle agent ends after a minute is not waited for; it does all the more. */
const TIME_FACTOR = 10;
/** The process that tried the task's file ends after a minute without work. */
const IDLE_SECONDS = 75;
const LOOKS = 5;
const LOOK_EVERY_MS = 1_000;

const settled = async ({ clock }: BenchWorld, pid: number): Promise<number> => {
  const looks: number[] = [];
  for (let look = 0; look < LOOKS; look += 1) {
    await clock.sleep(LOOK_EVERY_MS);
    looks.push(residentKib(pid));
  }
  return median(looks);
};

const bareNodeKib = async (world: BenchWorld): Promise<number> => {
  const spawned = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore', env: {} });
  const child = world.children.watch('A bare Node', spawned);
  try {
    return await settled(world, child.pid!);
  } finally {
    await world.children.end(child);
  }
};

const idleAgentKib = async (world: BenchWorld): Promise<number> => {
  const queueUrl = await world.services.createQueue(`memory-${world.clock.now()}`);
  const agent = await startAgent(world, { queueUrl, taskFile: './task.ts', concurrency: 1, timeFactor: TIME_FACTOR });
  try {
    const isOpen = () => agent.lines().some((line) => line['message'] === 'session opened');
    await until(world.clock, 'the session', LIMIT_SECONDS, isOpen);
    await world.clock.sleep((IDLE_SECONDS * 1_000) / TIME_FACTOR);
    const kib = await settled(world, agent.child.pid!);
    const each = familyOf(agent.child.pid!).map((pid) => `${residentKib(pid)} KiB`);
    world.say(`idle agent: ${kib} KiB (its process with all below it, then each with those below: ${each.join(', ')})`);
    return kib;
  } finally {
    await agent.stop();
  }
};

/** Resident memory of an agent that waits for work, all its processes together, over that of Node doing nothing. */
export const idleRssOverBareNode = async (world: BenchWorld): Promise<number> => {
  const [bare, agent] = await Promise.all([bareNodeKib(world), idleAgentKib(world)]);
  world.say(`bare Node: ${bare} KiB`);
  return agent / bare;
};
