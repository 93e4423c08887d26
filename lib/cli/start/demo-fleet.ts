import { fleetName } from '../../fleet/ids.ts';
import type { StartOptions } from './options.ts';
import { linkTask } from './own-task.ts';

export const DEMO_FLEET_NAME = fleetName('index');

export interface DemoNetwork {
  readonly subnets: Readonly<Record<string, string>>;
  readonly securityGroups: readonly string[];
  readonly instanceTypes: readonly string[];
  readonly architecture: 'arm64' | 'x86_64';
}

/** A backlog of this many tasks for each that a machine does at once keeps the fleet wanted until the batch is nearly done. */
const TARGET_BACKLOG = 2;

const DEMO_TASK = './examples/index-sources/task.ts';

const workerOf = ({ task, exec, concurrency }: StartOptions, folder: string) => {
  const program =
    exec === undefined ? { task: task === undefined ? DEMO_TASK : linkTask(task, folder) } : { command: exec };
  return { ...program, concurrency };
};

/**
 * The fleet file of the demonstration, written as a user would: JSON is YAML, and needs no quoting rules of its own.
 * Visibility is short because the batch is: a message of a killed machine comes back within the run.
 * @param folder where the file will lie
 */
export const demoFleetFile = (options: StartOptions, network: DemoNetwork, folder: string): string =>
  JSON.stringify(
    {
      version: 1,
      fleets: {
        [DEMO_FLEET_NAME]: {
          mode: 'manage',
          tier: 'bulk',
          queue: { visibilitySeconds: 60, maxFailures: 3, retryDelaySeconds: 30 },
          instanceTypes: network.instanceTypes,
          zones: Object.keys(network.subnets),
          network: { subnets: network.subnets, securityGroups: network.securityGroups },
          image: `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${network.architecture}`,
          capacity: { min: 0, max: options.instances, targetBacklog: TARGET_BACKLOG * options.concurrency },
          onDemand: { base: 0, fallback: true, max: options.instances },
          worker: workerOf(options, folder),
          report: {
            recipients: ['team@example.com'],
            from: 'spothop@example.com',
            schedule: 'cron(0 8 ? * MON *)',
            timeZone: 'UTC',
            currency: 'USD',
          },
        },
      },
    },
    undefined,
    2,
  );
