import {
  AttachInstancesCommand,
  AutoScalingClient,
  CreateAutoScalingGroupCommand,
  DescribeAutoScalingGroupsCommand,
  PutLifecycleHookCommand,
  TerminateInstanceInAutoScalingGroupCommand,
} from '@aws-sdk/client-auto-scaling';
import {
  CreateTargetGroupCommand,
  DescribeTargetHealthCommand,
  ElasticLoadBalancingV2Client,
  RegisterTargetsCommand,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { awsMachineGroups } from '../../../lib/aws/machine-groups.ts';
import { wallClock } from '../../../lib/clock/wall-clock.ts';
import { type InstanceId, instanceId } from '../../../lib/fleet/ids.ts';
import type { MachineInGroups } from '../../../lib/local/ec2/ec2-service.ts';
import { machineGroups } from '../../../lib/local/groups/machine-groups.ts';
import type { AwsEvent, RecordLine } from '../../../lib/local/service.ts';
import type { MachineGroups } from '../../../lib/ports/machine-groups.ts';
import { startTestCloud } from '../../local/support/cloud.ts';

/** A running machine that is nothing but its tags. */
interface BareMachine extends MachineInGroups {
  readonly tags: Map<string, string>;
}

/** Auto Scaling and load balancing of the local cloud, with the real SDK clients in front of them. */
export interface GroupServices {
  readonly groups: MachineGroups;
  readonly autoScaling: AutoScalingClient;
  readonly loadBalancing: ElasticLoadBalancingV2Client;
  readonly events: readonly AwsEvent[];
  readonly lines: () => readonly RecordLine[];
  /** A machine that runs, in no group. */
  start(id: InstanceId): BareMachine;
  makeGroup(name: string, ...hooks: readonly string[]): Promise<void>;
  makeTargetGroup(name: string): Promise<string>;
  join(group: string, id: InstanceId): Promise<void>;
  register(arn: string, id: InstanceId): Promise<void>;
  beginEnding(id: InstanceId): Promise<void>;
  describe(group: string): Promise<{ readonly desired: number; readonly members: readonly InstanceId[] }>;
  targetsOf(arn: string): Promise<readonly InstanceId[]>;
  close(): Promise<void>;
}

export const startGroupServices = async (): Promise<GroupServices> => {
  const machines = new Map<string, BareMachine>();
  const events: AwsEvent[] = [];
  const clock = wallClock();
  let drawn = 0;
  const random = () => {
    drawn += 1;
    return (drawn * 0.618_033_988_75) % 1;
  };
  const cloud = await startTestCloud({
    extraServices: (context) => [
      machineGroups(
        { ...context, clock, putEvent: (event) => void events.push(event) },
        { machine: (id) => machines.get(id) },
        random,
      ),
    ],
  });
  const autoScaling = new AutoScalingClient(cloud.clientConfiguration());
  const loadBalancing = new ElasticLoadBalancingV2Client(cloud.clientConfiguration());
  return {
    groups: awsMachineGroups({ autoScaling, loadBalancing }),
    autoScaling,
    loadBalancing,
    events,
    lines: () => cloud.context.recorder.lines(),
    start: (id) => {
      const ending = new AbortController();
      const tags = new Map<string, string>();
      const machine = {
        instanceId: id,
        zone: 'us-east-1a',
        isRunning: true,
        over: ending.signal,
        tags,
        setTag: (key: string, value: string | undefined) => {
          if (value === undefined) tags.delete(key);
          else tags.set(key, value);
        },
        end: () => ending.abort(),
      };
      machines.set(id, machine);
      return machine;
    },
    makeGroup: async (name, ...hooks) => {
      const sizes = { MinSize: 0, MaxSize: 100 };
      await autoScaling.send(new CreateAutoScalingGroupCommand({ AutoScalingGroupName: name, ...sizes }));
      for (const hook of hooks) {
        const transition = { LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING' };
        const names = { AutoScalingGroupName: name, LifecycleHookName: hook };
        await autoScaling.send(new PutLifecycleHookCommand({ ...names, ...transition }));
      }
    },
    makeTargetGroup: async (name) => {
      const { TargetGroups } = await loadBalancing.send(new CreateTargetGroupCommand({ Name: name, Port: 80 }));
      return TargetGroups![0]!.TargetGroupArn!;
    },
    join: async (group, id) => {
      await autoScaling.send(new AttachInstancesCommand({ AutoScalingGroupName: group, InstanceIds: [id] }));
    },
    register: async (arn, id) => {
      await loadBalancing.send(new RegisterTargetsCommand({ TargetGroupArn: arn, Targets: [{ Id: id }] }));
    },
    beginEnding: async (id) => {
      const asked = { InstanceId: id, ShouldDecrementDesiredCapacity: true };
      await autoScaling.send(new TerminateInstanceInAutoScalingGroupCommand(asked));
    },
    describe: async (group) => {
      const asked = new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [group] });
      const found = (await autoScaling.send(asked)).AutoScalingGroups![0]!;
      const members = (found.Instances ?? []).map(({ InstanceId }) => instanceId(InstanceId!));
      return { desired: found.DesiredCapacity!, members };
    },
    targetsOf: async (arn) => {
      const { TargetHealthDescriptions = [] } = await loadBalancing.send(
        new DescribeTargetHealthCommand({ TargetGroupArn: arn }),
      );
      return TargetHealthDescriptions.map(({ Target }) => instanceId(Target!.Id!));
    },
    close: async () => {
      autoScaling.destroy();
      loadBalancing.destroy();
      await cloud.close();
    },
  };
};
