import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { deployService, LOCAL_STAGE } from '../../../lib/cli/start/deploy-service.ts';
import { countLine, livingMachines, newTally, type RunTally, tasksWith } from '../../../lib/cli/start/run-tally.ts';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import { fleetName, instanceId, taskId } from '../../../lib/fleet/ids.ts';
import { addMs, epochMs } from '../../../lib/fleet/time.ts';
import { LOCAL_SECURITY_GROUP_ID, localNetwork } from '../../../lib/local/ec2/network.ts';
import { LOCAL_ACCOUNT, LOCAL_REGION, type RecordLine } from '../../../lib/local/service.ts';
import { startWholeCloud, type WholeCloud } from '../../../lib/local/whole-cloud.ts';
import { draw } from '../../../lib/market/draw.ts';
import type { MarketScript } from '../../../lib/market/script.ts';
import { exampleMarket } from '../../../lib/market/settings.ts';
import { type DeployedService, deployedService } from '../../../lib/wiring-cli.ts';
import { submitTasks } from '../../../lib/workflows/submit-tasks.ts';
import { copyProject } from '../../support/packaged-service.ts';

/** Service time runs this much faster than the wall clock. */
const TIME_FACTOR = 10;
const SEED = 7;
const FLEET = fleetName('varied');
/** The task, and the file that it imports: one file by the time that a machine fetches it. */
const TASK_FILES = ['varied-task.ts', 'varied-work.ts'];

/** Service time in milliseconds that the batch, and then the way home, may take. */
const PATIENCE_MS = 1_500_000;

/** Everything that happens to a fleet: a hint, a warning, a death, and a spell in which on-demand machines must help. */
const SCRIPT: MarketScript = [
  { afterMs: 50_000, happening: 'rebalance', target: 'newest spot machine' },
  { afterMs: 60_000, happening: 'warn', target: 'oldest spot machine that holds work' },
  { afterMs: 90_000, happening: 'kill-without-warning', target: 'oldest spot machine that holds work' },
  { afterMs: 100_000, happening: 'no-spot', durationMs: 120_000 },
];

export interface Scenario {
  readonly cloud: WholeCloud;
  readonly service: DeployedService;
  readonly outputs: Readonly<Record<string, string>>;
  /** What was recorded until the report was made. */
  readonly lines: readonly RecordLine[];
  readonly tally: RunTally;
  close(): Promise<void>;
}

const openCloud = (folder: string, project: string, holdsWork: (id: string) => Promise<boolean>) => {
  const originMs = wallClock().now();
  const clock = wallClock({ timeFactor: TIME_FACTOR, originMs });
  let drawn = 0;
  const market = exampleMarket(SEED, clock.now());
  return startWholeCloud({
    clock,
    timeFactor: TIME_FACTOR,
    timeOriginMs: originMs,
    stateFolder: folder,
    random: () => draw(SEED, 'names', drawn++),
    market,
    network: localNetwork(market.zones),
    projectFolder: project,
    holdsWork,
  });
};

/** Visibility is short because the run is: a message of a killed machine comes back within it. */
const fleetFile = (folder: string): string => {
  const market = exampleMarket(SEED, epochMs(0));
  const { subnets } = localNetwork(market.zones);
  const fleet = {
    mode: 'manage',
    queue: { visibilitySeconds: 60, maxFailures: 1 },
    instanceTypes: market.types.map((type) => type.instanceType),
    zones: market.zones,
    network: { subnets: subnets.map(({ subnetId }) => subnetId), securityGroups: [LOCAL_SECURITY_GROUP_ID] },
    capacity: { max: 3, targetBacklog: 2 },
    worker: { task: './varied-task.ts' },
    report: { recipients: ['team@example.com'], from: 'spothop@example.com' },
  };
  const path = join(folder, 'spothop.yml');
  writeFileSync(path, JSON.stringify({ version: 1, fleets: { [FLEET]: fleet } }));
  return path;
};

const BATCH = [
  ...Array.from({ length: 24 }, (_, index) => ({ id: `work-${index}`, kind: 'work', wallMs: 1_500 })),
  { id: 'failing', kind: 'fail', wallMs: 0 },
  // Too large for a row on its way in as well as on its way out.
  { id: 'large', kind: 'large', wallMs: 200, padding: 'y'.repeat(50_000) },
];

const submit = async (service: DeployedService): Promise<void> => {
  const tasks = BATCH.map(({ id, ...input }) => ({ taskId: taskId(id), body: JSON.stringify(input) }));
  await submitTasks({ ...service, queue: service.queue(FLEET) }, FLEET, tasks);
};

/** A producer that knows nothing of us: the agent that receives its message registers the task. */
const sendForeign = async (cloud: WholeCloud, queueUrl: string): Promise<void> => {
  const { accessKeyId, secretAccessKey, sessionToken } = cloud.rootCredentials;
  const sqs = new SQSClient({
    endpoint: cloud.endpoint,
    region: LOCAL_REGION,
    credentials: { accessKeyId, secretAccessKey, sessionToken },
  });
  await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: '{"kind":"work","wallMs":100}' }));
  sqs.destroy();
};

/** A warning that names no machine, and one that names a stranger. */
const putOddEvents = ({ context }: WholeCloud): void => {
  const warning = { source: 'aws.ec2', 'detail-type': 'EC2 Spot Instance Interruption Warning', resources: [] };
  context.putEvent({ ...warning, detail: { 'instance-action': 'terminate' } });
  context.putEvent({ ...warning, detail: { 'instance-id': 'i-0123456789abcdef0', 'instance-action': 'terminate' } });
};

const follow = (cloud: WholeCloud, tally: RunTally, outputs: Readonly<Record<string, string>>): (() => void) => {
  const tables = { tasks: outputs['TasksTableName']!, instances: outputs['InstancesTableName']! };
  let seen = 0;
  return () => {
    const lines = cloud.context.recorder.lines();
    for (; seen < lines.length; seen++) countLine(tally, tables, lines[seen]!);
  };
};

const until = async (cloud: WholeCloud, what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  const { clock } = cloud.context;
  const giveUpAt = addMs(clock.now(), PATIENCE_MS);
  while (!(await holds())) {
    if (clock.now() > giveUpAt)
      throw new Error(`${what} has not happened within ${PATIENCE_MS / 1_000} s of service time.`);
    await clock.sleep(2_000);
  }
};

/**
 * The agent of the first on-demand machine dies, and an operator drains the machine: nobody on it will end it, and EC2 has
 * no reason to, so we must.
 */
const loseAnAgent = async (cloud: WholeCloud, service: DeployedService): Promise<void> => {
  const { clock, recorder } = cloud.context;
  const launched = (line: RecordLine): boolean => line['what'] === 'launch' && line['purchase'] === 'on-demand';
  const started = (): RecordLine | undefined => {
    const onDemand = new Set(
      recorder
        .lines()
        .filter(launched)
        .map((line) => line['instanceId']),
    );
    return recorder.lines().find((line) => line.kind === 'process-start' && onDemand.has(line['instanceId']));
  };
  const hasSession = async (): Promise<boolean> => {
    const found = started();
    return found !== undefined && (await service.instances.get(machineOf(found)))?.session !== undefined;
  };
  await until(cloud, 'The start of an on-demand machine', hasSession);
  const found = started()!;
  process.kill(-Number(found['pid']), 'SIGKILL');
  const signal = { kind: 'operator-drain', instanceId: machineOf(found), at: clock.now() } as const;
  await service.instances.recordSignal(signal, true, clock.now());
};

const machineOf = (line: RecordLine) => instanceId(String(line['instanceId']));

const play = async (cloud: WholeCloud, service: DeployedService, look: () => void, tally: RunTally): Promise<void> => {
  const startedAt = cloud.context.clock.now();
  await submit(service);
  await sendForeign(
    cloud,
    JSON.parse(cloud.stackOutputs(`spothop-${LOCAL_STAGE}`)!['FleetResources']!)[FLEET].queueUrl,
  );
  await service.wakes.wake(FLEET);
  putOddEvents(cloud);
  const scripted = Promise.all([cloud.machines.applyScript(SCRIPT), loseAnAgent(cloud, service)]);
  // It is awaited below; until then its failure must not end the process.
  scripted.catch(() => undefined);
  const isOver = (): boolean => {
    look();
    return tasksWith(tally, 'ready') + tasksWith(tally, 'running') === 0;
  };
  await until(cloud, 'The end of the batch', isOver);
  await scripted;
  await service.wakes.wake(FLEET);
  await until(cloud, "The fleet's going home", async () => {
    look();
    return livingMachines(tally).length === 0 && (await service.fleets.read(FLEET)).members.length === 0;
  });
  await until(cloud, 'The reading of prices', async () => (await service.fleets.prices(FLEET)) !== undefined);
  await service.makeReport({ fleet: FLEET, key: 'policies', from: startedAt, to: cloud.context.clock.now() });
  look();
};

/** Deploys the service, lets everything happen to it that its policies are for, and hands over the record. */
export const runScenario = async (): Promise<Scenario> => {
  const folder = mkdtempSync(join(tmpdir(), 'spothop-policies-'));
  const project = copyProject(folder);
  for (const name of TASK_FILES) cpSync(fileURLToPath(new URL(`./${name}`, import.meta.url)), join(project, name));
  let service: DeployedService | undefined;
  const cloud = await openCloud(join(folder, 'cloud'), project, async (id) => {
    const record = await service?.instances.get(instanceId(id));
    return record !== undefined && Object.keys(record.leases).length > 0;
  });
  const close = async (): Promise<void> => {
    await cloud.close();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const environment = cloud.environmentToExport();
    Object.assign(process.env, environment);
    await deployService({
      projectFolder: project,
      fleetFile: fleetFile(folder),
      environment,
      logFile: join(folder, 'deploy.log'),
      signal: new AbortController().signal,
    });
    const outputs = cloud.stackOutputs(`spothop-${LOCAL_STAGE}`) ?? {};
    service = deployedService(process.env, outputs, { account: LOCAL_ACCOUNT, region: LOCAL_REGION });
    const tally = newTally();
    await play(cloud, service, follow(cloud, tally, outputs), tally);
    return { cloud, service, outputs, lines: [...cloud.context.recorder.lines()], tally, close };
  } catch (error) {
    await close();
    throw error;
  }
};
