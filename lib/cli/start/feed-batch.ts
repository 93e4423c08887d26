import { submitTasks } from '../../workflows/submit-tasks.ts';
import { DEMO_FLEET_NAME } from './demo-fleet.ts';
import type { Run } from './demo-run.ts';
import { tasksWith } from './run-tally.ts';

/** Service time between two looks at how many tasks wait. */
const LOOK_MS = 5_000;

const submit = async ({ service, work }: Run, from: number, to: number): Promise<void> => {
  const world = { ...service, queue: service.queue(DEMO_FLEET_NAME) };
  const { failed } = await submitTasks(world, DEMO_FLEET_NAME, work.tasks.slice(from, to));
  if (failed[0]) throw new Error(`Task ${failed[0].taskId} could not be submitted: ${failed[0].error}`);
};

/** Submits what there is room for. @returns how many tasks have been submitted in all */
export const submitFirst = async (run: Run, waitingMax = Number.POSITIVE_INFINITY): Promise<number> => {
  const count = Math.min(run.work.tasks.length, waitingMax);
  await submit(run, 0, count);
  await run.service.wakes.wake(DEMO_FLEET_NAME);
  return count;
};

/** Submits the rest as room comes, so that a task which comes back does not wait behind the whole batch. */
export const feedRest = async (run: Run, from: number, waitingMax: number, signal: AbortSignal): Promise<void> => {
  const { clock } = run.cloud.context;
  let submitted = from;
  while (submitted < run.work.tasks.length && !signal.aborted) {
    const room = waitingMax - tasksWith(run.tally, 'ready');
    const to = Math.min(run.work.tasks.length, submitted + Math.max(0, room));
    if (to > submitted) await submit(run, submitted, to);
    submitted = to;
    await clock.sleep(LOOK_MS, signal);
  }
};
