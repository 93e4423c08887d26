/**
 * Auto Scaling groups and target groups, by the API pages
 * https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_DetachInstances.html and
 * https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeregisterTargets.html.
 * Held against the adapter by `test/contracts/machine-groups.test.ts`.
 *
 * Not modelled: the delays of the real ones, their own replacements, health checks, cooldowns.
 */
import type { InstanceId } from '../../fleet/ids.ts';
import { AUTO_SCALING_GROUP_TAG } from '../../fleet/tags.ts';
import type { GroupOutcome, LifecycleCompletion, MachineGroups } from '../../ports/machine-groups.ts';

type Refusal = { readonly code: string; readonly message: string };

/** Where a machine stands in its Auto Scaling group, as far as it matters for leaving it. */
type GroupState = 'in-service' | 'pending' | 'terminating';

/** Auto Scaling and target groups that do as they are told. */
export interface MemoryMachineGroups extends MachineGroups {
  addAutoScalingGroup(name: string): void;
  addTargetGroup(arn: string): void;
  join(autoScalingGroup: string, instanceId: InstanceId, state?: GroupState): void;
  register(targetGroupArn: string, instanceId: InstanceId): void;
  /** The group waits for a hook before it ends the machine. Answers the action's token. */
  beginEnding(autoScalingGroup: string, lifecycleHook: string, instanceId: InstanceId): string;
  /** Every call that names this group, or any where none is named, is refused like this, until it is told otherwise. */
  refuse(refusal: Refusal | undefined, name?: string): void;
  membersOf(autoScalingGroup: string): readonly InstanceId[];
  targetsOf(targetGroupArn: string): readonly InstanceId[];
  /** Tokens of the actions that are still waited for. */
  waitingFor(autoScalingGroup: string): readonly string[];
  /** Whether this hook still holds up the end of the machine. */
  waitsFor(autoScalingGroup: string, lifecycleHook: string, instanceId: InstanceId): boolean;
}

/** What leaving a group does to the machine: EC2 Auto Scaling takes its tag away. */
export interface TaggedMachines {
  removeTags(instanceId: InstanceId, keys: readonly string[]): void;
}

interface Waiting extends Omit<LifecycleCompletion, 'token'> {
  readonly token: string;
}

const isHeldUpBy = (one: Waiting, group: string, hook: string, instanceId: InstanceId): boolean =>
  one.autoScalingGroup === group && one.lifecycleHook === hook && one.instanceId === instanceId;

const EVERYTHING_DONE = (instanceIds: readonly InstanceId[]): GroupOutcome => ({ done: [...instanceIds], refused: [] });

const refusedAll = (instanceIds: readonly InstanceId[], refusal: Refusal): GroupOutcome => ({
  done: [],
  refused: instanceIds.map((instanceId) => ({ instanceId, ...refusal })),
});

const noSuchGroup = (name: string): Refusal => ({ code: 'ValidationError', message: `No such group: ${name}` });

const NO_TARGET_GROUP: Refusal = { code: 'TargetGroupNotFound', message: 'The target group does not exist.' };

const NOT_IN_SERVICE: Refusal = {
  code: 'ValidationError',
  message: 'The instance is not in InService or Standby.',
};

/** Groups in memory: the answers of the real ones, without their delays. */
export const memoryMachineGroups = (machines: TaggedMachines): MemoryMachineGroups => {
  const groups = new Map<string, Map<InstanceId, GroupState>>();
  const targetGroups = new Map<string, Set<InstanceId>>();
  const waiting: Waiting[] = [];
  const refusals = new Map<string | undefined, Refusal>();
  let tokens = 0;

  const leave = (group: Map<InstanceId, GroupState>, instanceId: InstanceId): void => {
    if (group.delete(instanceId)) machines.removeTags(instanceId, [AUTO_SCALING_GROUP_TAG]);
  };

  const detach = (name: string, instanceIds: readonly InstanceId[]): GroupOutcome => {
    const group = groups.get(name);
    if (group === undefined) return refusedAll(instanceIds, noSuchGroup(name));
    const isHeldBack = (id: InstanceId): boolean => group.has(id) && group.get(id) !== 'in-service';
    const done = instanceIds.filter((id) => !isHeldBack(id));
    for (const id of done) leave(group, id);
    return { done, refused: refusedAll(instanceIds.filter(isHeldBack), NOT_IN_SERVICE).refused };
  };

  const deregister = (arn: string, instanceIds: readonly InstanceId[]): GroupOutcome => {
    const targets = targetGroups.get(arn);
    if (targets === undefined) return refusedAll(instanceIds, NO_TARGET_GROUP);
    for (const id of instanceIds) targets.delete(id);
    return EVERYTHING_DONE(instanceIds);
  };

  const complete = ({ autoScalingGroup, lifecycleHook, instanceId, token }: LifecycleCompletion): GroupOutcome => {
    const group = groups.get(autoScalingGroup);
    if (group === undefined) return refusedAll([instanceId], noSuchGroup(autoScalingGroup));
    const found = waiting.findIndex(
      (one) =>
        isHeldUpBy(one, autoScalingGroup, lifecycleHook, instanceId) && (token === undefined || one.token === token),
    );
    // Over, or never begun: nobody waits.
    if (found < 0) return EVERYTHING_DONE([instanceId]);
    waiting.splice(found, 1);
    if (!waiting.some((one) => one.instanceId === instanceId)) group.delete(instanceId);
    return EVERYTHING_DONE([instanceId]);
  };

  const unlessRefused = (name: string, instanceIds: readonly InstanceId[], act: () => GroupOutcome): GroupOutcome => {
    const refusal = refusals.get(name) ?? refusals.get(undefined);
    return refusal === undefined ? act() : refusedAll(instanceIds, refusal);
  };

  return {
    addAutoScalingGroup: (name) => void groups.set(name, new Map()),
    addTargetGroup: (arn) => void targetGroups.set(arn, new Set()),
    join: (name, instanceId, state = 'in-service') => void groups.get(name)!.set(instanceId, state),
    register: (arn, instanceId) => void targetGroups.get(arn)!.add(instanceId),
    beginEnding: (autoScalingGroup, lifecycleHook, instanceId) => {
      groups.get(autoScalingGroup)!.set(instanceId, 'terminating');
      tokens += 1;
      const token = `token-${tokens}`;
      waiting.push({ autoScalingGroup, lifecycleHook, instanceId, token });
      return token;
    },
    refuse: (refusal, name) => {
      if (refusal === undefined) refusals.delete(name);
      else refusals.set(name, refusal);
    },
    membersOf: (name) => [...groups.get(name)!.keys()],
    targetsOf: (arn) => [...targetGroups.get(arn)!],
    waitingFor: (name) => waiting.filter((one) => one.autoScalingGroup === name).map(({ token }) => token),
    waitsFor: (group, hook, instanceId) => waiting.some((one) => isHeldUpBy(one, group, hook, instanceId)),
    detach: async (name, ids) => unlessRefused(name, ids, () => detach(name, ids)),
    deregister: async (arn, ids) => unlessRefused(arn, ids, () => deregister(arn, ids)),
    completeLifecycle: async (asked) =>
      unlessRefused(asked.autoScalingGroup, [asked.instanceId], () => complete(asked)),
  };
};
