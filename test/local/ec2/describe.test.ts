import {
  CreateFleetCommand,
  DescribeAvailabilityZonesCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSpotPriceHistoryCommand,
  DescribeSubnetsCommand,
  paginateDescribeInstances,
  paginateDescribeSpotPriceHistory,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { localSubnetId } from '../../../lib/local/ec2/network.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';
import { type Ec2Cloud, openEc2Cloud } from './ec2-cloud.ts';

const START = Date.UTC(2026, 0, 5);
const HOUR = 3_600_000;

let clock: ManualClock;
let cloud: Ec2Cloud;
let template: string;

beforeEach(async () => {
  clock = manualClock(START);
  cloud = await openEc2Cloud({ clock });
  template = await cloud.makeTemplate();
});
afterEach(() => cloud.close());

const launch = async (count: number, kind: 'spot' | 'on-demand', tag = 'x'): Promise<readonly string[]> => {
  const answer = await cloud.client.send(
    new CreateFleetCommand({
      Type: 'instant',
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '1' },
          Overrides: [{ InstanceType: 'c5.large', SubnetId: localSubnetId(0) }],
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: count, DefaultTargetCapacityType: kind },
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'spothop:fleet', Value: tag }] }],
    }),
  );
  return answer.Instances!.flatMap((group) => group.InstanceIds!);
};

const describeIds = async (input: DescribeInstancesCommandInput) => {
  const answer = await cloud.client.send(new DescribeInstancesCommand(input));
  return answer.Reservations!.flatMap((reservation) => reservation.Instances!.map((instance) => instance.InstanceId!));
};

describe('DescribeInstances', () => {
  test('filters by tag, tag key, state and life cycle', async () => {
    const spot = await launch(2, 'spot', 'one');
    const onDemand = await launch(1, 'on-demand', 'two');
    expect(await describeIds({ Filters: [{ Name: 'tag:spothop:fleet', Values: ['two', 'three'] }] })).toEqual(onDemand);
    expect(await describeIds({ Filters: [{ Name: 'tag-key', Values: ['spothop:*'] }] })).toHaveLength(3);
    expect(await describeIds({ Filters: [{ Name: 'instance-lifecycle', Values: ['spot'] }] })).toEqual(spot);
    expect(await describeIds({ Filters: [{ Name: 'instance-state-name', Values: ['running'] }] })).toEqual([]);
    await clock.advance(60_000);
    expect(await describeIds({ Filters: [{ Name: 'instance-state-name', Values: ['running'] }] })).toHaveLength(3);
    await expect(describeIds({ Filters: [{ Name: 'colour', Values: ['red'] }] })).rejects.toMatchObject({
      name: 'InvalidParameterValue',
    });
  });

  test('pages, and every machine comes once', async () => {
    const launched = await launch(4, 'spot');
    const seen: string[] = [];
    for await (const page of paginateDescribeInstances({ client: cloud.client, pageSize: 3 }, {})) {
      seen.push(...page.Reservations!.flatMap((one) => one.Instances!.map((instance) => instance.InstanceId!)));
    }
    expect(seen).toEqual(launched);
  });

  test('fails as a whole for an unknown or malformed id', async () => {
    const [known] = await launch(1, 'spot');
    const unknown = 'i-0123456789abcdef0';
    await expect(describeIds({ InstanceIds: [known!, unknown] })).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
      message: `The instance ID '${unknown}' does not exist`,
      $metadata: { httpStatusCode: 400 },
    });
    await expect(describeIds({ InstanceIds: ['i-zz'] })).rejects.toMatchObject({ name: 'InvalidInstanceID.Malformed' });
  });

  test('shows a terminated machine for an hour with who ended it, and then forgets it', async () => {
    const [id] = await launch(1, 'spot');
    await clock.advance(60_000);
    await cloud.client.send(new TerminateInstancesCommand({ InstanceIds: [id!] }));
    await clock.advance(5_000);
    const answer = await cloud.client.send(new DescribeInstancesCommand({ InstanceIds: [id!] }));
    expect(answer.Reservations![0]!.Instances![0]).toMatchObject({
      State: { Code: 48, Name: 'terminated' },
      StateReason: {
        Code: 'Client.UserInitiatedShutdown',
        Message: 'Client.UserInitiatedShutdown: User initiated shutdown',
      },
      StateTransitionReason: 'User initiated (2026-01-05 00:01:00 GMT)',
      LaunchTime: new Date(START),
      InstanceType: 'c5.large',
      SubnetId: localSubnetId(0),
      Placement: { AvailabilityZone: 'us-east-1a' },
    });
    await clock.advance(HOUR);
    await expect(describeIds({ InstanceIds: [id!] })).rejects.toMatchObject({ name: 'InvalidInstanceID.NotFound' });
  });
});

describe('TerminateInstances', () => {
  test('terminates none when one id is unknown', async () => {
    const ids = await launch(2, 'spot');
    const bad = [...ids, 'i-0123456789abcdef0'];
    await expect(cloud.client.send(new TerminateInstancesCommand({ InstanceIds: bad }))).rejects.toMatchObject({
      name: 'InvalidInstanceID.NotFound',
    });
    expect(cloud.part.runningMachines()).toHaveLength(2);
  });

  test('may be repeated', async () => {
    const [id] = await launch(1, 'on-demand');
    const end = () => cloud.client.send(new TerminateInstancesCommand({ InstanceIds: [id!] }));
    const first = await end();
    expect(first.TerminatingInstances).toEqual([
      {
        InstanceId: id,
        CurrentState: { Code: 32, Name: 'shutting-down' },
        PreviousState: { Code: 0, Name: 'pending' },
      },
    ]);
    await clock.advance(10_000);
    const second = await end();
    expect(second.TerminatingInstances).toMatchObject([{ CurrentState: { Name: 'terminated' } }]);
    expect(cloud.lines('machine', 'end')).toHaveLength(1);
  });
});

describe('DescribeSpotPriceHistory', () => {
  test('begins with the price in force at the start and gives every price as text with six decimals', async () => {
    await clock.advance(30 * HOUR);
    const from = START + 20 * HOUR;
    const answer = await cloud.client.send(
      new DescribeSpotPriceHistoryCommand({
        StartTime: new Date(from),
        InstanceTypes: ['c5.large'],
        AvailabilityZone: 'us-east-1a',
        ProductDescriptions: ['Linux/UNIX'],
      }),
    );
    const times = answer.SpotPriceHistory!.map((price) => price.Timestamp!.getTime());
    expect(times).toEqual([...times].sort((one, other) => other - one));
    expect(times.filter((time) => time <= from)).toHaveLength(1);
    expect(times.length).toBeGreaterThan(1);
    for (const price of answer.SpotPriceHistory!) expect(price.SpotPrice).toMatch(/^0\.0\d{5}$/);
  });

  test('gives nothing for products that the market does not have, and pages over the rest', async () => {
    const windows = await cloud.client.send(new DescribeSpotPriceHistoryCommand({ ProductDescriptions: ['Windows'] }));
    expect(windows.SpotPriceHistory).toEqual([]);
    const pools: string[] = [];
    const input = { StartTime: new Date(START) };
    for await (const page of paginateDescribeSpotPriceHistory({ client: cloud.client, pageSize: 5 }, input)) {
      pools.push(...page.SpotPriceHistory!.map((price) => `${price.InstanceType}/${price.AvailabilityZone}`));
    }
    expect(pools).toHaveLength(18);
    expect(new Set(pools).size).toBe(18);
  });
});

describe('the built-in network and the templates', () => {
  test('have one subnet in each zone of the market', async () => {
    const { Subnets } = await cloud.client.send(new DescribeSubnetsCommand({}));
    expect(Subnets!.map((subnet) => [subnet.SubnetId, subnet.AvailabilityZone])).toEqual([
      [localSubnetId(0), 'us-east-1a'],
      [localSubnetId(1), 'us-east-1b'],
      [localSubnetId(2), 'us-east-1c'],
    ]);
    for (const subnet of Subnets!) expect(subnet.SubnetId).toMatch(/^subnet-[0-9a-f]{17}$/);
    const zones = await cloud.client.send(new DescribeAvailabilityZonesCommand({}));
    expect(zones.AvailabilityZones!.map((zone) => zone.State)).toEqual(['available', 'available', 'available']);
    const groups = await cloud.client.send(new DescribeSecurityGroupsCommand({}));
    expect(groups.SecurityGroups).toMatchObject([{ GroupName: 'default', VpcId: Subnets![0]!.VpcId }]);
    await expect(cloud.client.send(new DescribeSubnetsCommand({ SubnetIds: ['subnet-1'] }))).rejects.toMatchObject({
      name: 'InvalidSubnetID.NotFound',
    });
  });

  test('keep every version of a launch template, and CloudFormation cannot move the default', async () => {
    const provider = cloud.part.providers[0]!;
    const input = (InstanceType: string) => ({
      logicalId: 'Other',
      stackName: 'test',
      properties: { LaunchTemplateData: { InstanceType } },
    });
    const made = await provider.create(input('c5.large'));
    const updated = await provider.update!(input('m5.large'), made);
    expect(updated.ref).toBe(made.ref);
    expect(updated.attributes).toMatchObject({ LatestVersionNumber: '2', DefaultVersionNumber: '1' });
    const unchanged = await provider.update!(input('m5.large'), updated);
    expect(unchanged.attributes['LatestVersionNumber']).toBe('2');
    const versions = await cloud.client.send(
      new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: made.ref, Versions: ['$Latest', '$Default'] }),
    );
    expect(
      versions.LaunchTemplateVersions!.map((one) => [
        one.VersionNumber,
        one.DefaultVersion,
        one.LaunchTemplateData!.InstanceType,
      ]),
    ).toEqual([
      [1, true, 'c5.large'],
      [2, false, 'm5.large'],
    ]);
  });

  test('refuse a call that is not modelled, and say which are', async () => {
    await expect(cloud.client.send(new DescribeImagesCommand({}))).rejects.toMatchObject({
      name: 'InvalidAction',
      message: expect.stringContaining('CreateFleet'),
    });
  });
});
