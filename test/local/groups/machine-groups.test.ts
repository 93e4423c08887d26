import {
  AttachInstancesCommand,
  AutoScalingClient,
  CompleteLifecycleActionCommand,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  DetachInstancesCommand,
  PutLifecycleHookCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import { CreateFleetCommand, DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { ElasticLoadBalancingV2Client, RegisterTargetsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import { type Ec2Part, ec2Service } from '../../../lib/local/ec2/ec2-service.ts';
import { localNetwork } from '../../../lib/local/ec2/network.ts';
import { machineGroups } from '../../../lib/local/groups/machine-groups.ts';
import { exampleMarket } from '../../../lib/market/settings.ts';
import { idleProcesses, USER_DATA } from '../ec2/ec2-cloud.ts';
import { seededRandom, startTestCloud, type TestCloud } from '../support/cloud.ts';

/** Service time flies: a boot of half a minute takes a twentieth of a second. */
const TIME_FACTOR = 600;

const NOW = wallClock().now();
const MARKET = exampleMarket(7, NOW, { restlessness: 0 });

let cloud: TestCloud;
let ec2: Ec2Part;
let machines: EC2Client;
let scaling: AutoScalingClient;
let balancing: ElasticLoadBalancingV2Client;

beforeAll(async () => {
  cloud = await startTestCloud({
    timeFactor: TIME_FACTOR,
    timeOriginMs: NOW,
    extraServices: (context) => {
      ec2 = ec2Service(context, {
        market: MARKET,
        projectFolder: context.stateFolder,
        fetchProgram: async () => 'agent.mjs',
        processes: idleProcesses(),
      });
      return [ec2, machineGroups(context, ec2, seededRandom(11))];
    },
  });
  const settings = cloud.clientConfiguration();
  machines = new EC2Client(settings);
  scaling = new AutoScalingClient(settings);
  balancing = new ElasticLoadBalancingV2Client(settings);
  const ImageId = 'ami-0123456789abcdef0';
  const UserData = Buffer.from(USER_DATA).toString('base64');
  const LaunchTemplateData = { ImageId, UserData, InstanceInitiatedShutdownBehavior: 'terminate' };
  const properties = { LaunchTemplateName: 'theirs', LaunchTemplateData };
  await ec2.providers[0]!.create({ logicalId: 'Theirs', stackName: 'theirs', properties });
});
afterAll(() => cloud.close());

const soon = <T>(look: () => T | Promise<T>) => expect.poll(look, { timeout: 10_000, interval: 20 });

const launch = async (): Promise<string> => {
  const { Instances } = await machines.send(
    new CreateFleetCommand({
      Type: 'instant',
      LaunchTemplateConfigs: [
        {
          LaunchTemplateSpecification: { LaunchTemplateName: 'theirs', Version: '$Latest' },
          Overrides: [
            {
              InstanceType: MARKET.types[0]!.instanceType as never,
              SubnetId: localNetwork(MARKET.zones).subnets[0]!.subnetId,
            },
          ],
        },
      ],
      TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'on-demand' },
    }),
  );
  const id = Instances![0]!.InstanceIds![0]!;
  await soon(() => ec2.machine(id)?.isRunning).toBe(true);
  return id;
};

const makeGroup = async (AutoScalingGroupName: string): Promise<void> => {
  await scaling.send(new CreateAutoScalingGroupCommand({ AutoScalingGroupName, MinSize: 0, MaxSize: 5 }));
};

const groupNamed = async (name: string) =>
  (await scaling.send(new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [name] }))).AutoScalingGroups![0]!;

const inGroup = async (AutoScalingGroupName: string): Promise<string> => {
  const id = await launch();
  await scaling.send(new AttachInstancesCommand({ AutoScalingGroupName, InstanceIds: [id] }));
  return id;
};

const taggedFor = async (name: string): Promise<(string | undefined)[]> => {
  const Filters = [{ Name: 'tag:aws:autoscaling:groupName', Values: [name] }];
  const { Reservations = [] } = await machines.send(new DescribeInstancesCommand({ Filters }));
  return Reservations.flatMap(({ Instances = [] }) => Instances.map(({ InstanceId }) => InstanceId));
};

const endBy = async (InstanceId: string): Promise<void> => {
  const asked = { InstanceId, ShouldDecrementDesiredCapacity: true };
  await scaling.send(new TerminateInstanceInAutoScalingGroupCommand(asked));
};

describe('a machine of a group of the local cloud', () => {
  it('bears the group’s name as EC2’s own tag for as long as it belongs to it', async () => {
    await makeGroup('tagged');
    const id = await inGroup('tagged');
    expect(await taggedFor('tagged')).toEqual([id]);
    const asked = { AutoScalingGroupName: 'tagged', InstanceIds: [id] };
    await scaling.send(new DetachInstancesCommand({ ...asked, ShouldDecrementDesiredCapacity: false }));
    expect(await taggedFor('tagged')).toEqual([]);
    expect(await groupNamed('tagged')).toMatchObject({ DesiredCapacity: 1 });
    expect(ec2.machine(id)?.isRunning).toBe(true);
  });

  it('is missing in it once it has ended by itself', async () => {
    await makeGroup('left');
    const id = await inGroup('left');
    ec2.machine(id)!.end();
    await soon(async () => ((await groupNamed('left')).Instances ?? []).length).toBe(0);
    expect(await groupNamed('left')).toMatchObject({ DesiredCapacity: 1 });
  });

  it('that the group ends goes at once where no hook waits', async () => {
    await makeGroup('hookless');
    const id = await inGroup('hookless');
    await endBy(id);
    await soon(() => ec2.machine(id)?.isRunning).toBe(false);
    expect(await groupNamed('hookless')).toMatchObject({ DesiredCapacity: 0 });
  });

  it('that the group ends goes when its hook has waited long enough', async () => {
    await makeGroup('patient');
    const LifecycleTransition = 'autoscaling:EC2_INSTANCE_TERMINATING';
    const named = { AutoScalingGroupName: 'patient', LifecycleHookName: 'spothop' };
    await scaling.send(new PutLifecycleHookCommand({ ...named, LifecycleTransition, HeartbeatTimeout: 1_800 }));
    const id = await inGroup('patient');
    await endBy(id);
    expect((await groupNamed('patient')).Instances).toMatchObject([{ LifecycleState: 'Terminating:Wait' }]);
    await soon(() => ec2.machine(id)?.isRunning).toBe(false);
    const late = new CompleteLifecycleActionCommand({ ...named, LifecycleActionResult: 'CONTINUE', InstanceId: id });
    await expect(scaling.send(late)).rejects.toThrow(`No active Lifecycle Action found with instance ID ${id}`);
  });
});

describe('whoever asks', () => {
  it('is refused as AWS refuses: an unknown group, machine, hook or action', async () => {
    await makeGroup('known');
    const nobody = { InstanceIds: ['i-0123456789abcdef0'], ShouldDecrementDesiredCapacity: false };
    const detach = (AutoScalingGroupName: string) =>
      scaling.send(new DetachInstancesCommand({ AutoScalingGroupName, ...nobody }));
    await expect(detach('unknown')).rejects.toThrow('AutoScalingGroup name not found');
    await expect(detach('known')).rejects.toThrow('is not part of Auto Scaling group known');
    const attach = { AutoScalingGroupName: 'known', InstanceIds: nobody.InstanceIds };
    await expect(scaling.send(new AttachInstancesCommand(attach))).rejects.toThrow('Invalid Instance ID');
    const launching = { LifecycleHookName: 'h', LifecycleTransition: 'autoscaling:EC2_INSTANCE_LAUNCHING' };
    await expect(
      scaling.send(new PutLifecycleHookCommand({ AutoScalingGroupName: 'known', ...launching })),
    ).rejects.toThrow('models no hook');
    const TargetGroupArn = 'arn:aws:elasticloadbalancing:us-east-1:000000000000:targetgroup/web/0123456789abcdef';
    const register = new RegisterTargetsCommand({ TargetGroupArn, Targets: [{ Id: await launch() }] });
    await expect(balancing.send(register)).rejects.toMatchObject({ name: 'TargetGroupNotFoundException' });
  });

  it('needs the permission, for this group', async () => {
    await makeGroup('guarded');
    const client = new AutoScalingClient(cloud.clientConfiguration(cloud.credentialsOf('NoSuchRole')));
    const asked = { AutoScalingGroupName: 'guarded', InstanceIds: ['i-0123456789abcdef0'] };
    await expect(
      client.send(new DetachInstancesCommand({ ...asked, ShouldDecrementDesiredCapacity: false })),
    ).rejects.toMatchObject({
      name: 'AccessDenied',
      message: expect.stringMatching(/autoscaling:DetachInstances on resource: .*autoScalingGroupName\/guarded/),
    });
    client.destroy();
  });
});
