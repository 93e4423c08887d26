import {
  CreateFleetCommand,
  type CreateFleetCommandInput,
  DescribeFleetsCommand,
  DescribeInstancesCommand,
} from '@aws-sdk/client-ec2';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { epochMs } from '../../../lib/fleet/time.ts';
import { localSubnetId } from '../../../lib/local/ec2/network.ts';
import { createMarket } from '../../../lib/market/market.ts';
import { exampleMarket } from '../../../lib/market/settings.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';
import { type Ec2Cloud, openEc2Cloud } from './ec2-cloud.ts';

const START = Date.UTC(2026, 0, 5);
const CALM = { restlessness: 0, poolMachines: { least: 3, most: 3 } } as const;

let clock: ManualClock;
let cloud: Ec2Cloud;
let template: string;

const open = async (options: Partial<Parameters<typeof openEc2Cloud>[0]> = {}): Promise<void> => {
  clock = manualClock(START);
  cloud = await openEc2Cloud({ clock, market: exampleMarket(7, epochMs(START), CALM), ...options });
  template = await cloud.makeTemplate();
};

beforeEach(() => open());
afterEach(() => cloud.close());

const override = (instanceType: string, zoneIndex: number) => ({
  InstanceType: instanceType as 'c5.large',
  SubnetId: localSubnetId(zoneIndex),
});

const request = (changes: Partial<CreateFleetCommandInput> = {}): CreateFleetCommandInput => ({
  Type: 'instant',
  LaunchTemplateConfigs: [
    {
      LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '1' },
      Overrides: [override('c5.large', 0), override('m5.large', 1)],
    },
  ],
  TargetCapacitySpecification: { TotalTargetCapacity: 2, DefaultTargetCapacityType: 'spot' },
  SpotOptions: { AllocationStrategy: 'price-capacity-optimized' },
  ...changes,
});

const create = (changes: Partial<CreateFleetCommandInput> = {}) =>
  cloud.client.send(new CreateFleetCommand(request(changes)));

const idsOf = (answer: { Instances?: { InstanceIds?: string[] | undefined }[] | undefined }) =>
  (answer.Instances ?? []).flatMap((group) => group.InstanceIds ?? []);

describe('CreateFleet of type instant', () => {
  test('launches what is asked for, in the cheapest pool that can give all of it', async () => {
    const answer = await create();
    const market = createMarket(exampleMarket(7, epochMs(START), CALM));
    const prices = [
      market.priceAt({ instanceType: 'c5.large', zone: 'us-east-1a' }, epochMs(START)),
      market.priceAt({ instanceType: 'm5.large', zone: 'us-east-1b' }, epochMs(START)),
    ];
    const cheapest = prices[0]! <= prices[1]! ? 'c5.large' : 'm5.large';
    expect(answer.FleetId).toMatch(/^fleet-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/);
    expect(answer.Errors).toEqual([]);
    expect(answer.Instances).toMatchObject([{ InstanceType: cheapest, Lifecycle: 'spot' }]);
    expect(idsOf(answer)).toHaveLength(2);
    for (const id of idsOf(answer)) expect(id).toMatch(/^i-[0-9a-f]{17}$/);
  });

  test('tags machines with the fleet id itself, merges template and request tags, and says spot only of spot', async () => {
    const answer = await create({
      TargetCapacitySpecification: {
        TotalTargetCapacity: 2,
        SpotTargetCapacity: 1,
        OnDemandTargetCapacity: 1,
        DefaultTargetCapacityType: 'spot',
      },
      TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'spothop:intent', Value: 'a & <b>' }] }],
    });
    const described = await cloud.client.send(new DescribeInstancesCommand({ InstanceIds: idsOf(answer) }));
    const instances = described.Reservations!.flatMap((reservation) => reservation.Instances!);
    expect(instances.map((one) => one.InstanceLifecycle).sort()).toEqual(['spot', undefined]);
    for (const instance of instances) {
      const tags = Object.fromEntries(instance.Tags!.map((tag) => [tag.Key, tag.Value]));
      expect(tags).toEqual({
        from: 'template',
        'spothop:intent': 'a & <b>',
        'aws:ec2:fleet-id': answer.FleetId,
        'aws:ec2launchtemplate:id': template,
        'aws:ec2launchtemplate:version': '1',
      });
      expect(instance.SpotInstanceRequestId !== undefined).toBe(instance.InstanceLifecycle === 'spot');
    }
  });

  test('gives what there is and names each pool that fell short', async () => {
    const answer = await create({
      TargetCapacitySpecification: { TotalTargetCapacity: 8, DefaultTargetCapacityType: 'spot' },
    });
    expect(idsOf(answer)).toHaveLength(6);
    expect(answer.Errors).toHaveLength(2);
    for (const error of answer.Errors!) {
      expect(error).toMatchObject({ ErrorCode: 'InsufficientInstanceCapacity', Lifecycle: 'spot' });
      expect(error.LaunchTemplateAndOverrides?.Overrides?.SubnetId).toMatch(/^subnet-0a10/);
    }
    const again = await create({
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' },
    });
    expect(idsOf(again)).toEqual([]);
    expect(again.Errors).toHaveLength(2);
  });

  test('gives on-demand machines when spot has none', async () => {
    await create({ TargetCapacitySpecification: { TotalTargetCapacity: 6, DefaultTargetCapacityType: 'spot' } });
    const answer = await create({
      TargetCapacitySpecification: { TotalTargetCapacity: 3, DefaultTargetCapacityType: 'on-demand' },
    });
    expect(idsOf(answer)).toHaveLength(3);
    expect(answer.Instances![0]).toMatchObject({ Lifecycle: 'on-demand', InstanceType: 'c5.large' });
  });

  test('stops at the vCPU limit of on-demand machines, over all types together', async () => {
    await cloud.close();
    await open({ onDemandLimitVcpu: 5 });
    const answer = await create({
      TargetCapacitySpecification: { TotalTargetCapacity: 4, DefaultTargetCapacityType: 'on-demand' },
    });
    expect(idsOf(answer)).toHaveLength(2);
    expect(new Set(answer.Errors!.map((error) => error.ErrorCode))).toEqual(new Set(['VcpuLimitExceeded']));
  });

  test('answers the same token with the same machines, and launches nothing more', async () => {
    const first = await create({ ClientToken: 'intent-1' });
    const second = await create({ ClientToken: 'intent-1' });
    expect(second.FleetId).toBe(first.FleetId);
    expect(idsOf(second)).toEqual(idsOf(first));
    expect(cloud.part.runningMachines()).toHaveLength(2);
  });

  test('refuses the same token with other parameters', async () => {
    await create({ ClientToken: 'intent-1' });
    const other = {
      TargetCapacitySpecification: { TotalTargetCapacity: 3, DefaultTargetCapacityType: 'spot' as const },
    };
    await expect(create({ ClientToken: 'intent-1', ...other })).rejects.toMatchObject({
      name: 'IdempotentParameterMismatch',
      $metadata: { httpStatusCode: 400 },
    });
  });

  test('launches nothing in a dry run', async () => {
    await expect(create({ DryRun: true })).rejects.toMatchObject({
      name: 'DryRunOperation',
      $metadata: { httpStatusCode: 412 },
    });
    expect(cloud.part.runningMachines()).toEqual([]);
  });

  test('reports a price limit below the market, a wrong type and an unknown subnet for each override', async () => {
    const answer = await create({
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '$Latest' },
          Overrides: [
            { ...override('c5.large', 0), MaxPrice: '0.000001' },
            override('c5.lrage', 0),
            { InstanceType: 'c5.large', SubnetId: 'subnet-0123456789abcdef0' },
          ],
        },
      ],
    });
    expect(idsOf(answer)).toEqual([]);
    expect(answer.Errors!.map((error) => error.ErrorCode).sort()).toEqual([
      'InvalidFleetConfiguration',
      'InvalidSubnetID.NotFound',
      'SpotMaxPriceTooLow',
    ]);
  });

  test('refuses tags that only AWS may set, unknown templates and versions, and parameters that are not modelled', async () => {
    const stolen = [{ ResourceType: 'instance' as const, Tags: [{ Key: 'aws:ec2:fleet-id', Value: 'fleet-1' }] }];
    await expect(create({ TagSpecifications: stolen })).rejects.toMatchObject({ name: 'InvalidParameterValue' });
    const config = (LaunchTemplateId: string, Version: string) => ({
      LaunchTemplateConfigs: [{ LaunchTemplateSpecification: { LaunchTemplateId, Version } }],
    });
    await expect(create(config('lt-00000000000000000', '1'))).rejects.toMatchObject({
      name: 'InvalidLaunchTemplateId.NotFound',
    });
    await expect(create(config(template, '9'))).rejects.toMatchObject({
      name: 'InvalidLaunchTemplateId.VersionNotFound',
    });
    await expect(create({ ValidUntil: new Date(START) })).rejects.toThrow('does not model the parameter ValidUntil');
    await expect(create({ Type: 'maintain' })).rejects.toThrow('only fleets of Type instant');
  });

  test('offers every zone when an override names none', async () => {
    const answer = await create({
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateId: template, Version: '1' },
          Overrides: [{ InstanceType: 'c5.large' }],
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: 9, DefaultTargetCapacityType: 'spot' },
    });
    expect(idsOf(answer)).toHaveLength(9);
    expect(new Set(cloud.part.runningMachines().map((machine) => machine.zone)).size).toBe(3);
  });
});

describe('DescribeFleets', () => {
  test('shows an instant fleet only when asked for by id, with its token, tags, machines and errors', async () => {
    const tags = [{ ResourceType: 'fleet' as const, Tags: [{ Key: 'spothop:fleet', Value: 'demo' }] }];
    const made = await create({ ClientToken: 'intent-7', TagSpecifications: tags });
    const all = await cloud.client.send(new DescribeFleetsCommand({}));
    expect(all.Fleets).toEqual([]);
    const one = await cloud.client.send(new DescribeFleetsCommand({ FleetIds: [made.FleetId!] }));
    expect(one.Fleets).toMatchObject([
      {
        FleetId: made.FleetId,
        ClientToken: 'intent-7',
        FleetState: 'active',
        ActivityStatus: 'fulfilled',
        FulfilledCapacity: 2,
        Type: 'instant',
        Tags: [{ Key: 'spothop:fleet', Value: 'demo' }],
        TargetCapacitySpecification: { TotalTargetCapacity: 2, SpotTargetCapacity: 2, OnDemandTargetCapacity: 0 },
      },
    ]);
    expect(idsOf({ Instances: one.Fleets![0]!.Instances as { InstanceIds?: string[] }[] })).toEqual(idsOf(made));
    await expect(cloud.client.send(new DescribeFleetsCommand({ FleetIds: ['fleet-nowhere'] }))).rejects.toMatchObject({
      name: 'InvalidFleetId.NotFound',
    });
  });
});
