import { fileURLToPath } from 'node:url';
import { aliveFile } from './agent/alive-file.ts';
import { type AgentConfiguration, readAgentConfiguration } from './agent/configuration.ts';
import { execRunner } from './agent/exec-runner.ts';
import { createImds } from './agent/imds.ts';
import { jsonLog } from './agent/json-log.ts';
import type { TaskRunner } from './agent/runner.ts';
import { folderMachineState, STATE_FOLDER_DEFAULT } from './agent/state-folder.ts';
import { supervisedProgram } from './agent/supervised-program.ts';
import { startHostRunner } from './agent/task-host-runner.ts';
import type { AgentPorts } from './agent/world.ts';
import { type DateListener, dynamoClient, sqsClient } from './aws/clients.ts';
import { dynamoInstanceStore } from './aws/instances.ts';
import { lateS3Blobs } from './aws/late-blobs.ts';
import { sqsDeadLetters, sqsWakeQueue, sqsWorkQueue } from './aws/queues.ts';
import { dynamoTaskLedger } from './aws/tasks.ts';
import { randomId } from './clock/new-id.ts';
import { createServiceClock } from './clock/service-clock.ts';
import { timeScaleFromEnvironment, wallClock } from './clock/wall-clock.ts';
import { wallTimeout } from './clock/wall-timeout.ts';
import type { Environment } from './config/environment.ts';
import { IMDS_TIMEOUT_SECONDS } from './fleet/limits.ts';
import { secondsToMs } from './fleet/time.ts';

/** However fast service time runs, an answer over loopback takes real time on a busy machine. */
const IMDS_TIMEOUT_WALL_MS_MIN = 250;

/** An agent's ports made real, and what it was told. */
export interface AgentWorld {
  readonly configuration: AgentConfiguration;
  readonly ports: AgentPorts;
}

/** A machine with a supervised program takes no tasks. */
const noRunner: TaskRunner = {
  name: 'supervised',
  run: async () => ({ kind: 'hand-back', reason: 'this machine runs another system’s work' }),
};

/** What is started again to host the tasks: `bin/agent.ts`, or the one bundled file that this code is part of. */
const agentEntryPoint = (): string => {
  const isBundled = !import.meta.url.endsWith('/lib/wiring-agent.ts');
  return fileURLToPath(isBundled ? import.meta.url : new URL('../bin/agent.ts', import.meta.url));
};

const createWorker = async (
  { worker, settings, stateFolder }: AgentConfiguration,
  environment: Environment,
  { clock, log }: Pick<AgentPorts, 'clock' | 'log'>,
): Promise<Pick<AgentPorts, 'runner' | 'supervised'>> => {
  if ('taskFile' in worker) {
    const command = { entryPoint: agentEntryPoint(), taskFile: worker.taskFile, environment };
    return { runner: await startHostRunner({ command, clock, wall: wallClock(), log }) };
  }
  const { fleet } = settings;
  const shared = { environment, fleet, clock, log, ...(stateFolder === undefined ? {} : { stateFolder }) };
  if ('command' in worker) return { runner: execRunner({ ...shared, command: worker.command, wall: wallClock() }) };
  return { runner: noRunner, supervised: supervisedProgram({ ...shared, command: worker.supervised }) };
};

const awsPorts = (configuration: AgentConfiguration, environment: Environment, dates: DateListener) => {
  const { account, region } = configuration;
  const dynamo = dynamoClient('signal', dates);
  const sqs = sqsClient('signal', environment, dates);
  // Long polls would occupy the connections, and the patience, that everything else needs.
  const receiving = sqsClient('long-poll', environment, dates);
  const sending = sqsWorkQueue({ client: sqs, queueUrl: configuration.queueUrl });
  const polling = sqsWorkQueue({ client: receiving, queueUrl: configuration.queueUrl });
  return {
    instances: dynamoInstanceStore({ client: dynamo, tableName: configuration.instancesTable, account, region }),
    tasks: dynamoTaskLedger({ client: dynamo, tableName: configuration.tasksTable }),
    queue: { ...sending, receive: polling.receive },
    deadLetters: sqsDeadLetters({ client: sqs, queueUrl: configuration.deadLetterQueueUrl }),
    wakes: sqsWakeQueue({ client: sqs, queueUrl: configuration.wakeQueueUrl }),
    blobs: lateS3Blobs('patient', configuration.contentBucket),
  };
};

/** The agent's composition root. @throws InvalidConfiguration, or why its task cannot be loaded */
export const agentWorld = async (environment: Environment): Promise<AgentWorld> => {
  const configuration = readAgentConfiguration(environment);
  const scale = timeScaleFromEnvironment(environment);
  const clock = createServiceClock({ scale });
  const log = jsonLog(clock, 'agent', (line) => process.stdout.write(line));
  const timeoutMs = Math.max(IMDS_TIMEOUT_WALL_MS_MIN, secondsToMs(IMDS_TIMEOUT_SECONDS) / scale.timeFactor);
  const timeout = () => wallTimeout(timeoutMs);
  const imds = createImds({ endpoint: configuration.metadataEndpoint, clock, log, timeout });
  const worker = await createWorker(configuration, environment, { clock, log });
  return {
    configuration,
    ports: {
      clock,
      log,
      newId: randomId,
      imds,
      machineState: folderMachineState({ folder: configuration.stateFolder ?? STATE_FOLDER_DEFAULT, log }),
      tellAlive: aliveFile(configuration.aliveFile, log),
      ...worker,
      ...awsPorts(configuration, environment, clock),
    },
  };
};
