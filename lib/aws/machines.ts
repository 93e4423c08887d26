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
import { askInBatches } from './halving.ts';

export interface Ec2Account {
  readonly client: EC2Client;
  /** For CreateFleet alone, whose answer may take long. */
  readonly launchClient: EC2Client;
  /** The value of the tag `spothop:stack` on everything this deployment launches. */
  readonly stackTag: string;
}

const PAGE_SIZE = 1_000;

/** EC2 takes 1,000; of a smaller batch, less is asked again when it does not know one of them. */
const IDS_AT_ONCE = 100;

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

/** Page by page, always: EC2 may end a page wherever it likes (B20). */
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

/**
 * By ids and not by a filter, which leaves out silently what it does not find: that EC2 does not know an id is then its
 * own word. One unknown id fails the whole (B20).
 */
const describe = async ({ client }: Ec2Account, ids: readonly InstanceId[]): Promise<DescribedMachine[]> => {
  const found = await askInBatches<readonly DescribedMachine[]>(ids, {
    batchSize: IDS_AT_ONCE,
    ask: async (some) => {
      const { Reservations = [] } = await client.send(new DescribeInstancesCommand({ InstanceIds: [...some] }));
      return Reservations.flatMap((reservation) => reservation.Instances ?? []).map(described);
    },
    judge: (error) => (classifyAwsError(error) === 'not-found' ? { of: 'one', answer: () => [] } : { of: 'call' }),
  });
  return found.flat();
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
