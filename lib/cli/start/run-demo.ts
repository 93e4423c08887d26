import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wallClock } from '../../clock/wall-clock.ts';
import { fleetName, instanceId } from '../../fleet/ids.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import { addMs, type EpochMs } from '../../fleet/time.ts';
import { LOCAL_SECURITY_GROUP_ID, localNetwork } from '../../local/ec2/network.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../../local/service.ts';
import { startWholeCloud, type WholeCloud } from '../../local/whole-cloud.ts';
import { draw } from '../../market/draw.ts';
import { exampleMarket } from '../../market/settings.ts';
import type { CostReport } from '../../money/cost-report.ts';
import type { Random } from '../../ports/random.ts';
import { type DeployedService, deployedService } from '../../wiring-cli.ts';
import { inParallel } from '../../workflows/in-parallel.ts';
import { submitTasks } from '../../workflows/submit-tasks.ts';
import { DEMO_FLEET, demoFleetFile } from './demo-fleet.ts';
import { DEMO_SCRIPT } from './demo-script.ts';
import { deployService, LOCAL_STAGE } from './deploy-service.ts';
import type { StartOptions } from './options.ts';
import { type PlannedTask, planBatch } from './plan-batch.ts';
import { progressBlock, progressLine } from './progress.ts';
import { countLine, type DemoTables, livingMachines, newTally, type RunTally, tasksWith } from './run-tally.ts';
import type { Screen } from './screen.ts';
import { listSourceFiles } from './source-files.ts';
import { countsOf, moneyOf, problemsOf, type RunSummary } from './summary.ts';
import { type Verdict, verifyCommits, verifyIndex } from './verify-results.ts';

/** Service time runs this much faster than the wall clock; every limit is divided by it alike. */
export const TIME_FACTOR = 10;

/** Service time between two looks at the record. */
const LOOK_MS = 5_000;

/** Service time that an empty fleet may take to go home. */
const FAREWELL_MS = 300_000;

const FLEET = fleetName(DEMO_FLEET);

export interface DemoWorld {
  readonly projectFolder: string;
  readonly environment: Record<string, string | undefined>;
  readonly screen: Screen;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

interface Run {
  readonly options: StartOptions;
  readonly world: DemoWorld;
  readonly folder: string;
  readonly cloud: WholeCloud;
  readonly service: DeployedService;
  readonly startedAt: EpochMs;
  readonly wallStartedAt: number;
  readonly batch: readonly PlannedTask[];
  readonly tally: RunTally;
  readonly look: () => void;
}

const randomFrom = (seed: number, purpose: string): Random => {
  let drawn = 0;
  return () => draw(seed, purpose, drawn++);
};

const newFolder = (projectFolder: string): string => {
  const runs = join(projectFolder, '.spothop');
  mkdirSync(runs, { recursive: true });
  return mkdtempSync(join(runs, 'run-'));
};

/** The tally follows the record: each look adds the lines written since the last one. */
const follow = (cloud: WholeCloud, tally: RunTally, tables: DemoTables): (() => void) => {
  let seen = 0;
  return () => {
    const lines = cloud.context.recorder.lines();
    for (; seen < lines.length; seen++) countLine(tally, tables, lines[seen]!);
  };
};

const openCloud = async (
  options: StartOptions,
  world: DemoWorld,
  folder: string,
  holdsWork: (id: string) => Promise<boolean>,
): Promise<WholeCloud> => {
  const originMs = wallClock().now();
  const clock = wallClock({ timeFactor: TIME_FACTOR, originMs });
  const market = exampleMarket(options.seed, clock.now());
  return startWholeCloud({
    clock,
    timeFactor: TIME_FACTOR,
    timeOriginMs: originMs,
    stateFolder: folder,
    random: randomFrom(options.seed, 'names'),
    market,
    network: localNetwork(market.zones),
    projectFolder: world.projectFolder,
    recordFile: join(options.record ?? folder, 'record.jsonl'),
    holdsWork,
  });
};

const writeFleetFile = (options: StartOptions, folder: string): string => {
  const market = exampleMarket(options.seed, 0 as EpochMs);
  const subnets = Object.fromEntries(localNetwork(market.zones).subnets.map(({ zone, subnetId }) => [zone, subnetId]));
  const path = join(folder, 'spothop.yml');
  const instanceTypes = market.types.map((type) => type.instanceType);
  writeFileSync(
    path,
    demoFleetFile(options, {
      subnets,
      securityGroups: [LOCAL_SECURITY_GROUP_ID],
      instanceTypes,
      architecture: 'x86_64',
    }),
  );
  return path;
};

const submitBatch = async (run: Run): Promise<void> => {
  const { service, batch } = run;
  const tasks = batch.map((task) => ({ taskId: task.taskId, body: JSON.stringify({ files: task.files }) }));
  const summary = await submitTasks({ ...service, queue: service.queue(FLEET) }, FLEET, tasks);
  const [failed] = summary.failed;
  if (failed) throw new Error(`Task ${failed.taskId} could not be submitted: ${failed.error}`);
  await service.wakes.wake(FLEET);
};

const isOver = ({ tally }: Run): boolean => tasksWith(tally, 'ready') + tasksWith(tally, 'running') === 0;

/** Shows the state again and again until the condition holds, the time is over, or the person at the terminal had enough. */
const watchUntil = async (run: Run, holds: () => boolean | Promise<boolean>, until: EpochMs): Promise<boolean> => {
  const { cloud, tally, world, startedAt } = run;
  const { clock } = cloud.context;
  while (!world.signal.aborted) {
    run.look();
    const now = clock.now();
    world.screen.show(progressBlock(tally, startedAt, now), progressLine(tally, startedAt, now));
    if (await holds()) return true;
    if (now >= until) return false;
    await clock.sleep(LOOK_MS, world.signal);
  }
  throw new Interrupted();
};

/** Ctrl-C: not a failure of anything, and not a success either. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

const workBatchOff = async (run: Run): Promise<void> => {
  const { cloud, options, world } = run;
  const until = addMs(cloud.context.clock.now(), options.seconds * 1_000 * TIME_FACTOR);
  if (await watchUntil(run, () => isOver(run), until)) return;
  world.screen.say(`The batch was not finished within ${options.seconds} s; --seconds gives it more.`);
};

/** With nothing left to do the fleet goes home by itself; every run is then closed in the money ledger. */
const sendFleetHome = async (run: Run): Promise<void> => {
  const { cloud, service } = run;
  await service.wakes.wake(FLEET);
  const nobodyLeft = async (): Promise<boolean> =>
    livingMachines(run.tally).length === 0 && (await service.fleets.read(FLEET)).members.length === 0;
  await watchUntil(run, nobodyLeft, addMs(cloud.context.clock.now(), FAREWELL_MS));
};

const readRows = async ({ service, batch }: Run): Promise<readonly TaskRecord[]> => {
  const results = await inParallel(batch, 16, (task) => service.tasks.get(task.taskId));
  return results.flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []));
};

const verify = async (run: Run): Promise<Verdict> => {
  const rows = await readRows(run);
  const { options, batch, service, world } = run;
  if (options.exec !== undefined) return verifyCommits(batch, rows, service.blobs);
  return verifyIndex(world.projectFolder, batch, rows, service.blobs);
};

const REPORT_KEY = 'demo';

const makeReport = async (run: Run): Promise<CostReport | undefined> => {
  const { service, cloud, startedAt } = run;
  await service.makeReport({ fleet: FLEET, key: REPORT_KEY, from: startedAt, to: cloud.context.clock.now() });
  const stored = await service.money.report(FLEET, REPORT_KEY);
  return stored && (JSON.parse(stored.content) as CostReport);
};

const outboxFile = (folder: string, ending: string): string | null => {
  const outbox = join(folder, 'outbox');
  try {
    const name = readdirSync(outbox).find((file) => file.endsWith(ending));
    return name === undefined ? null : join(outbox, name);
  } catch {
    return null;
  }
};

const summarise = async (run: Run): Promise<RunSummary> => {
  const { options, cloud, folder, tally, world } = run;
  world.screen.say('The batch is over; verifying the result and making the report.');
  const result = await verify(run);
  const report = await makeReport(run);
  run.look();
  const counts = countsOf(tally, cloud.machines.runningMachines().length);
  const parts = {
    ...counts,
    money: moneyOf(report),
    report: { html: outboxFile(folder, '.html'), eml: outboxFile(folder, '.eml') },
    iam: { denied: cloud.iamDenied() },
    result,
  };
  const problems = problemsOf(parts, { tasks: options.tasks });
  return {
    ...parts,
    scripted: tally.scripted,
    market: cloud.machines.marketSummary().text.slice(0, 3),
    timeFactor: TIME_FACTOR,
    seed: options.seed,
    wallSeconds: Math.round((wallClock().now() - run.wallStartedAt) / 1_000),
    held: problems.length === 0,
    problems,
  };
};

const openRun = async (options: StartOptions, world: DemoWorld, folder: string, cloud: WholeCloud): Promise<Run> => {
  const wallStartedAt = wallClock().now();
  const { screen, projectFolder, signal, environment } = world;
  Object.assign(environment, cloud.environmentToExport());
  screen.say(`Local cloud at ${cloud.endpoint}; deploying the service with serverless deploy.`);
  await deployService({
    projectFolder,
    fleetFile: writeFleetFile(options, folder),
    environment: cloud.environmentToExport(),
    logFile: join(folder, 'deploy.log'),
    signal,
  });
  const outputs = cloud.stackOutputs(`spothop-${LOCAL_STAGE}`) ?? {};
  const service = deployedService(environment, outputs, { account: LOCAL_ACCOUNT, region: LOCAL_REGION });
  const tally = newTally();
  const tables = { tasks: outputs['TasksTableName'] ?? '', instances: outputs['InstancesTableName'] ?? '' };
  const batch = planBatch(listSourceFiles(projectFolder), options.tasks, randomFrom(options.seed, 'batch'));
  const startedAt = cloud.context.clock.now();
  const look = follow(cloud, tally, tables);
  return { options, world, folder, cloud, service, startedAt, wallStartedAt, batch, tally, look };
};

/**
 * The main job: the local cloud with the packaged service, a real batch, a fleet of real processes on a market that takes
 * machines away, and at the end the proof that nothing was lost and nothing done twice.
 */
export const runDemo = async (options: StartOptions, world: DemoWorld): Promise<RunSummary> => {
  const folder = newFolder(world.projectFolder);
  let service: DeployedService | undefined;
  const holdsWork = async (id: string): Promise<boolean> => {
    const record = await service?.instances.get(instanceId(id));
    return record !== undefined && Object.keys(record.leases).length > 0;
  };
  const cloud = await openCloud(options, world, folder, holdsWork);
  try {
    const run = await openRun(options, world, folder, cloud);
    service = run.service;
    const files = run.batch.reduce((sum, task) => sum + task.files.length, 0);
    world.screen.say(`Submitting ${run.batch.length} tasks over ${files} source files to fleet ${DEMO_FLEET}.`);
    await submitBatch(run);
    if (options.script) void cloud.machines.applyScript(DEMO_SCRIPT);
    await workBatchOff(run);
    await sendFleetHome(run);
    world.screen.end();
    return await summarise(run);
  } finally {
    await cloud.close();
  }
};
