/**
 * Auto Scaling groups in memory, as far as machines are in them and leave them.
 *
 * Not modelled: launching. A group here takes machines that are attached to it, and shows by its desired capacity how many
 * it would launch. Neither are health checks, scaling policies, warm pools, Standby, or the seconds that detaching takes.
 */
import type { EpochMs } from '../../fleet/time.ts';
import type { Clock } from '../../ports/clock.ts';
import { arnOf } from '../arns.ts';
import type { MachineInGroups } from '../ec2/ec2-service.ts';
import { AwsError, type AwsEvent } from '../service.ts';

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-lifecycle.html */
type GroupState = 'InService' | 'Terminating:Wait' | 'Terminating:Proceed';

export const AUTO_SCALING_GROUP_TAG = 'aws:autoscaling:groupName';

export interface Hook {
  readonly name: string;
  readonly heartbeatTimeoutMs: number;
}

interface Waiting {
  readonly hook: string;
  readonly token: string;
}

interface GroupMember {
  readonly machine: MachineInGroups;
  state: GroupState;
  waiting: readonly Waiting[];
}

export interface GroupWorld {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly newUuid: () => string;
  readonly machine: (instanceId: string) => MachineInGroups | undefined;
  readonly putEvent: (event: AwsEvent) => void;
}

const invalid = (message: string): AwsError => new AwsError(400, 'ValidationError', message);

/** DetachInstances and AttachInstances take no more in one call. */
const INSTANCES_AT_ONCE = 20;

export const groupArn = (id: string, name: string): string =>
  arnOf('autoscaling', `autoScalingGroup:${id}:autoScalingGroupName/${name}`);

export class AutoScalingGroup {
  readonly name: string;
  readonly arn: string;
  readonly minSize: number;
  readonly maxSize: number;
  readonly createdAt: EpochMs;
  desiredCapacity: number;
  readonly members = new Map<string, GroupMember>();
  readonly hooks = new Map<string, Hook>();
  readonly #world: GroupWorld;

  constructor(world: GroupWorld, asked: { name: string; minSize: number; maxSize: number; desiredCapacity: number }) {
    this.#world = world;
    this.name = asked.name;
    this.minSize = asked.minSize;
    this.maxSize = asked.maxSize;
    this.desiredCapacity = asked.desiredCapacity;
    this.arn = groupArn(world.newUuid(), asked.name);
    this.createdAt = world.clock.now();
  }

  attach(instanceIds: readonly string[]): void {
    const machines = instanceIds.map((id) => {
      const machine = this.#world.machine(id);
      if (machine?.isRunning) return machine;
      throw invalid(`Invalid Instance ID(s): ['${id}'] specified`);
    });
    for (const machine of machines) {
      this.members.set(machine.instanceId, { machine, state: 'InService', waiting: [] });
      machine.setTag(AUTO_SCALING_GROUP_TAG, this.name);
      machine.over.addEventListener('abort', () => void this.members.delete(machine.instanceId), { once: true });
    }
    this.desiredCapacity += machines.length;
  }

  /** All of them or none: the first that cannot be detached is named. */
  detach(instanceIds: readonly string[], decrements: boolean): void {
    if (instanceIds.length > INSTANCES_AT_ONCE) {
      throw invalid(
        'List exceeds the maximum number of instances to detach. Please retry your request with fewer instances.',
      );
    }
    for (const id of instanceIds) {
      const member = this.members.get(id);
      if (member === undefined) throw invalid(`The instance ${id} is not part of Auto Scaling group ${this.name}.`);
      if (member.state !== 'InService') throw invalid(`The instance ${id} is not in InService or Standby.`);
    }
    for (const id of instanceIds) {
      this.members.get(id)!.machine.setTag(AUTO_SCALING_GROUP_TAG, undefined);
      this.members.delete(id);
    }
    if (decrements) this.desiredCapacity -= instanceIds.length;
  }

  /** Each hook is told of by an event of its own, and waits by itself. */
  beginEnding(instanceId: string, decrements: boolean): void {
    const member = this.members.get(instanceId);
    if (member === undefined)
      throw invalid(`Instance Id not found - No managed instance found for instance ID: ${instanceId}`);
    if (decrements) this.desiredCapacity -= 1;
    member.state = 'Terminating:Wait';
    member.waiting = [...this.hooks.keys()].map((hook) => ({ hook, token: this.#world.newUuid() }));
    for (const waiting of member.waiting) this.#wait(member, waiting);
    this.#proceed(member);
  }

  complete(hook: string, by: { readonly token: string | undefined; readonly instanceId: string | undefined }): void {
    const [member, waiting] = this.#waitingFor(hook, by) ?? [];
    if (member === undefined || waiting === undefined) {
      const what = by.token === undefined ? `instance ID ${by.instanceId}` : `token ${by.token}`;
      throw invalid(`No active Lifecycle Action found with ${what}`);
    }
    this.#end(member, waiting);
  }

  #waitingFor(
    hook: string,
    { token, instanceId }: { readonly token: string | undefined; readonly instanceId: string | undefined },
  ): readonly [GroupMember, Waiting] | undefined {
    for (const member of this.members.values()) {
      if (instanceId !== undefined && member.machine.instanceId !== instanceId) continue;
      const found = member.waiting.find((one) => one.hook === hook && (token === undefined || one.token === token));
      if (found !== undefined) return [member, found];
    }
    return undefined;
  }

  #wait(member: GroupMember, waiting: Waiting): void {
    const { clock, signal, putEvent } = this.#world;
    putEvent({
      source: 'aws.autoscaling',
      'detail-type': 'EC2 Instance-terminate Lifecycle Action',
      resources: [this.arn],
      detail: {
        LifecycleActionToken: waiting.token,
        AutoScalingGroupName: this.name,
        LifecycleHookName: waiting.hook,
        EC2InstanceId: member.machine.instanceId,
        LifecycleTransition: 'autoscaling:EC2_INSTANCE_TERMINATING',
        Origin: 'AutoScalingGroup',
        Destination: 'EC2',
      },
    });
    const { heartbeatTimeoutMs } = this.hooks.get(waiting.hook)!;
    const over = AbortSignal.any([signal, member.machine.over]);
    // Whatever its default result, a machine that is being ended ends when nobody says anything.
    void clock.sleep(heartbeatTimeoutMs, over).then(() => {
      if (!over.aborted) this.#end(member, waiting);
    });
  }

  #end(member: GroupMember, waiting: Waiting): void {
    member.waiting = member.waiting.filter((one) => one !== waiting);
    this.#proceed(member);
  }

  #proceed(member: GroupMember): void {
    if (member.waiting.length > 0) return;
    member.state = 'Terminating:Proceed';
    member.machine.end();
  }
}
