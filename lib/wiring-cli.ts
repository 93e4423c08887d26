import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { s3Blobs } from './aws/blobs.ts';
import { explainAwsError } from './aws/explain-error.ts';
import { dynamoFleetStore } from './aws/fleets.ts';
import { dynamoInstanceStore } from './aws/instances.ts';
import { dynamoMoneyLedger } from './aws/money-ledger.ts';
import { sqsWakeQueue, sqsWorkQueue } from './aws/queues.ts';
import { regionalClients } from './aws/regional-clients.ts';
import { type DeployedStack, readStack } from './aws/stack-outputs.ts';
import { dynamoTaskListing } from './aws/task-listing.ts';
import { dynamoTaskLedger } from './aws/tasks.ts';
import { machineRandom } from './clock/random.ts';
import { timeScaleFromEnvironment, wallClock } from './clock/wall-clock.ts';
import type { Environment } from './config/environment.ts';
import type { FleetPools } from './config/fleet-pools.ts';
import type { DeployedFleet } from './config/fleet-settings.ts';
import { type FleetName, fleetName } from './fleet/ids.ts';
import type { Blobs } from './ports/blobs.ts';
import type { Clock } from './ports/clock.ts';
import type { FleetStore } from './ports/fleets.ts';
import type { InstanceStore } from './ports/instances.ts';
import type { MoneyLedger, Prices } from './ports/money.ts';
import type { WakeQueue, WorkQueue } from './ports/queues.ts';
import type { TaskListing } from './ports/task-listing.ts';
import type { TaskLedger } from './ports/tasks.ts';
import { patiently, type Retry } from './workflows/retry.ts';

export type { ExplainedError } from './aws/explain-error.ts';
export { explainAwsError } from './aws/explain-error.ts';

/** What submitting to a fleet, or operating its tasks, needs. */
export interface TaskService {
  readonly clock: Clock;
  readonly tasks: TaskLedger;
  readonly listing: TaskListing;
  readonly instances: InstanceStore;
  readonly blobs: Blobs;
  readonly wakes: WakeQueue;
  readonly retry: Retry;
  readonly fleetNames: readonly FleetName[];
  /** @throws UnknownFleet, here and below */
  readonly queue: (fleet: FleetName) => WorkQueue;
  readonly deadLetters: (fleet: FleetName) => WorkQueue;
  /** Where the fleet's bodies carry their ids, from its `queue.taskIdPath`. */
  readonly taskIdPath: (fleet: FleetName) => string | undefined;
}

/** A deployed service as the command line reaches it: with the caller's own credentials, by the stack's outputs. */
export interface DeployedService extends TaskService {
  readonly fleets: FleetStore;
  readonly money: MoneyLedger;
  /** Runs the report function for one period. @throws with the function's own words when it fails */
  readonly makeReport: (request: {
    readonly fleet: FleetName;
    readonly key: string;
    readonly from: number;
    readonly to: number;
  }) => Promise<void>;
}

/** What looking at prices needs. */
export interface PriceService {
  readonly clock: Clock;
  readonly fleets: Pick<FleetStore, 'read' | 'prices'>;
  readonly fleetNames: readonly FleetName[];
  /** @throws UnknownFleet */
  readonly poolsOf: (fleet: FleetName) => FleetPools;
  readonly prices: Prices;
}

/** The stack has no fleet of that name. */
export class UnknownFleet extends Error {
  override readonly name = 'UnknownFleet';
  constructor(fleet: string, deployed: readonly string[]) {
    super(`No fleet ${fleet} is deployed; there is: ${deployed.join(', ')}.`);
  }
}

/** The stack was deployed by a version that did not write this output. */
export class MissingOutput extends Error {
  override readonly name = 'MissingOutput';
  constructor(output: string) {
    super(`The stack has no output ${output}: run serverless deploy with this version.`);
  }
}

type Outputs = Readonly<Record<string, string>>;

const output = (outputs: Outputs, name: string): string => {
  const value = outputs[name];
  if (value === undefined) throw new MissingOutput(name);
  return value;
};

const reportMaker =
  (client: LambdaClient, functionName: string): DeployedService['makeReport'] =>
  async (request) => {
    const answer = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) }),
    );
    if (answer.FunctionError === undefined) return;
    throw new Error(`The report function failed: ${answer.Payload?.transformToString().slice(0, 500)}`);
  };

/** What `deploy/fleet-tasks.ts` writes among the outputs. */
interface FleetTasks {
  readonly deadLetterQueueUrl: string;
  readonly taskIdPath?: string;
}

const fleetsOf = (outputs: Outputs) => {
  const resources = JSON.parse(output(outputs, 'FleetResources')) as Record<string, DeployedFleet>;
  const names = Object.keys(resources);
  const found = <Value>(all: Readonly<Record<string, Value>>, fleet: FleetName): Value => {
    if (Object.hasOwn(all, fleet)) return all[fleet]!;
    throw new UnknownFleet(fleet, names);
  };
  const tasks = () => JSON.parse(output(outputs, 'FleetTasks')) as Record<string, FleetTasks>;
  return {
    names: names.map(fleetName),
    queueUrl: (fleet: FleetName) => found(resources, fleet).queueUrl,
    tasks: (fleet: FleetName) => found(tasks(), fleet),
  };
};

/** Reads credentials and endpoint from the environment, as every AWS client does. */
export const deployedService = (
  environment: Environment,
  outputs: Outputs,
  place: { readonly account: string; readonly region: string },
): DeployedService => {
  const { dynamo, sqs, s3, lambda } = regionalClients(place.region, environment);
  const clock = wallClock(timeScaleFromEnvironment(environment));
  const fleets = fleetsOf(outputs);
  const tasksTable = { client: dynamo, tableName: output(outputs, 'TasksTableName') };
  const isLasting = (error: unknown): boolean => explainAwsError(error)?.isLasting ?? true;
  return {
    clock,
    tasks: dynamoTaskLedger(tasksTable),
    listing: dynamoTaskListing({ ...tasksTable, now: clock.now }),
    instances: dynamoInstanceStore({ client: dynamo, tableName: output(outputs, 'InstancesTableName'), ...place }),
    fleets: dynamoFleetStore({ client: dynamo, tableName: output(outputs, 'FleetsTableName') }),
    money: dynamoMoneyLedger({ client: dynamo, tableName: output(outputs, 'LedgerTableName') }),
    blobs: s3Blobs({ client: s3, bucket: output(outputs, 'ContentBucketName') }),
    wakes: sqsWakeQueue({ client: sqs, queueUrl: output(outputs, 'WakeQueueUrl') }),
    retry: patiently({ clock, random: machineRandom, isLasting }),
    fleetNames: fleets.names,
    queue: (fleet) => sqsWorkQueue({ client: sqs, queueUrl: fleets.queueUrl(fleet) }),
    deadLetters: (fleet) => sqsWorkQueue({ client: sqs, queueUrl: fleets.tasks(fleet).deadLetterQueueUrl }),
    taskIdPath: (fleet) => fleets.tasks(fleet).taskIdPath,
    makeReport: reportMaker(lambda, output(outputs, 'ReportFunctionName')),
  };
};

/** As `service` and the default stage of `serverless.yml` make it. */
export const STACK_DEFAULT = 'spothop-production';

/** Which stack is meant: the name given, else SPOTHOP_STACK, else the default one; in the Region given or the usual one. */
export interface StackChoice {
  readonly stack?: string | undefined;
  readonly region?: string | undefined;
}

const readChosenStack = (environment: Environment, choice: StackChoice): Promise<DeployedStack> =>
  readStack(choice.stack ?? environment['SPOTHOP_STACK'] ?? STACK_DEFAULT, choice.region);

/** @throws what `explainAwsError` explains, or MissingOutput */
export const connectService = async (environment: Environment, choice: StackChoice = {}): Promise<DeployedService> => {
  const { outputs, account, region } = await readChosenStack(environment, choice);
  return deployedService(environment, outputs, { account, region });
};

/** Prices are asked of EC2 and of the price list, whose clients no other command needs. @throws as `connectService` */
export const connectPrices = async (environment: Environment, choice: StackChoice = {}): Promise<PriceService> => {
  const stack = await readChosenStack(environment, choice);
  const { clock, fleets, fleetNames } = deployedService(environment, stack.outputs, stack);
  const pools = JSON.parse(output(stack.outputs, 'FleetPools')) as Record<string, FleetPools>;
  const { regionalPrices } = await import('./aws/regional-prices.ts');
  return {
    clock,
    fleets,
    fleetNames,
    prices: regionalPrices(stack.region),
    poolsOf: (fleet) => {
      if (Object.hasOwn(pools, fleet)) return pools[fleet]!;
      throw new UnknownFleet(fleet, fleetNames);
    },
  };
};
