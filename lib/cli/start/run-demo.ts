import { instanceId } from '../../fleet/ids.ts';
import type { MarketScript } from '../../market/script.ts';
import type { DeployedService } from '../../wiring-cli.ts';
import { type Proof, proveResult, summarise } from './conclude-run.ts';
import { DEMO_FLEET_NAME } from './demo-fleet.ts';
import { assertNotInterrupted, type DemoWorld, type Run } from './demo-run.ts';
import { DEMO_SCRIPT } from './demo-script.ts';
import { feedRest, submitFirst } from './feed-batch.ts';
import { beginRun, openCloud, openRun } from './open-run.ts';
import { type StartOptions, secondsOf } from './options.ts';
import type { PlannedTask } from './plan-batch.ts';
import type { RunSummary } from './summary.ts';
import { sendFleetHome, workBatchOff } from './watch-run.ts';
import type { Work } from './work.ts';

const countOf = (tasks: readonly unknown[]): string => (tasks.length === 1 ? 'one task' : `${tasks.length} tasks`);

const describeDemonstration = (planned: readonly PlannedTask[]): string => {
  const files = planned.reduce((sum, task) => sum + task.files.length, 0);
  const gentle = planned.filter((task) => task.restMs !== undefined).length;
  const rested = gentle === 0 ? '' : `, ${gentle} of them resting between files and so longer than a notice`;
  return `${countOf(planned)} over ${files} source files to fleet ${DEMO_FLEET_NAME}${rested}`;
};

const announce = ({ world, work }: Run): void => {
  const what =
    work.kind === 'demonstration'
      ? describeDemonstration(work.planned)
      : `${countOf(work.tasks)} of ${work.from} to fleet ${DEMO_FLEET_NAME}`;
  world.screen.say(`Submitting ${what}.`);
};

/** While the fleet goes home, its work is proved; a batch that was cut off leaves a fleet that still has work. */
const proveAndSendHome = async (run: Run): Promise<Proof> => {
  run.world.screen.say('The batch is over: verifying the result while the fleet goes home.');
  const [proof, home] = await Promise.allSettled([proveResult(run), sendFleetHome(run)]);
  if (proof.status === 'rejected') throw proof.reason;
  if (home.status === 'rejected') throw home.reason;
  return proof.value;
};

const cutOff = (run: Run): Promise<Proof> => {
  run.world.screen.say(`The batch was not finished within ${secondsOf(run.options)} s; --seconds gives it more.`);
  return proveResult(run);
};

/** What a run goes through besides its work. */
export interface Trouble {
  readonly script: MarketScript;
  /** Tasks that wait at once, the rest is submitted as these are taken; all of them at once when absent. */
  readonly waitingMax?: number;
  /** Begins once tasks are submitted; the signal is aborted when the batch is over. */
  readonly beside?: (run: Run, signal: AbortSignal) => Promise<void>;
}

/** Whatever happens beside the work has ended when the batch has, and fails the run if it failed. */
const workOff = async (run: Run, { script, beside, waitingMax }: Trouble): Promise<boolean> => {
  const submitted = await submitFirst(run, waitingMax);
  if (run.options.script) void run.cloud.machines.applyScript(script);
  const over = new AbortController();
  const signal = AbortSignal.any([over.signal, run.world.signal]);
  const feeding = waitingMax === undefined ? undefined : feedRest(run, submitted, waitingMax, signal);
  const besides = Promise.all([feeding, beside?.(run, signal)]);
  besides.catch(() => over.abort());
  try {
    return await workBatchOff(run, over.signal);
  } finally {
    over.abort();
    await besides;
  }
};

const runBatch = async (run: Run, trouble: Trouble): Promise<RunSummary> => {
  announce(run);
  const proof = (await workOff(run, trouble)) ? await proveAndSendHome(run) : await cutOff(run);
  run.world.screen.end();
  const summary = await summarise(run, proof);
  assertNotInterrupted(run.world);
  return summary;
};

/**
 * The main job: the local cloud with the packaged service, a real batch, a fleet of real processes on a market that takes
 * machines away, and at the end the proof that nothing was lost and nothing done twice.
 */
export const runDemo = async (
  options: StartOptions,
  world: DemoWorld,
  work: Work,
  trouble: Trouble = { script: DEMO_SCRIPT },
): Promise<RunSummary> => {
  const beginning = beginRun(options, world, work);
  let service: DeployedService | undefined;
  const holdsWork = async (id: string): Promise<boolean> => {
    const record = await service?.instances.get(instanceId(id));
    return record !== undefined && Object.keys(record.leases).length > 0;
  };
  const cloud = await openCloud(beginning, holdsWork);
  try {
    const run = await openRun(beginning, cloud);
    service = run.service;
    return await runBatch(run, trouble);
  } finally {
    await cloud.close();
  }
};
