import { fleetName } from '../fleet/ids.ts';
import type { FleetSource, FleetSourceInput } from './fleet-schema.ts';
import type {
  AttachSpecification,
  FleetSpecification,
  NetworkSpecification,
  QueueSource,
  QueueSpecification,
  ReportSpecification,
  TaskIdSource,
  WorkerProgram,
} from './fleet-specification.ts';
import { type Architecture, architectureOf } from './instance-type.ts';

const SECONDS_PER_MINUTE = 60;

/** Amazon Linux 2023 (https://docs.aws.amazon.com/linux/al2023/ug/ec2.html#launch-via-aws-cli). */
const defaultImage = (architecture: Architecture): string =>
  `/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture}`;

/** A zone's Region: the zone without its letter, and without a local zone's own part. */
export const regionOf = (zone: string): string => /^[a-z]{2}(?:-[a-z]+)+?-\d+/.exec(zone)?.[0] ?? zone;

/** The architecture that the user states, or else the one that the types are of. */
export const architectureFor = (stated: Architecture | undefined, instanceTypes: readonly string[]): Architecture =>
  stated ?? instanceTypes.map(architectureOf).find((known) => known !== undefined) ?? 'arm64';

/** Subnets given as a list belong to the zones in their order. */
const subnetsByZone = (
  subnets: readonly string[] | Readonly<Record<string, string>>,
  zones: readonly string[],
): Readonly<Record<string, string>> =>
  isList(subnets) ? Object.fromEntries(zones.map((zone, index) => [zone, subnets[index]!])) : { ...subnets };

const isList = (value: unknown): value is readonly string[] => Array.isArray(value);

const taskIdSource = ({ taskIdPath, taskIdAttribute }: FleetSource['queue']): TaskIdSource => {
  if (taskIdPath !== undefined) return { kind: 'body-path', keys: taskIdPath.replace(/^\$\./, '').split('.') };
  return taskIdAttribute === undefined ? { kind: 'message-id' } : { kind: 'attribute', name: taskIdAttribute };
};

const queueSource = ({ url, arn }: FleetSource['queue']): QueueSource =>
  url === undefined || arn === undefined ? { kind: 'own' } : { kind: 'given', url, arn };

const buildQueue = (queue: FleetSource['queue']): QueueSpecification => ({
  source: queueSource(queue),
  taskId: taskIdSource(queue),
  visibilitySeconds: queue.visibilitySeconds,
  maxFailures: queue.maxFailures,
  retryDelaySeconds: queue.retryDelaySeconds,
});

const buildAttach = ({
  autoScalingGroup,
  lifecycleHook,
  targetGroups,
}: FleetSource['attach']): AttachSpecification => ({
  ...(autoScalingGroup !== undefined && { autoScalingGroup }),
  ...(lifecycleHook !== undefined && { lifecycleHook }),
  targetGroups,
});

const buildReport = ({ from, currency, ...rest }: FleetSource['report']): ReportSpecification => {
  const stated = typeof currency === 'string' ? { code: currency } : currency;
  return { ...rest, ...(from !== undefined && { from }), currency: { code: stated.code, perUsd: rateOf(stated) } };
};

const rateOf = (currency: { readonly code: string; readonly perUsd?: number | undefined }): number =>
  currency.perUsd ?? 1;

const buildProgram = ({ command, task, supervise }: FleetSource['worker']): WorkerProgram => {
  if (command !== undefined) return { kind: 'command', command };
  return supervise === undefined ? { kind: 'task', path: task! } : { kind: 'supervise', command: supervise };
};

const programSourceOf = (program: WorkerProgram): Pick<FleetSource['worker'], 'command' | 'task' | 'supervise'> => {
  if (program.kind === 'command') return { command: program.command };
  return program.kind === 'task' ? { task: program.path } : { supervise: program.command };
};

/** A checked fleet in its final form. Only for a source that no rule found an error in. */
export const buildSpecification = (name: string, source: FleetSource): FleetSpecification => {
  const { mode, tier, instanceTypes, zones, capacity, upgrade, tags } = source;
  const { marginSeconds, windowSeconds, rebalance, waryMinutes } = source.drain;
  const { setup, maximumAgeHours, concurrency } = source.worker;
  const architecture = architectureFor(source.architecture, instanceTypes);
  return {
    name: fleetName(name),
    ...{ mode, tier, region: regionOf(zones[0]!) },
    ...(source.windowHours !== undefined && { windowHours: source.windowHours }),
    queue: buildQueue(source.queue),
    attach: buildAttach(source.attach),
    ...{ instanceTypes, architecture, image: source.image ?? defaultImage(architecture), zones },
    network: {
      subnets: source.network ? subnetsByZone(source.network.subnets, zones) : {},
      securityGroups: source.network?.securityGroups ?? [],
    },
    ...{ capacity, upgrade, tags, spot: source.spot },
    onDemand: { ...source.onDemand, max: source.onDemand.max ?? capacity.max },
    drain: { marginSeconds, windowSeconds, rebalance, warySeconds: waryMinutes * SECONDS_PER_MINUTE },
    worker: {
      program: buildProgram(source.worker),
      concurrency,
      ...(setup !== undefined && { setup }),
      maximumAgeHours,
    },
    report: buildReport(source.report),
  };
};

const queueSourceOf = ({ source, taskId, ...rest }: QueueSpecification): FleetSourceInput['queue'] => ({
  ...rest,
  ...(source.kind === 'given' && { url: source.url, arn: source.arn }),
  ...(taskId.kind === 'body-path' && { taskIdPath: taskId.keys.join('.') }),
  ...(taskId.kind === 'attribute' && { taskIdAttribute: taskId.name }),
});

const reportSourceOf = ({ recipients, currency, ...rest }: ReportSpecification): FleetSourceInput['report'] => ({
  ...rest,
  recipients: [...recipients],
  currency: currency.code === 'USD' ? 'USD' : { ...currency },
});

const networkSourceOf = ({ subnets, securityGroups }: NetworkSpecification): Pick<FleetSourceInput, 'network'> =>
  securityGroups.length === 0 ? {} : { network: { subnets: { ...subnets }, securityGroups: [...securityGroups] } };

/** Only what the instance types do not already tell. */
const imageSourceOf = ({ image, architecture, instanceTypes }: FleetSpecification) => ({
  ...(architecture !== architectureFor(undefined, instanceTypes) && { architecture }),
  ...(image !== defaultImage(architecture) && { image }),
});

/** The way back: the fleet as a file would have it. */
export const sourceOf = (fleet: FleetSpecification): FleetSourceInput => {
  const { mode, tier, capacity, upgrade, spot, onDemand } = fleet;
  const { program, ...worker } = fleet.worker;
  const { warySeconds, ...drain } = fleet.drain;
  return {
    ...{ mode, tier, capacity, upgrade, spot },
    ...(fleet.windowHours !== undefined && { windowHours: fleet.windowHours }),
    ...imageSourceOf(fleet),
    ...networkSourceOf(fleet.network),
    instanceTypes: [...fleet.instanceTypes],
    zones: [...fleet.zones],
    allowSingleZone: fleet.zones.length === 1,
    queue: queueSourceOf(fleet.queue),
    attach: { ...fleet.attach, targetGroups: [...fleet.attach.targetGroups] },
    onDemand: { ...onDemand, max: onDemand.max === capacity.max ? undefined : onDemand.max },
    drain: { ...drain, waryMinutes: warySeconds / SECONDS_PER_MINUTE },
    worker: { ...worker, ...programSourceOf(program) },
    report: reportSourceOf(fleet.report),
    tags: { ...fleet.tags },
  };
};
