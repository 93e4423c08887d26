import { dynamoClient, ec2Client, pricingClient, sesClient, sqsClient } from './aws/clients.ts';
import { dynamoFleetStore } from './aws/fleets.ts';
import { dynamoInstanceStore } from './aws/instances.ts';
import { lateMachineGroups } from './aws/late-machine-groups.ts';
import { ec2Machines } from './aws/machines.ts';
import { sesMailer } from './aws/mailer.ts';
import { dynamoMoneyLedger } from './aws/money-ledger.ts';
import { ec2PlacementScores } from './aws/placement-scores.ts';
import { awsPrices, PRICE_LIST_REGION } from './aws/prices.ts';
import { sqsWakeQueue, sqsWorkQueue } from './aws/queues.ts';
import { sqsSignalQueue } from './aws/signal-queue.ts';
import { dynamoTaskLedger } from './aws/tasks.ts';
import { randomId } from './clock/new-id.ts';
import { timeScaleFromEnvironment, wallClock } from './clock/wall-clock.ts';
import { type Environment, readEnvironment } from './config/environment.ts';
import { type DeployedFleet, fleetSettings } from './config/fleet-settings.ts';
import { parseFleets } from './config/parse-fleets.ts';
import type { FleetName } from './fleet/ids.ts';
import type { MachineGroups } from './ports/machine-groups.ts';
import type { Prices } from './ports/money.ts';
import type { WorkQueue } from './ports/queues.ts';
import type { Telemetry } from './telemetry/lambda-entry.ts';
import type { SignalsWorld } from './workflows/handle-signal-body.ts';
import type { PricesWorld } from './workflows/read-prices.ts';
import type { ReportWorld } from './workflows/report-world.ts';
import type { World } from './workflows/world.ts';

const DEPLOYED = 'serverless.yml sets them: run serverless deploy.';

const SERVICE_VARIABLES = [
  'AWS_REGION',
  'SPOTHOP_ACCOUNT',
  'SPOTHOP_STACK',
  'SPOTHOP_FLEETS',
  'SPOTHOP_FLEET_RESOURCES',
  'SPOTHOP_INSTANCES_TABLE',
  'SPOTHOP_FLEETS_TABLE',
  'SPOTHOP_TASKS_TABLE',
  'SPOTHOP_LEDGER_TABLE',
  'SPOTHOP_WAKE_QUEUE_URL',
] as const;

type ServiceVariables = Readonly<Record<(typeof SERVICE_VARIABLES)[number], string>>;

const readDeployed = (variables: ServiceVariables): Readonly<Record<string, DeployedFleet>> =>
  JSON.parse(variables.SPOTHOP_FLEET_RESOURCES) as Record<string, DeployedFleet>;

const workQueues = (environment: Environment, variables: ServiceVariables): ((fleet: FleetName) => WorkQueue) => {
  const client = sqsClient('signal', environment);
  const deployed = readDeployed(variables);
  return (fleet) => {
    const queueUrl = deployed[fleet]?.queueUrl;
    if (queueUrl === undefined) throw new Error(`No work queue is known for fleet ${fleet}: run serverless deploy.`);
    return sqsWorkQueue({ client, queueUrl });
  };
};

const stores = (variables: ServiceVariables) => {
  const client = dynamoClient('signal');
  return {
    instances: dynamoInstanceStore({
      client,
      tableName: variables.SPOTHOP_INSTANCES_TABLE,
      account: variables.SPOTHOP_ACCOUNT,
      region: variables.AWS_REGION,
    }),
    fleets: dynamoFleetStore({ client, tableName: variables.SPOTHOP_FLEETS_TABLE }),
    tasks: dynamoTaskLedger({ client, tableName: variables.SPOTHOP_TASKS_TABLE }),
    money: dynamoMoneyLedger({ client, tableName: variables.SPOTHOP_LEDGER_TABLE }),
  };
};

const settingsOfFleets = (variables: ServiceVariables) =>
  fleetSettings(parseFleets(variables.SPOTHOP_FLEETS), readDeployed(variables), variables.SPOTHOP_STACK);

const controlPlane = (environment: Environment, telemetry: Telemetry, groups: MachineGroups): World => {
  const variables = readEnvironment(environment, SERVICE_VARIABLES, DEPLOYED);
  return {
    ...stores(variables),
    ...telemetry,
    clock: wallClock(timeScaleFromEnvironment(environment)),
    newId: randomId,
    machines: ec2Machines({
      client: ec2Client('signal'),
      launchClient: ec2Client('launch'),
      stackTag: variables.SPOTHOP_STACK,
    }),
    groups,
    wakes: sqsWakeQueue({ client: sqsClient('signal', environment), queueUrl: variables.SPOTHOP_WAKE_QUEUE_URL }),
    workQueue: workQueues(environment, variables),
    settings: settingsOfFleets(variables),
  };
};

/** The world of the reconcile function: every port made real. */
export const reconcileWorld = (environment: Environment, telemetry: Telemetry): World =>
  controlPlane(environment, telemetry, lateMachineGroups());

const byReconcileOnly = () => Promise.reject(new Error('Machines leave groups by a reconcile only.'));

/** No signal alone takes a machine out of a group, so that the function of the signals need not carry the clients for it. */
const NO_GROUPS: MachineGroups = {
  detach: byReconcileOnly,
  deregister: byReconcileOnly,
  completeLifecycle: byReconcileOnly,
};

/** The same world on the path of an interruption; its role cannot launch, end or bill anything. */
export const signalsWorld = (environment: Environment, telemetry: Telemetry): SignalsWorld => {
  const own = readEnvironment(
    environment,
    ['SPOTHOP_ACCOUNT', 'AWS_REGION', 'SPOTHOP_SIGNALS_QUEUE_URL', 'SPOTHOP_SIGNALS_DEAD_LETTER_QUEUE_URL'],
    DEPLOYED,
  );
  return {
    world: controlPlane(environment, telemetry, NO_GROUPS),
    queue: sqsSignalQueue({
      client: sqsClient('signal', environment),
      queueUrl: own.SPOTHOP_SIGNALS_QUEUE_URL,
      deadLetterQueueUrl: own.SPOTHOP_SIGNALS_DEAD_LETTER_QUEUE_URL,
    }),
    home: { account: own.SPOTHOP_ACCOUNT, region: own.AWS_REGION },
  };
};

const priceSources = (region: string): Prices =>
  awsPrices({ ec2: ec2Client('patient'), pricing: pricingClient(PRICE_LIST_REGION), region });

/** The world of the prices function, which reads what pools cost and keeps it beside the fleets. */
export const pricesWorld = (environment: Environment, telemetry: Telemetry): PricesWorld => {
  const variables = readEnvironment(environment, SERVICE_VARIABLES, DEPLOYED);
  const { fleets, money } = stores(variables);
  return {
    ...telemetry,
    fleets,
    money,
    clock: wallClock(timeScaleFromEnvironment(environment)),
    prices: priceSources(variables.AWS_REGION),
    placement: ec2PlacementScores({ client: ec2Client('patient'), region: variables.AWS_REGION }),
    settings: settingsOfFleets(variables),
  };
};

/** The world of the report function, which reads prices and the ledger and touches no machine. */
export const reportWorld = (environment: Environment, telemetry: Telemetry): ReportWorld => {
  const variables = readEnvironment(environment, SERVICE_VARIABLES, DEPLOYED);
  const { tasks, fleets, money } = stores(variables);
  return {
    ...telemetry,
    tasks,
    fleets,
    money,
    clock: wallClock(timeScaleFromEnvironment(environment)),
    newId: randomId,
    prices: priceSources(variables.AWS_REGION),
    mailer: sesMailer(sesClient('patient')),
    reports: new Map(parseFleets(variables.SPOTHOP_FLEETS).map((fleet) => [fleet.name, fleet.report])),
  };
};
