import { renderFailure, replayCommand } from '../../lib/simulator/campaign/render.ts';
import { shapeOf } from '../../lib/simulator/campaign/shape.ts';
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

const isAlike = (result: LifeResult, wanted: string): boolean =>
  result.violations.some((violation) => shapeOf(violation) === wanted);

/** A smaller workload that is found to fail in the same way; the whole, where there is none. */
const smallestOf = async (thread: Thread, whole: LifeResult): Promise<readonly number[]> => {
  const all = Array.from({ length: whole.tasks }, (_, index) => index + 1);
  const wanted = shapeOf(whole.violations[0]!);
  process.stderr.write(`seed ${whole.seed} fails with ${all.length} tasks; looking for fewer that fail alike\n`);
  return shrinkTasks(
    all,
    async (tasks) => isAlike(await playOne(thread, whole.seed, tasks), wanted),
    (tasks) => process.stderr.write(`  ${tasks.length} tasks\n`),
  );
};

/**
 * One seed for a person: everything that happened, and what was broken. One that fails is made smaller first, unless its
 * tasks are named.
 */
export const replay = async (
  seed: number,
  setup: WorkerSetup,
  flags: readonly string[],
  onlyTasks?: readonly number[] | 'all',
): Promise<number> => {
  const thread = await startThread(setup);
  const named = onlyTasks === 'all' ? undefined : onlyTasks;
  const whole = await playOne(thread, seed, named);
  const isShrunk = onlyTasks === undefined && whole.violations.length > 0;
  const fewer = isShrunk ? await smallestOf(thread, whole) : [];
  const isSmaller = isShrunk && fewer.length < whole.tasks;
  const shown = isSmaller ? await playOne(thread, seed, fewer) : whole;
  for (const line of shown.lines) process.stdout.write(`${line}\n`);
  if (shown.violations.length > 0) {
    const tasks = isSmaller ? [`--tasks ${fewer.join(',')}`] : [];
    process.stdout.write(renderFailure(shown, [...flags, ...tasks]));
  }
  if (isSmaller) process.stdout.write(`  with all of its tasks: ${replayCommand(seed, [...flags, '--tasks all'])}\n`);
  await thread.close();
  return exitCodeOf(summarise([whole], 0));
};
