import type { Purchase } from '../../fleet/pool.ts';
import { AwsError } from '../service.ts';
import type { Tags } from './launch-templates.ts';
import { type Query, refuseUnmodelled, wholeNumber } from './query.ts';

/** One override of one launch template configuration, as asked for. */
export interface FleetOverride {
  readonly instanceType?: string;
  readonly subnetId?: string;
  readonly zone?: string;
  readonly priority?: number;
  /** US dollars per hour, as written. */
  readonly maxPrice?: string;
}

export interface FleetConfiguration {
  /** Id or name. */
  readonly template: string;
  readonly version: string;
  readonly overrides: readonly FleetOverride[];
}

export type SpotStrategy = 'price-capacity-optimized' | 'lowest-price' | 'capacity-optimized';
export type OnDemandStrategy = 'lowest-price' | 'prioritized';

/** A CreateFleet request of type `instant`. */
export interface FleetRequest {
  readonly clientToken?: string;
  readonly configurations: readonly FleetConfiguration[];
  readonly total: number;
  readonly wanted: Readonly<Record<Purchase, number>>;
  readonly spotStrategy: SpotStrategy;
  readonly onDemandStrategy: OnDemandStrategy;
  readonly fleetTags: Tags;
  readonly instanceTags: Tags;
  readonly volumeTags: Tags;
  readonly networkInterfaceTags: Tags;
}

const MODELLED = [
  'ClientToken',
  'Type',
  'ExcessCapacityTerminationPolicy',
  'TagSpecification.N.ResourceType',
  'TagSpecification.N.Tag.N.Key',
  'TagSpecification.N.Tag.N.Value',
  'LaunchTemplateConfigs.N.LaunchTemplateSpecification.LaunchTemplateId',
  'LaunchTemplateConfigs.N.LaunchTemplateSpecification.LaunchTemplateName',
  'LaunchTemplateConfigs.N.LaunchTemplateSpecification.Version',
  'LaunchTemplateConfigs.N.Overrides.N.InstanceType',
  'LaunchTemplateConfigs.N.Overrides.N.SubnetId',
  'LaunchTemplateConfigs.N.Overrides.N.AvailabilityZone',
  'LaunchTemplateConfigs.N.Overrides.N.Priority',
  'LaunchTemplateConfigs.N.Overrides.N.MaxPrice',
  'TargetCapacitySpecification.TotalTargetCapacity',
  'TargetCapacitySpecification.SpotTargetCapacity',
  'TargetCapacitySpecification.OnDemandTargetCapacity',
  'TargetCapacitySpecification.DefaultTargetCapacityType',
  'SpotOptions.AllocationStrategy',
  'SpotOptions.InstanceInterruptionBehavior',
  'OnDemandOptions.AllocationStrategy',
];

/** CreateFleet accepts at most 300 overrides (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateFleet.html). */
const OVERRIDES_MAX = 300;
const CLIENT_TOKEN = /^[\x20-\x7e]{1,64}$/;

const invalid = (message: string): AwsError => new AwsError(400, 'InvalidParameterValue', message);

const oneOf = <Value extends string>(query: Query, name: string, values: readonly Value[]): Value => {
  const text = query.text(name) ?? values[0]!;
  if ((values as readonly string[]).includes(text)) return text as Value;
  throw invalid(`Value (${text}) for parameter ${name} is invalid. The local cloud models ${values.join(', ')}.`);
};

/** AWS keeps the prefix for itself: a user can neither set nor copy `aws:ec2:fleet-id`. */
const checkTag = (key: string): void => {
  if (!key.toLowerCase().startsWith('aws:')) return;
  throw invalid(
    `Value ( ${key} ) for parameter key is invalid. Tag keys starting with 'aws:' are reserved for internal use`,
  );
};

const requestTags = (query: Query, resourceType: string): Tags =>
  Object.fromEntries(
    query
      .items('TagSpecification')
      .filter((specification) => specification.text('ResourceType') === resourceType)
      .flatMap((specification) => specification.items('Tag'))
      .map((tag) => {
        const key = tag.required('Key');
        checkTag(key);
        return [key, tag.text('Value') ?? ''];
      }),
  );

const parseOverride = (query: Query): FleetOverride => {
  const texts = {
    instanceType: query.text('InstanceType'),
    subnetId: query.text('SubnetId'),
    zone: query.text('AvailabilityZone'),
    maxPrice: query.text('MaxPrice'),
  };
  const priority = query.text('Priority');
  return {
    ...(Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== undefined)) as FleetOverride),
    ...(priority === undefined ? {} : { priority: Number(priority) }),
  };
};

const parseConfiguration = (query: Query): FleetConfiguration => {
  const template =
    query.text('LaunchTemplateSpecification.LaunchTemplateId') ??
    query.required('LaunchTemplateSpecification.LaunchTemplateName');
  const overrides = query.items('Overrides').map(parseOverride);
  return {
    template,
    version: query.text('LaunchTemplateSpecification.Version') ?? '$Default',
    overrides: overrides.length > 0 ? overrides : [{}],
  };
};

/** Spot and on-demand targets as written; what they leave of the total goes to the default type. */
const parseWanted = (query: Query, total: number): Readonly<Record<Purchase, number>> => {
  const capacity = 'TargetCapacitySpecification';
  const spot = wholeNumber(query, `${capacity}.SpotTargetCapacity`, 0);
  const onDemand = wholeNumber(query, `${capacity}.OnDemandTargetCapacity`, 0);
  const rest = total - spot - onDemand;
  if (rest < 0) throw invalid('SpotTargetCapacity and OnDemandTargetCapacity together exceed TotalTargetCapacity.');
  const byDefault = oneOf(query, `${capacity}.DefaultTargetCapacityType`, ['on-demand', 'spot']);
  return {
    spot: spot + (byDefault === 'spot' ? rest : 0),
    'on-demand': onDemand + (byDefault === 'on-demand' ? rest : 0),
  };
};

const parseToken = (query: Query): { readonly clientToken?: string } => {
  const clientToken = query.text('ClientToken');
  if (clientToken === undefined) return {};
  if (!CLIENT_TOKEN.test(clientToken)) throw invalid('ClientToken must be 1 to 64 ASCII characters.');
  return { clientToken };
};

const requireInstant = (query: Query): void => {
  if (query.text('Type') === 'instant') return;
  throw new AwsError(
    400,
    'UnsupportedOperation',
    'The local cloud models only fleets of Type instant. Set Type to instant.',
  );
};

export const parseFleetRequest = (query: Query): FleetRequest => {
  refuseUnmodelled(query, MODELLED);
  requireInstant(query);
  oneOf(query, 'SpotOptions.InstanceInterruptionBehavior', ['terminate']);
  const configurations = query.items('LaunchTemplateConfigs').map(parseConfiguration);
  if (configurations.length === 0)
    throw new AwsError(400, 'MissingParameter', 'The request must contain LaunchTemplateConfigs');
  const overrideCount = configurations.reduce((sum, one) => sum + one.overrides.length, 0);
  if (overrideCount > OVERRIDES_MAX)
    throw invalid(`A request may have at most ${OVERRIDES_MAX} overrides; this one has ${overrideCount}.`);
  query.required('TargetCapacitySpecification.TotalTargetCapacity');
  const total = wholeNumber(query, 'TargetCapacitySpecification.TotalTargetCapacity', 0);
  return {
    ...parseToken(query),
    configurations,
    total,
    wanted: parseWanted(query, total),
    // AWS's own default is lowest-price; it is named here so that leaving it out means the same.
    spotStrategy: oneOf(query, 'SpotOptions.AllocationStrategy', [
      'lowest-price',
      'price-capacity-optimized',
      'capacity-optimized',
    ]),
    onDemandStrategy: oneOf(query, 'OnDemandOptions.AllocationStrategy', ['lowest-price', 'prioritized']),
    fleetTags: requestTags(query, 'fleet'),
    instanceTags: requestTags(query, 'instance'),
    volumeTags: requestTags(query, 'volume'),
    networkInterfaceTags: requestTags(query, 'network-interface'),
  };
};

/** Two requests mean the same when every parameter but the token is the same. */
export const requestFingerprint = (query: Query): string =>
  JSON.stringify(
    query
      .names()
      .filter((name) => name !== 'ClientToken' && name !== 'DryRun')
      .sort()
      .map((name) => [name, query.text(name)]),
  );
