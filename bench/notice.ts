import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DRAIN_MARGIN_SECONDS_DEFAULT, INTERRUPTION_NOTICE_SECONDS } from '../lib/fleet/limits.ts';
import { addMs, secondsToMs } from '../lib/fleet/time.ts';
import { startAgent } from './agent-process.ts';
import type { NoticeWork } from './notice-task.ts';
import { type BenchWorld, until } from './world.ts';

/** The notice of two minutes passes this much faster, for every limit of the agent alike. */
export const NOTICE_TIME_FACTOR = 10;

const TASKS = 4;
const LIMIT_SECONDS = 60;
const LOOK_MS = 20;
/** Before the notice the tasks have run for a while, as they would have. */
const HEAD_START_SECONDS = 40;

export interface NoticeUsed {
  readonly usedMs: number;
  readonly availableMs: number;
}

const lastTrace = (path: string): number => Number(readFileSync(path, 'utf8').trim().split('\n').at(-1));

/**
 * One machine with four tasks far longer than the notice, two that save and two that do not and that nothing is known of.
 * Told by the tasks' own traces: from the moment the notice stands in the metadata service to the last sign of life, over
 * the time to deadline − margin.
 */
export const noticeUsed = async (world: BenchWorld): Promise<NoticeUsed> => {
  const folder = await world.newFolder();
  const queueUrl = await world.services.createQueue(`notice-${world.clock.now()}`);
  const works = Array.from(
    { length: TASKS },
    (_, index): NoticeWork => ({
      saves: index % 2 === 0,
      tracePath: join(folder, `trace-${index}`),
      lookMs: LOOK_MS,
    }),
  );
  await world.submit(
    queueUrl,
    works.map((work) => JSON.stringify(work)),
  );
  const options = { queueUrl, taskFile: './notice-task.ts', concurrency: TASKS, timeFactor: NOTICE_TIME_FACTOR };
  const agent = await startAgent(world, options);
  try {
    await until(world.clock, 'all tasks running', LIMIT_SECONDS, () =>
      works.every((work) => existsSync(work.tracePath)),
    );
    await world.clock.sleep(secondsToMs(HEAD_START_SECONDS) / NOTICE_TIME_FACTOR);
    const noticeAt = world.clock.now();
    agent.giveNotice(addMs(agent.now(), secondsToMs(INTERRUPTION_NOTICE_SECONDS)));
    const isDrained = () => agent.lines().some((line) => line['message'] === 'drained');
    await until(world.clock, 'the drain', LIMIT_SECONDS, isDrained);
    const secondsAvailable = INTERRUPTION_NOTICE_SECONDS - DRAIN_MARGIN_SECONDS_DEFAULT;
    const eachMs = secondsToMs(secondsAvailable) / NOTICE_TIME_FACTOR;
    const used = works.map((work) => Math.min(eachMs, lastTrace(work.tracePath) - noticeAt));
    return { usedMs: used.reduce((total, ms) => total + ms, 0), availableMs: TASKS * eachMs };
  } finally {
    await agent.stop();
  }
};
