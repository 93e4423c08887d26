import { renderFailure } from '../../lib/simulator/campaign/render.ts';
import { shrinkTasks } from '../../lib/simulator/campaign/shrink.ts';
import { exitCodeOf, summarise } from '../../lib/simulator/campaign/summary.ts';
import type { WorkerSetup } from '../../lib/simulator/campaign/worker-messages.ts';
import type { LifeResult } from '../../lib/simulator/life/play-life.ts';
import { startThread, type Thread } from './threads.ts';

const playOne = async (thread: Thread, seed: number, onlyTasks?: readonly number[]): Promise<LifeResult> => {
  const played: LifeResult[] = [];
  const order = { from: seed, to: seed, stopsAtFailure: true, ...(onlyTasks === undefined ? {} : { onlyTasks }) };
  await thread.play(order, (result) => void played.push(result));
  return played[0]!;
};

/** One seed for a person: everything that happened, what was broken, and a smaller workload that breaks it too. */
export const replay = async (
  seed: number,
  setup: WorkerSetup,
  flags: readonly string[],
  onlyTasks?: readonly number[],
): Promise<number> => {
  const thread = await startThread(setup);
  const result = await playOne(thread, seed, onlyTasks);
  for (const line of result.lines) process.stdout.write(`${line}\n`);
  const broken = result.violations[0]?.promise;
  if (broken !== undefined) {
    process.stdout.write(renderFailure(result, flags));
    const all = onlyTasks ?? Array.from({ length: result.tasks }, (_, index) => index + 1);
    const fewer = await shrinkTasks(all, async (tasks) => {
      const { violations } = await playOne(thread, seed, tasks);
      return violations.some(({ promise }) => promise === broken);
    });
    if (fewer.length < all.length) {
      process.stdout.write(`  ${broken} is broken by these tasks alone: --tasks ${fewer.join(',')}\n`);
    }
  }
  await thread.close();
  return exitCodeOf(summarise([result], 0));
};
