import { dynamoClient, sqsClient } from '../lib/aws/clients.ts';
import { dynamoInstanceStore } from '../lib/aws/instances.ts';
import { lateS3Blobs } from '../lib/aws/late-blobs.ts';
import { sqsWorkQueue } from '../lib/aws/queues.ts';
import { dynamoTaskLedger } from '../lib/aws/tasks.ts';
import { wallClock } from '../lib/clock/wall-clock.ts';
import { fleetName, type TaskId, taskId } from '../lib/fleet/ids.ts';
import type { Clock } from '../lib/ports/clock.ts';
import { submitTasks } from '../lib/workflows/submit-tasks.ts';
import type { Children } from './children.ts';
import { createNumbers } from './numbers.ts';
import { BUCKET, type Services, startServices } from './services/start-services.ts';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-west-1';
export const FLEET = fleetName('bench');

/** Everything that the measurements share. */
export interface BenchWorld {
  readonly services: Services;
  readonly children: Children;
  readonly clock: Clock;
  readonly instances: ReturnType<typeof dynamoInstanceStore>;
  readonly tasks: ReturnType<typeof dynamoTaskLedger>;
  /** What a process needs to reach the services. */
  readonly environment: Readonly<Record<string, string>>;
  /** The agent, bundled as machines get it. */
  readonly agentPath: string;
  /** For files of processes; a new one with each call. */
  newFolder(): Promise<string>;
  /** Submits as users do: rows, then messages. */
  submit(queueUrl: string, bodies: readonly string[]): Promise<readonly TaskId[]>;
  /** Progress, for whoever waits. */
  say(line: string): void;
}

const environmentFor = ({ dynamoEndpoint, queueEndpoint }: Services): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  AWS_REGION: REGION,
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_ENDPOINT_URL_DYNAMODB: dynamoEndpoint,
  AWS_ENDPOINT_URL_SQS: queueEndpoint,
  AWS_ENDPOINT_URL_S3: queueEndpoint,
});

const taskNumber = createNumbers();

const CHUNK = 200;

export type WorldOptions = Pick<BenchWorld, 'agentPath' | 'children' | 'newFolder' | 'say'>;

export const openWorld = async (options: WorldOptions): Promise<BenchWorld> => {
  const services = await startServices(options.children);
  const environment = environmentFor(services);
  // The SDK finds its endpoints, region and credentials where every process finds them.
  Object.assign(process.env, environment);
  const clock = wallClock();
  const dynamo = dynamoClient('patient');
  const sqs = sqsClient('patient', environment);
  const blobs = lateS3Blobs('patient', BUCKET);
  const tasks = dynamoTaskLedger({ client: dynamo, tableName: 'tasks' });
  const submit = async (queueUrl: string, bodies: readonly string[]): Promise<readonly TaskId[]> => {
    const all = bodies.map((body) => ({ taskId: taskId(`bench-${taskNumber()}`), body }));
    const world = { tasks, blobs, clock, queue: sqsWorkQueue({ client: sqs, queueUrl }) };
    for (let first = 0; first < all.length; first += CHUNK) {
      const { submitted: done } = await submitTasks(world, FLEET, all.slice(first, first + CHUNK));
      if (done.length < Math.min(CHUNK, all.length - first)) throw new Error('Some tasks could not be submitted.');
    }
    return all.map((task) => task.taskId);
  };
  return {
    ...options,
    services,
    clock,
    instances: dynamoInstanceStore({ client: dynamo, tableName: 'instances', account: ACCOUNT, region: REGION }),
    tasks,
    environment,
    submit,
  };
};

/** @throws Error when it does not come to that in time */
export const until = async (
  clock: Clock,
  what: string,
  limitSeconds: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> => {
  const limit = clock.now() + limitSeconds * 1_000;
  while (!(await holds())) {
    if (clock.now() > limit) throw new Error(`${what} did not come about within ${limitSeconds} s.`);
    await clock.sleep(LOOK_MS);
  }
};

const LOOK_MS = 25;
