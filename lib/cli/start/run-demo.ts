import { instanceId } from '../../fleet/ids.ts';
import type { DeployedService } from '../../wiring-cli.ts';
import { submitTasks } from '../../workflows/submit-tasks.ts';
import { type Proof, proveResult, summarise } from './conclude-run.ts';
import { DEMO_FLEET_NAME } from './demo-fleet.ts';
import { assertNotInterrupted, type DemoWorld, type Run } from './demo-run.ts';
import { DEMO_SCRIPT } from './demo-script.ts';
import { beginRun, openCloud, openRun } from './open-run.ts';
import { type StartOptions, secondsOf } from './options.ts';
import type { RunSummary } from './summary.ts';
import { sendFleetHome, workBatchOff } from './watch-run.ts';

const announce = ({ world, batch }: Run): void => {
  const files = batch.reduce((sum, task) => sum + task.files.length, 0);
  const gentle = batch.filter((task) => task.restMs !== undefined).length;
  const rested = gentle === 0 ? '' : `, ${gentle} of them resting between files and so longer than a notice`;
  const tasks = batch.length === 1 ? 'one task' : `${batch.length} tasks`;
  world.screen.say(`Submitting ${tasks} over ${files} source files to fleet ${DEMO_FLEET_NAME}${rested}.`);
};

const submitBatch = async ({ service, batch }: Run): Promise<void> => {
  const tasks = batch.map(({ taskId, files, restMs }) => ({ taskId, body: JSON.stringify({ files, restMs }) }));
  const summary = await submitTasks({ ...service, queue: service.queue(DEMO_FLEET_NAME) }, DEMO_FLEET_NAME, tasks);
  const [failed] = summary.failed;
  if (failed) throw new Error(`Task ${failed.taskId} could not be submitted: ${failed.error}`);
  await service.wakes.wake(DEMO_FLEET_NAME);
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

const runBatch = async (run: Run): Promise<RunSummary> => {
  announce(run);
  await submitBatch(run);
  if (run.options.script) void run.cloud.machines.applyScript(DEMO_SCRIPT);
  const proof = (await workBatchOff(run)) ? await proveAndSendHome(run) : await cutOff(run);
  run.world.screen.end();
  const summary = await summarise(run, proof);
  assertNotInterrupted(run.world);
  return summary;
};

/**
 * The main job: the local cloud with the packaged service, a real batch, a fleet of real processes on a market that takes
 * machines away, and at the end the proof that nothing was lost and nothing done twice.
 */
export const runDemo = async (options: StartOptions, world: DemoWorld): Promise<RunSummary> => {
  const beginning = beginRun(options, world);
  let service: DeployedService | undefined;
  const holdsWork = async (id: string): Promise<boolean> => {
    const record = await service?.instances.get(instanceId(id));
    return record !== undefined && Object.keys(record.leases).length > 0;
  };
  const cloud = await openCloud(beginning, holdsWork);
  try {
    const run = await openRun(beginning, cloud);
    service = run.service;
    return await runBatch(run);
  } finally {
    await cloud.close();
  }
};
