import type { Action } from '../decisions/plan.ts';
import type { InstanceId } from '../fleet/ids.ts';
import type { GroupMark } from '../fleet/instance.ts';
import type { GroupOutcome } from '../ports/machine-groups.ts';
import { inParallel, MACHINES_AT_ONCE, throwFirstFailure } from './in-parallel.ts';
import type { World } from './world.ts';

type GroupsWorld = Pick<World, 'groups' | 'instances' | 'clock' | 'log' | 'metrics'>;

/** A refusal is not marked: the next reconcile asks again, for as long as the machine drains. */
const tellRefused = ({ metrics, log }: GroupsWorld, group: string, { refused }: GroupOutcome): void => {
  for (const { instanceId, code, message } of refused) {
    metrics.count('GroupStepsRefused');
    log.warn('A machine could not be taken out of its group.', { instanceId, group, code, message });
  }
};

const markDone = async (world: GroupsWorld, mark: GroupMark, done: readonly InstanceId[]): Promise<void> => {
  const marked = await inParallel(done, MACHINES_AT_ONCE, (instanceId) =>
    world.instances.markGroupStep(instanceId, mark, world.clock.now()),
  );
  if (done.length > 0) world.metrics.count('GroupStepsDone', done.length);
  throwFirstFailure(marked);
};

export const detachMachines = async (
  world: GroupsWorld,
  { autoScalingGroup, instanceIds }: Extract<Action, { do: 'detach' }>,
): Promise<void> => {
  const outcome = await world.groups.detach(autoScalingGroup, instanceIds);
  tellRefused(world, autoScalingGroup, outcome);
  await markDone(world, 'detachedAt', outcome.done);
};

/** Marked only once every target group has let it go. */
export const deregisterMachines = async (
  world: GroupsWorld,
  { targetGroups, instanceIds }: Extract<Action, { do: 'deregister' }>,
): Promise<void> => {
  let done: readonly InstanceId[] = instanceIds;
  for (const targetGroup of targetGroups) {
    const outcome = await world.groups.deregister(targetGroup, instanceIds);
    tellRefused(world, targetGroup, outcome);
    done = done.filter((id) => outcome.done.includes(id));
  }
  await markDone(world, 'deregisteredAt', done);
};

export const completeLifecycle = async (
  world: GroupsWorld,
  { autoScalingGroup, lifecycleHook, instanceId, token }: Extract<Action, { do: 'complete-lifecycle' }>,
): Promise<void> => {
  const outcome = await world.groups.completeLifecycle({ autoScalingGroup, lifecycleHook, instanceId, token });
  tellRefused(world, autoScalingGroup, outcome);
  await markDone(world, 'lifecycleCompletedAt', outcome.done);
};
