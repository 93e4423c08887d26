import type { Machine } from '../machines/machine.ts';
import { AwsError, LOCAL_ACCOUNT, type LocalResponse } from '../service.ts';
import { pageOf } from './paging.ts';
import { type Query, refuseDryRun, refuseUnmodelled } from './query.ts';
import { type Ec2State, forgetOldMachines, privateIpOf } from './state.ts';
import { tagItems, type XmlValue, xmlAnswer, xmlTime } from './xml.ts';

/** https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html */
const STATE_CODES = { pending: 0, running: 16, 'shutting-down': 32, terminated: 48 } as const;

const stateItem = (state: Machine['state']): XmlValue => ({ code: STATE_CODES[state], name: state });

/** As EC2 words it; empty for a machine that has not ended. */
const transitionReason = (machine: Machine): string => {
  if (machine.shuttingDownAt === undefined || machine.stateReason === undefined) return '';
  if (machine.stateReason.code !== 'Client.UserInitiatedShutdown') return machine.stateReason.message;
  return `User initiated (${xmlTime(machine.shuttingDownAt).slice(0, 19).replace('T', ' ')} GMT)`;
};

const profileItem = (profile: string | undefined): XmlValue =>
  profile === undefined
    ? undefined
    : { arn: profile.startsWith('arn:') ? profile : `arn:aws:iam::${LOCAL_ACCOUNT}:instance-profile/${profile}` };

const instanceItem = (state: Ec2State, machine: Machine): XmlValue => {
  const { launch } = machine;
  return {
    instanceId: launch.instanceId,
    imageId: launch.imageId,
    instanceState: stateItem(machine.state),
    privateDnsName: '',
    dnsName: '',
    reason: transitionReason(machine),
    amiLaunchIndex: 0,
    instanceType: launch.instanceType,
    launchTime: xmlTime(launch.launchedAt),
    placement: { availabilityZone: launch.zone, groupName: '', tenancy: 'default' },
    monitoring: { state: 'disabled' },
    subnetId: launch.subnetId,
    vpcId: state.network.vpcId,
    privateIpAddress: machine.state === 'terminated' ? undefined : privateIpOf(state, launch),
    groupSet: launch.securityGroupIds.map((groupId) => ({ groupId, groupName: groupId })),
    stateReason: machine.stateReason && { ...machine.stateReason },
    architecture: 'x86_64',
    iamInstanceProfile: profileItem(launch.instanceProfile),
    // Absent for on-demand machines: clients tell the two apart by its presence.
    instanceLifecycle: launch.purchase === 'spot' ? 'spot' : undefined,
    spotInstanceRequestId: launch.spotRequestId,
    tagSet: tagItems(launch.tags),
    metadataOptions: { state: 'applied', httpTokens: 'required', httpPutResponseHopLimit: 1, httpEndpoint: 'enabled' },
  };
};

type Filter = (machine: Machine, values: readonly string[]) => boolean;

/** Filter values may hold `*` and `?`. */
const matches = (pattern: string, value: string | undefined): boolean => {
  if (value === undefined) return false;
  const expression = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(value);
};

const some =
  (read: (machine: Machine) => string | undefined): Filter =>
  (machine, values) =>
    values.some((pattern) => matches(pattern, read(machine)));

const FILTERS: Readonly<Record<string, Filter>> = {
  'instance-id': some((machine) => machine.launch.instanceId),
  'instance-state-name': some((machine) => machine.state),
  'instance-type': some((machine) => machine.launch.instanceType),
  'availability-zone': some((machine) => machine.launch.zone),
  'subnet-id': some((machine) => machine.launch.subnetId),
  'instance-lifecycle': some((machine) => (machine.launch.purchase === 'spot' ? 'spot' : undefined)),
  'tag-key': (machine, values) =>
    values.some((pattern) => Object.keys(machine.launch.tags).some((key) => matches(pattern, key))),
};

const filterNamed = (name: string): Filter => {
  if (name.startsWith('tag:')) return some((machine) => machine.launch.tags[name.slice('tag:'.length)]);
  const filter = Object.hasOwn(FILTERS, name) ? FILTERS[name] : undefined;
  if (filter) return filter;
  throw new AwsError(400, 'InvalidParameterValue', `The filter '${name}' is invalid`);
};

const INSTANCE_ID = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;

const requireKnown = (state: Ec2State, instanceIds: readonly string[]): void => {
  const malformed = instanceIds.find((id) => !INSTANCE_ID.test(id));
  if (malformed !== undefined) throw new AwsError(400, 'InvalidInstanceID.Malformed', `Invalid id: "${malformed}"`);
  const unknown = instanceIds.filter((id) => !state.machines.has(id));
  if (unknown.length === 0) return;
  const [noun, verb] = unknown.length === 1 ? ['ID', 'does'] : ['IDs', 'do'];
  throw new AwsError(
    400,
    'InvalidInstanceID.NotFound',
    `The instance ${noun} '${unknown.join(', ')}' ${verb} not exist`,
  );
};

const wantedMachines = (state: Ec2State, query: Query): readonly Machine[] => {
  const instanceIds = query.texts('InstanceId');
  requireKnown(state, instanceIds);
  if (instanceIds.length > 0 && query.text('MaxResults') !== undefined) {
    throw new AwsError(
      400,
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
  }
  const filters = query
    .items('Filter')
    .map((filter) => ({ filter: filterNamed(filter.required('Name')), values: filter.texts('Value') }));
  return [...state.machines.values()].filter(
    (machine) =>
      (instanceIds.length === 0 || instanceIds.includes(machine.launch.instanceId)) &&
      filters.every(({ filter, values }) => filter(machine, values)),
  );
};

export const describeInstances = (state: Ec2State, query: Query): LocalResponse => {
  refuseUnmodelled(query, ['InstanceId.N', 'Filter.N.Name', 'Filter.N.Value.N', 'MaxResults', 'NextToken']);
  refuseDryRun(query);
  forgetOldMachines(state);
  const page = pageOf(query, wantedMachines(state, query), (machine) => machine.launch.instanceId);
  return xmlAnswer('DescribeInstances', state.identifiers.request(), {
    // Each machine in a reservation of its own; its id is the machine's with another prefix.
    reservationSet: page.items.map((machine) => ({
      reservationId: machine.launch.instanceId.replace(/^i-/, 'r-'),
      ownerId: LOCAL_ACCOUNT,
      groupSet: [],
      instancesSet: [instanceItem(state, machine)],
    })),
    nextToken: page.nextToken,
  });
};

/** TerminateInstances takes at most 1,000 ids; one unknown id and none is terminated. */
export const terminateInstances = (state: Ec2State, query: Query): LocalResponse => {
  refuseUnmodelled(query, ['InstanceId.N']);
  const instanceIds = [...new Set(query.texts('InstanceId'))];
  if (instanceIds.length === 0)
    throw new AwsError(400, 'MissingParameter', 'The request must contain the parameter InstanceId');
  forgetOldMachines(state);
  requireKnown(state, instanceIds);
  refuseDryRun(query);
  const items = instanceIds.map((instanceId) => {
    const machine = state.machines.get(instanceId)!;
    const previousState = stateItem(machine.state);
    void machine.end('user');
    return { instanceId, currentState: stateItem(machine.state), previousState };
  });
  return xmlAnswer('TerminateInstances', state.identifiers.request(), { instancesSet: items });
};
