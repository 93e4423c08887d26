import { CreateFleetCommand, DescribeInstancesCommand, TerminateInstancesCommand } from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { localSubnetId } from '../../../lib/local/ec2/network.ts';
import type { PolicyStatement } from '../../../lib/local/service.ts';
import { manualClock } from '../../support/manual-clock.ts';
import { type Ec2Cloud, MACHINE_ROLE_ARN, openEc2Cloud, roleCaller } from './ec2-cloud.ts';

const EC2_ARN = 'arn:aws:ec2:us-east-1:000000000000';
const REQUEST_TAG = { StringEquals: { 'aws:RequestTag/spothop:stack': 'test' } };
const RESOURCE_TAG = { StringEquals: { 'aws:ResourceTag/spothop:stack': 'test' } };

/** What a launcher needs and no more: the pattern of reliability section E. */
const LAUNCHER: Readonly<Record<string, PolicyStatement>> = {
  fleet: { Effect: 'Allow', Action: 'ec2:CreateFleet', Resource: `${EC2_ARN}:fleet/*`, Condition: REQUEST_TAG },
  runTagged: {
    Effect: 'Allow',
    Action: 'ec2:RunInstances',
    Resource: ['instance', 'volume', 'network-interface'].map((type) => `${EC2_ARN}:${type}/*`),
    Condition: REQUEST_TAG,
  },
  runTemplate: {
    Effect: 'Allow',
    Action: 'ec2:RunInstances',
    Resource: `${EC2_ARN}:launch-template/*`,
    Condition: RESOURCE_TAG,
  },
  runRest: {
    Effect: 'Allow',
    Action: 'ec2:RunInstances',
    Resource: [`${EC2_ARN}:subnet/*`, `${EC2_ARN}:security-group/*`, 'arn:aws:ec2:us-east-1::image/*'],
  },
  tag: {
    Effect: 'Allow',
    Action: 'ec2:CreateTags',
    Resource: `${EC2_ARN}:*/*`,
    Condition: { StringEquals: { 'ec2:CreateAction': 'CreateFleet', 'aws:RequestTag/spothop:stack': 'test' } },
  },
  pass: {
    Effect: 'Allow',
    Action: 'iam:PassRole',
    Resource: MACHINE_ROLE_ARN,
    Condition: { StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
  },
};

const OUR_TAG = [{ Key: 'spothop:stack', Value: 'test' }];

let cloud: Ec2Cloud;
let template: string;

beforeEach(async () => {
  cloud = await openEc2Cloud({ clock: manualClock(Date.UTC(2026, 0, 5)) });
  template = await cloud.makeTemplate();
});
afterEach(() => cloud.close());

const launchWith = (statements: readonly PolicyStatement[], tags = OUR_TAG) =>
  cloud.clientOf(roleCaller(cloud, 'Launcher', statements)).send(
    new CreateFleetCommand({
      Type: 'instant',
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '1' },
          Overrides: [{ InstanceType: 'c5.large', SubnetId: localSubnetId(0) }],
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' },
      TagSpecifications: (['fleet', 'instance', 'volume', 'network-interface'] as const).map((ResourceType) => ({
        ResourceType,
        Tags: tags,
      })),
    }),
  );

const without = (name: string): readonly PolicyStatement[] =>
  Object.entries(LAUNCHER)
    .filter(([key]) => key !== name)
    .map(([, statement]) => statement);

describe('the launcher', () => {
  test('launches with exactly what the pattern grants', async () => {
    const answer = await launchWith(Object.values(LAUNCHER));
    expect(answer.Errors).toEqual([]);
    expect(answer.Instances).toHaveLength(1);
  });

  test.each(['runTagged', 'runTemplate', 'runRest', 'pass'])(
    'without its statement %s gets UnauthorizedOperation inside the errors of an answer with status 200',
    async (missing) => {
      const answer = await launchWith(without(missing));
      expect(answer.$metadata.httpStatusCode).toBe(200);
      expect(answer.Instances).toEqual([]);
      expect(answer.Errors).toMatchObject([{ ErrorCode: 'UnauthorizedOperation', Lifecycle: 'spot' }]);
      expect(answer.Errors![0]!.ErrorMessage).toContain(missing === 'pass' ? 'iam:PassRole' : 'ec2:RunInstances');
    },
  );

  test.each(['fleet', 'tag'])('without its statement %s is refused outright', async (missing) => {
    await expect(launchWith(without(missing))).rejects.toMatchObject({
      name: 'UnauthorizedOperation',
      $metadata: { httpStatusCode: 403 },
    });
  });

  test('cannot launch machines that carry another tag than ours', async () => {
    const stranger = [{ Key: 'spothop:stack', Value: 'other' }];
    await expect(launchWith(Object.values(LAUNCHER), stranger)).rejects.toMatchObject({
      name: 'UnauthorizedOperation',
    });
  });
});

describe('who may terminate by tag', () => {
  const ending: PolicyStatement = {
    Effect: 'Allow',
    Action: 'ec2:TerminateInstances',
    Resource: `${EC2_ARN}:instance/*`,
    Condition: RESOURCE_TAG,
  };

  test('ends our machines, and none when one of them is not ours', async () => {
    const ours = (await launchWith(Object.values(LAUNCHER))).Instances![0]!.InstanceIds![0]!;
    const everything: PolicyStatement = { Effect: 'Allow', Action: '*', Resource: '*' };
    const theirs = (await launchWith([everything], [{ Key: 'spothop:stack', Value: 'other' }])).Instances![0]!
      .InstanceIds![0]!;
    const client = cloud.clientOf(roleCaller(cloud, 'Ender', [ending]));
    await expect(client.send(new TerminateInstancesCommand({ InstanceIds: [ours, theirs] }))).rejects.toMatchObject({
      name: 'UnauthorizedOperation',
    });
    expect(cloud.part.runningMachines()).toHaveLength(2);
    await client.send(new TerminateInstancesCommand({ InstanceIds: [ours] }));
    expect(cloud.part.runningMachines().map((machine) => machine.instanceId)).toEqual([theirs]);
  });
});

test('describing needs the action on every resource, in the region asked', async () => {
  const inRegion = (region: string): PolicyStatement => ({
    Effect: 'Allow',
    Action: 'ec2:Describe*',
    Resource: '*',
    Condition: { StringEquals: { 'aws:RequestedRegion': region } },
  });
  const here = cloud.clientOf(roleCaller(cloud, 'Here', [inRegion('us-east-1')]));
  await expect(here.send(new DescribeInstancesCommand({}))).resolves.toMatchObject({ Reservations: [] });
  const elsewhere = cloud.clientOf(roleCaller(cloud, 'Elsewhere', [inRegion('eu-west-1')]));
  await expect(elsewhere.send(new DescribeInstancesCommand({}))).rejects.toMatchObject({
    name: 'UnauthorizedOperation',
  });
});
