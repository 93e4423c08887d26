import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { wallClock } from '../../clock/wall-clock.ts';
import type { EpochMs } from '../../fleet/time.ts';
import { LOCAL_SECURITY_GROUP_ID, localNetwork } from '../../local/ec2/network.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../../local/service.ts';
import { startWholeCloud, type WholeCloud } from '../../local/whole-cloud.ts';
import { randomOf } from '../../market/draw.ts';
import { exampleMarket } from '../../market/settings.ts';
import { deployedService } from '../../wiring-cli.ts';
import { clockTime } from '../clock-time.ts';
import { happeningOf } from '../happenings.ts';
import { demoFleetFile } from './demo-fleet.ts';
import type { DemoWorld, Run } from './demo-run.ts';
import { withDeployLock } from './deploy-lock.ts';
import { deployService, LOCAL_STAGE } from './deploy-service.ts';
import type { StartOptions } from './options.ts';
import { recordFileOf } from './record-file.ts';
import { countLine, type DemoTables, newTally, type RunTally } from './run-tally.ts';
import type { Work } from './work.ts';

/** What a run is before its service is deployed. */
export interface Beginning {
  readonly options: StartOptions;
  readonly world: DemoWorld;
  readonly work: Work;
  readonly folder: string;
  readonly recordFile: string;
  readonly wallStartedAt: number;
}

/** A folder of its own for each run, so that runs at the same time do not meet. */
export const beginRun = (options: StartOptions, world: DemoWorld, work: Work): Beginning => {
  const runs = join(world.projectFolder, '.spothop');
  mkdirSync(runs, { recursive: true });
  const folder = mkdtempSync(join(runs, 'run-'));
  const recordFile = recordFileOf(options.record, folder);
  return { options, world, work, folder, recordFile, wallStartedAt: wallClock().now() };
};

export const openCloud = async (
  { options, world, folder, recordFile }: Beginning,
  holdsWork: (id: string) => Promise<boolean>,
): Promise<WholeCloud> => {
  const originMs = wallClock().now();
  const clock = wallClock({ timeFactor: options.timeFactor, originMs });
  const market = exampleMarket(options.seed, clock.now());
  return startWholeCloud({
    clock,
    timeFactor: options.timeFactor,
    timeOriginMs: originMs,
    stateFolder: folder,
    random: randomOf(options.seed, 'names'),
    market,
    network: localNetwork(market.zones),
    projectFolder: world.projectFolder,
    recordFile,
    holdsWork,
  });
};

const writeFleetFile = (options: StartOptions, folder: string): string => {
  const market = exampleMarket(options.seed, 0 as EpochMs);
  const subnets = Object.fromEntries(localNetwork(market.zones).subnets.map(({ zone, subnetId }) => [zone, subnetId]));
  const path = join(folder, 'spothop.yml');
  const instanceTypes = market.types.map((type) => type.instanceType);
  const network = {
    subnets,
    securityGroups: [LOCAL_SECURITY_GROUP_ID],
    instanceTypes,
    architecture: 'x86_64',
  } as const;
  writeFileSync(path, demoFleetFile(options, network, folder));
  return path;
};

const deploy = ({ options, world, folder }: Beginning, cloud: WholeCloud): Promise<void> => {
  const { projectFolder, signal } = world;
  const deployment = {
    projectFolder,
    fleetFile: writeFleetFile(options, folder),
    environment: cloud.environmentToExport(),
    logFile: join(folder, 'deploy.log'),
    signal,
  };
  return withDeployLock(join(projectFolder, '.spothop'), wallClock(), signal, () => deployService(deployment));
};

interface Follower {
  readonly cloud: WholeCloud;
  readonly world: DemoWorld;
  readonly tally: RunTally;
  readonly tables: DemoTables;
  readonly startedAt: EpochMs;
}

/** The tally and the screen follow the record: each look takes in the lines written since the last one. */
const follow = ({ cloud, world, tally, tables, startedAt }: Follower): (() => void) => {
  let seen = 0;
  return () => {
    const lines = cloud.context.recorder.lines();
    for (; seen < lines.length; seen++) {
      const line = lines[seen]!;
      countLine(tally, tables, line);
      const happening = happeningOf(line);
      if (happening) world.screen.say(`${clockTime(line.at - startedAt)}  ${happening.text}`, happening.weight);
    }
  };
};

/** Deploys the service; nothing has been submitted yet. */
export const openRun = async (beginning: Beginning, cloud: WholeCloud): Promise<Run> => {
  const { world } = beginning;
  Object.assign(world.environment, cloud.environmentToExport());
  world.screen.say(`Local cloud at ${cloud.endpoint}; deploying the service with serverless deploy.`);
  await deploy(beginning, cloud);
  const outputs = cloud.stackOutputs(`spothop-${LOCAL_STAGE}`) ?? {};
  const service = deployedService(world.environment, outputs, { account: LOCAL_ACCOUNT, region: LOCAL_REGION });
  const tally = newTally();
  const tables = { tasks: outputs['TasksTableName'] ?? '', instances: outputs['InstancesTableName'] ?? '' };
  const startedAt = cloud.context.clock.now();
  return {
    ...beginning,
    cloud,
    service,
    startedAt,
    tally,
    look: follow({ cloud, world, tally, tables, startedAt }),
  };
};
