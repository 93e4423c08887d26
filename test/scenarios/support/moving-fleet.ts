import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { deployService, LOCAL_STAGE } from '../../../lib/cli/start/deploy-service.ts';
import { countLine, livingMachines, newTally, type RunTally, tasksWith } from '../../../lib/cli/start/run-tally.ts';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import { fleetName, taskId } from '../../../lib/fleet/ids.ts';
import { addMs, epochMs } from '../../../lib/fleet/time.ts';
import { LOCAL_SECURITY_GROUP_ID, localNetwork } from '../../../lib/local/ec2/network.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../../../lib/local/service.ts';
import { startWholeCloud, type WholeCloud } from '../../../lib/local/whole-cloud.ts';
import { draw } from '../../../lib/market/draw.ts';
import { exampleMarket } from '../../../lib/market/settings.ts';
import { type DeployedService, deployedService } from '../../../lib/wiring-cli.ts';
import { submitTasks } from '../../../lib/workflows/submit-tasks.ts';
import { copyProject } from '../../support/packaged-service.ts';

/** Service time runs this much faster than the wall clock. */
const TIME_FACTOR = 10;
const SEED = 11;
export const FLEET = fleetName('varied');

/** The names under which the local stack deploys. */
export const STACK = `spothop-${LOCAL_STAGE}`;

/** Service time in milliseconds within which anything that is waited for happens, on a busy machine. */
const PATIENCE_MS = 1_800_000;

const TASK_FILES = ['varied-task.ts', 'varied-work.ts'];
const TASK_FOLDER = '../../policies/support';

/** Calm: nothing happens that the test does not script. */
const marketAt = (now: number) =>
  exampleMarket(SEED, epochMs(now), { restlessness: 0, zones: ['us-east-1a', 'us-east-1b'] });

/** A fleet of two in two zones, as a fleet file has it. */
export const FLEET_OF_TWO = {
  mode: 'manage',
  queue: { visibilitySeconds: 60 },
  instanceTypes: ['c5.large', 'm5.large'],
  zones: ['us-east-1a', 'us-east-1b'],
  network: {
    subnets: localNetwork(['us-east-1a', 'us-east-1b']).subnets.map(({ subnetId }) => subnetId),
    securityGroups: [LOCAL_SECURITY_GROUP_ID],
  },
  capacity: { max: 2, targetBacklog: 2 },
  worker: { task: './varied-task.ts' },
};

/** A fleet of two on a calm market, with work for as long as it is fed. */
export interface MovingFleet {
  readonly cloud: WholeCloud;
  readonly tally: RunTally;
  readonly submitted: () => number;
  /** Reads prices as the schedule would, and looks at the fleet once they are there. */
  readPrices(): Promise<void>;
  /** Feeds the fleet until this holds of its living machines. */
  until(what: string, holds: () => boolean): Promise<void>;
  /** Feeds no more, and waits until every task has ended. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

const QUEUE_KEPT = 6;

/** A whole local cloud on the calm market, whose time runs faster by the factor. */
export const openCloud = async (folder: string, project: string, timeFactor: number): Promise<WholeCloud> => {
  const originMs = wallClock().now();
  const clock = wallClock({ timeFactor, originMs });
  let drawn = 0;
  const market = marketAt(clock.now());
  return startWholeCloud({
    clock,
    timeFactor,
    timeOriginMs: originMs,
    stateFolder: folder,
    random: () => draw(SEED, 'names', drawn++),
    market,
    network: localNetwork(market.zones),
    projectFolder: project,
  });
};

/** The service, deployed with these fleets as its fleet file. */
export const deployFleets = async (
  folder: string,
  project: string,
  cloud: WholeCloud,
  fleets: Readonly<Record<string, unknown>>,
): Promise<DeployedService> => {
  const fleetFile = join(folder, 'spothop.yml');
  writeFileSync(fleetFile, JSON.stringify({ version: 1, fleets: fleets }));
  const environment = cloud.environmentToExport();
  Object.assign(process.env, environment);
  const logFile = join(folder, 'deploy.log');
  await deployService({
    projectFolder: project,
    fleetFile,
    environment,
    logFile,
    signal: new AbortController().signal,
  });
  const outputs = cloud.stackOutputs(STACK) ?? {};
  return deployedService(process.env, outputs, { account: LOCAL_ACCOUNT, region: LOCAL_REGION });
};

const drive = (cloud: WholeCloud, service: DeployedService): Omit<MovingFleet, 'close'> => {
  const tally = newTally();
  const { clock, recorder } = cloud.context;
  const outputs = cloud.stackOutputs(STACK) ?? {};
  const tables = { tasks: outputs['TasksTableName']!, instances: outputs['InstancesTableName']! };
  let seen = 0;
  let submitted = 0;
  const look = (): void => {
    const lines = recorder.lines();
    for (; seen < lines.length; seen++) countLine(tally, tables, lines[seen]!);
  };
  const feed = async (): Promise<void> => {
    const open = tasksWith(tally, 'ready') + tasksWith(tally, 'running');
    const tasks = Array.from({ length: Math.max(0, QUEUE_KEPT - open) }, () => {
      submitted += 1;
      return { taskId: taskId(`work-${submitted}`), body: JSON.stringify({ kind: 'work', wallMs: 1_500 }) };
    });
    if (tasks.length > 0) await submitTasks({ ...service, queue: service.queue(FLEET) }, FLEET, tasks);
  };
  const wait = async (what: string, holds: () => boolean, isFed: boolean): Promise<void> => {
    const giveUpAt = addMs(clock.now(), PATIENCE_MS);
    for (look(); !holds(); look()) {
      if (clock.now() > giveUpAt) {
        const living = livingMachines(tally).map(({ pool }) => pool);
        throw new Error(`${what} has not happened in ${PATIENCE_MS / 1_000} s of service time; there are: ${living}`);
      }
      if (isFed) await feed();
      await service.wakes.wake(FLEET);
      await clock.sleep(10_000);
    }
  };
  const invoke = async (): Promise<void> => {
    const lambda = new LambdaClient({});
    const answer = await lambda.send(new InvokeCommand({ FunctionName: `${STACK}-prices`, Payload: '{}' }));
    lambda.destroy();
    if (answer.FunctionError) throw new Error(answer.Payload?.transformToString());
  };
  const isIdle = (): boolean => tasksWith(tally, 'ready') + tasksWith(tally, 'running') === 0;
  return {
    cloud,
    tally,
    submitted: () => submitted,
    readPrices: invoke,
    until: (what, holds) => wait(what, holds, true),
    finish: () => wait('The end of the work', isIdle, false),
  };
};

/** A copy of the project with the task that these fleets run. */
export const projectWithTask = (folder: string): string => {
  const project = copyProject(folder);
  for (const name of TASK_FILES) {
    cpSync(fileURLToPath(new URL(`${TASK_FOLDER}/${name}`, import.meta.url)), join(project, name));
  }
  return project;
};

export const movingFleet = async (): Promise<MovingFleet> => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-moving-'));
  const project = projectWithTask(folder);
  const cloud = await openCloud(join(folder, 'cloud'), project, TIME_FACTOR);
  const close = async (): Promise<void> => {
    await cloud.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { ...drive(cloud, await deployFleets(folder, project, cloud, { [FLEET]: FLEET_OF_TWO })), close };
  } catch (error) {
    await close();
    throw error;
  }
};
