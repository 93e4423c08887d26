import { type AgentConfiguration, readAgentConfiguration } from './agent/configuration.ts';
import { execRunner } from './agent/exec-runner.ts';
import { createImds } from './agent/imds.ts';
import { jsonLog } from './agent/json-log.ts';
import { loadTaskFile, moduleRunner } from './agent/module-runner.ts';
import type { TaskRunner } from './agent/runner.ts';
import type { AgentPorts } from './agent/world.ts';
import { s3Blobs } from './aws/blobs.ts';
import { dynamoClient, s3Client, sqsClient } from './aws/clients.ts';
import { dynamoInstanceStore } from './aws/instances.ts';
import { sqsDeadLetters, sqsWakeQueue, sqsWorkQueue } from './aws/queues.ts';
import { dynamoTaskLedger } from './aws/tasks.ts';
import { randomId } from './clock/new-id.ts';
import { timeScaleFromEnvironment, wallClock } from './clock/wall-clock.ts';
import { wallTimeout } from './clock/wall-timeout.ts';
import type { Environment } from './config/environment.ts';
import { IMDS_TIMEOUT_SECONDS } from './fleet/limits.ts';
import { secondsToMs } from './fleet/time.ts';
import type { Clock } from './ports/clock.ts';

/** However fast service time runs, an answer over loopback takes real time on a busy machine. */
const IMDS_TIMEOUT_WALL_MS_MIN = 250;

/** An agent's ports made real, and what it was told. */
export interface AgentWorld {
  readonly configuration: AgentConfiguration;
  readonly ports: AgentPorts;
}

const createRunner = async (
  { worker }: AgentConfiguration,
  environment: Environment,
  clock: Clock,
): Promise<TaskRunner> =>
  'taskFile' in worker
    ? moduleRunner(await loadTaskFile(worker.taskFile))
    : execRunner({ command: worker.command, environment, clock });

const awsPorts = (configuration: AgentConfiguration, environment: Environment) => {
  const { account, region } = configuration;
  const dynamo = dynamoClient('signal');
  const sqs = sqsClient('signal', environment);
  // Long polls would occupy the connections, and the patience, that everything else needs.
  const receiving = sqsClient('long-poll', environment);
  const sending = sqsWorkQueue({ client: sqs, queueUrl: configuration.queueUrl });
  const polling = sqsWorkQueue({ client: receiving, queueUrl: configuration.queueUrl });
  return {
    instances: dynamoInstanceStore({ client: dynamo, tableName: configuration.instancesTable, account, region }),
    tasks: dynamoTaskLedger({ client: dynamo, tableName: configuration.tasksTable }),
    queue: { ...sending, receive: polling.receive },
    deadLetters: sqsDeadLetters({ client: sqs, queueUrl: configuration.deadLetterQueueUrl }),
    wakes: sqsWakeQueue({ client: sqs, queueUrl: configuration.wakeQueueUrl }),
    blobs: s3Blobs({ client: s3Client('patient'), bucket: configuration.contentBucket }),
  };
};

/** The agent's composition root. @throws InvalidConfiguration, or why its task cannot be loaded */
export const agentWorld = async (environment: Environment): Promise<AgentWorld> => {
  const configuration = readAgentConfiguration(environment);
  const scale = timeScaleFromEnvironment(environment);
  const clock = wallClock(scale);
  const log = jsonLog(clock, 'agent', (line) => process.stdout.write(line));
  const timeoutMs = Math.max(IMDS_TIMEOUT_WALL_MS_MIN, secondsToMs(IMDS_TIMEOUT_SECONDS) / scale.timeFactor);
  const timeout = () => wallTimeout(timeoutMs);
  const imds = createImds({ endpoint: configuration.metadataEndpoint, clock, log, timeout });
  const runner = await createRunner(configuration, environment, clock);
  return {
    configuration,
    ports: { clock, log, newId: randomId, imds, runner, ...awsPorts(configuration, environment) },
  };
};
