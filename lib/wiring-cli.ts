import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { s3Blobs } from './aws/blobs.ts';
import { clientSettings, dynamoClient, s3Client, sqsClient } from './aws/clients.ts';
import { dynamoFleetStore } from './aws/fleets.ts';
import { dynamoInstanceStore } from './aws/instances.ts';
import { dynamoMoneyLedger } from './aws/money-ledger.ts';
import { sqsWakeQueue, sqsWorkQueue } from './aws/queues.ts';
import { dynamoTaskLedger } from './aws/tasks.ts';
import { timeScaleFromEnvironment, wallClock } from './clock/wall-clock.ts';
import type { Environment } from './config/environment.ts';
import type { DeployedFleet } from './config/fleet-settings.ts';
import type { FleetName } from './fleet/ids.ts';
import type { Blobs } from './ports/blobs.ts';
import type { Clock } from './ports/clock.ts';
import type { FleetStore } from './ports/fleets.ts';
import type { InstanceStore } from './ports/instances.ts';
import type { MoneyLedger } from './ports/money.ts';
import type { WakeQueue, WorkQueue } from './ports/queues.ts';
import type { TaskLedger } from './ports/tasks.ts';

/** A deployed service as the command line reaches it: with the caller's own credentials, by the stack's outputs. */
export interface DeployedService {
  readonly clock: Clock;
  readonly tasks: TaskLedger;
  readonly instances: InstanceStore;
  readonly fleets: FleetStore;
  readonly money: MoneyLedger;
  readonly blobs: Blobs;
  readonly wakes: WakeQueue;
  readonly queue: (fleet: FleetName) => WorkQueue;
  /** Runs the report function for one period. @throws with the function's own words when it fails */
  readonly makeReport: (request: {
    readonly fleet: FleetName;
    readonly key: string;
    readonly from: number;
    readonly to: number;
  }) => Promise<void>;
}

const output = (outputs: Readonly<Record<string, string>>, name: string): string => {
  const value = outputs[name];
  if (value === undefined) throw new Error(`The stack has no output ${name}: run serverless deploy with this version.`);
  return value;
};

const reportMaker =
  (functionName: string): DeployedService['makeReport'] =>
  async (request) => {
    const client = new LambdaClient(clientSettings('patient'));
    const answer = await client.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(request) }),
    );
    if (answer.FunctionError === undefined) return;
    throw new Error(`The report function failed: ${answer.Payload?.transformToString().slice(0, 500)}`);
  };

/** Reads region, credentials and endpoint from the environment, as every AWS client does. */
export const deployedService = (
  environment: Environment,
  outputs: Readonly<Record<string, string>>,
  place: { readonly account: string; readonly region: string },
): DeployedService => {
  const dynamo = dynamoClient('patient');
  const sqs = sqsClient('patient', environment);
  const fleets = JSON.parse(output(outputs, 'FleetResources')) as Record<string, DeployedFleet>;
  return {
    clock: wallClock(timeScaleFromEnvironment(environment)),
    tasks: dynamoTaskLedger({ client: dynamo, tableName: output(outputs, 'TasksTableName') }),
    instances: dynamoInstanceStore({ client: dynamo, tableName: output(outputs, 'InstancesTableName'), ...place }),
    fleets: dynamoFleetStore({ client: dynamo, tableName: output(outputs, 'FleetsTableName') }),
    money: dynamoMoneyLedger({ client: dynamo, tableName: output(outputs, 'LedgerTableName') }),
    blobs: s3Blobs({ client: s3Client('patient'), bucket: output(outputs, 'ContentBucketName') }),
    wakes: sqsWakeQueue({ client: sqs, queueUrl: output(outputs, 'WakeQueueUrl') }),
    queue: (fleet) => {
      const deployed = fleets[fleet];
      if (deployed === undefined)
        throw new Error(`No fleet ${fleet} is deployed; there is: ${Object.keys(fleets).join(', ')}.`);
      return sqsWorkQueue({ client: sqs, queueUrl: deployed.queueUrl });
    },
    makeReport: reportMaker(output(outputs, 'ReportFunctionName')),
  };
};
