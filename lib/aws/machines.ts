import {
  DescribeFleetsCommand,
  DescribeInstancesCommand,
  type EC2Client,
  type Filter,
  type Instance,
} from '@aws-sdk/client-ec2';
import { type Ec2FleetId, type FleetName, type InstanceId, instanceId } from '../fleet/ids.ts';
import { FLEET_TAG, STACK_TAG } from '../fleet/tags.ts';
import { epochMs } from '../fleet/time.ts';
import type { DescribedMachine, MachineState, Machines } from '../ports/machines.ts';
import { sendLaunch, serialiseLaunch } from './ec2-launch.ts';
import { terminateInstances } from './ec2-terminate.ts';
import { classifyAwsError } from './errors.ts';

export interface Ec2Account {
  readonly client: EC2Client;
  /** For CreateFleet alone, whose answer may take long. */
  readonly launchClient: EC2Client;
  /** The value of the tag `spothop:stack` on everything this deployment launches. */
  readonly stackTag: string;
}

const PAGE_SIZE = 1_000;

/** A filter takes 200 values (API page DescribeInstances). */
const FILTER_VALUES_MAX = 200;

/** EC2 leaves `InstanceLifecycle` out for machines bought on demand (B18). */
const described = (instance: Instance): DescribedMachine => {
  const code = instance.StateReason?.Code;
  return {
    instanceId: instanceId(instance.InstanceId!),
    state: instance.State!.Name as MachineState,
    pool: {
      instanceType: instance.InstanceType!,
      zone: instance.Placement?.AvailabilityZone ?? '',
      purchase: instance.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
    },
    launchedAt: epochMs(instance.LaunchTime!.getTime()),
    tags: Object.fromEntries((instance.Tags ?? []).map(({ Key, Value }) => [Key!, Value ?? ''])),
    ...(code === undefined ? {} : { stateReasonCode: code }),
  };
};

/** Filters leave out what does not match, where a list of ids would fail as a whole on one that is unknown (B20). */
const describeBy = async (client: EC2Client, Filters: Filter[]): Promise<DescribedMachine[]> => {
  const machines: DescribedMachine[] = [];
  let NextToken: string | undefined;
  do {
    const page = await client.send(
      new DescribeInstancesCommand({ Filters, MaxResults: PAGE_SIZE, ...(NextToken ? { NextToken } : {}) }),
    );
    const instances = (page.Reservations ?? []).flatMap((reservation) => reservation.Instances ?? []);
    machines.push(...instances.map(described));
    NextToken = page.NextToken;
  } while (NextToken);
  return machines;
};

const describeFleet = ({ client, stackTag }: Ec2Account, fleet: FleetName): Promise<DescribedMachine[]> =>
  describeBy(client, [
    { Name: `tag:${STACK_TAG}`, Values: [stackTag] },
    { Name: `tag:${FLEET_TAG}`, Values: [fleet] },
  ]);

const describe = async ({ client }: Ec2Account, ids: readonly InstanceId[]): Promise<DescribedMachine[]> => {
  const machines: DescribedMachine[] = [];
  for (let start = 0; start < ids.length; start += FILTER_VALUES_MAX) {
    const Values = ids.slice(start, start + FILTER_VALUES_MAX);
    machines.push(...(await describeBy(client, [{ Name: 'instance-id', Values }])));
  }
  return machines;
};

/** Asked for by id: instant fleets are in no other answer (B18). */
const tokenOf = async ({ client }: Ec2Account, id: Ec2FleetId): Promise<string | undefined> => {
  try {
    const { Fleets = [] } = await client.send(new DescribeFleetsCommand({ FleetIds: [id] }));
    return Fleets.find((fleet) => fleet.FleetId === id)?.ClientToken;
  } catch (error) {
    if (classifyAwsError(error) === 'not-found') return undefined;
    throw error;
  }
};

/** EC2 in one account and Region; client tokens hold there and nowhere else (B17). */
export const ec2Machines = (account: Ec2Account): Machines => ({
  serialise: (request) => serialiseLaunch(request, account.stackTag),
  launch: (serialisedRequest) => sendLaunch(account.launchClient, serialisedRequest),
  describeFleet: (fleet) => describeFleet(account, fleet),
  describe: (ids) => describe(account, ids),
  tokenOf: (id) => tokenOf(account, id),
  terminate: (ids) => terminateInstances(account.client, ids),
});
