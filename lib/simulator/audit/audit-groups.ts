import type { GroupSettings } from '../../fleet/fleet-settings.ts';
import type { InstanceId } from '../../fleet/ids.ts';
import type { GroupMark, InstanceRecord } from '../../fleet/instance.ts';
import type { InstanceStore } from '../../ports/instances.ts';
import type { MachineGroups } from '../../ports/machine-groups.ts';
import type { Caller } from '../life/caller.ts';
import type { Trace } from '../life/trace.ts';
import type { Truth } from '../life/truth.ts';
import type { MemoryMachineGroups } from '../ports/memory-machine-groups.ts';
import type { Judge } from './promises.ts';

export interface GroupAuditWorld {
  readonly judge: Judge;
  readonly trace: Trace;
  readonly truth: Truth;
  readonly acting: { readonly by: Caller | undefined };
  readonly groups: MachineGroups;
  /** What the fleet file names; nothing where it names no group. */
  readonly named: () => GroupSettings | undefined;
  readonly recordOf: (id: InstanceId) => InstanceRecord | undefined;
}

/** Judges what is asked of groups that somebody else made: only what is named, and only for a machine that drains. */
export const auditGroups = (world: GroupAuditWorld): MachineGroups => {
  const { judge, truth, groups, trace } = world;

  const judgeNamed = (isNamed: boolean, what: string): void => {
    if (!isNamed) judge.say('N2', `${what} was touched, and the fleet file does not name it`);
  };

  /** As whoever asks had read it: a notice of its end may come in the moment between. */
  const readOf = (id: InstanceId): InstanceRecord | undefined => {
    const read = world.acting.by?.memo.records;
    return read?.has(id) ? read.get(id) : world.recordOf(id);
  };

  const judgeMachine = (id: InstanceId, step: string, mark: GroupMark): void => {
    trace.note(world.acting.by?.name ?? 'world', `${step} ${id}`);
    if (readOf(id)?.[mark] !== undefined)
      judge.say('O2', `${step} ${id} was asked for again, and its item says that it is done`);
    const isOurs = truth.machines.has(id) && !truth.foreign.has(id);
    if (!isOurs) judge.say('N2', `${step} ${id}, which is not ours`);
    else if (world.recordOf(id)?.drainingAt === undefined) judge.say('N2', `${step} ${id}, which does not drain`);
  };

  /** Detached, a machine that lives on is nobody's. */
  const judgeDetached = (id: InstanceId): void => {
    const record = readOf(id);
    const isTaken = record?.pool.purchase === 'spot' && record.signals['spot-interruption']?.action === 'terminate';
    if (!isTaken) judge.say('N2', `${id} was detached, and EC2 does not take it`);
    if (record?.signals['lifecycle-terminating'] !== undefined) judge.say('N2', `${id} was detached while it is ended`);
  };

  const judgeCompleted = (id: InstanceId): void => {
    const record = readOf(id);
    if (record?.signals['lifecycle-terminating'] === undefined) judge.say('N2', `nobody waits to end ${id}`);
    const held = Object.keys(record?.leases ?? {});
    if (held.length > 0) judge.say('W4', `${id} was let go with ${held.join(' ')} on it`);
  };

  return {
    ...groups,
    detach: (group, ids) => {
      judgeNamed(group === world.named()?.autoScalingGroup, group);
      for (const id of ids) {
        judgeMachine(id, 'detach', 'detachedAt');
        judgeDetached(id);
      }
      return groups.detach(group, ids);
    },
    deregister: (arn, ids) => {
      judgeNamed(world.named()?.targetGroups.includes(arn) === true, arn);
      for (const id of ids) judgeMachine(id, 'deregister', 'deregisteredAt');
      return groups.deregister(arn, ids);
    },
    completeLifecycle: (asked) => {
      const { autoScalingGroup, lifecycleHook, instanceId } = asked;
      judgeNamed(autoScalingGroup === world.named()?.autoScalingGroup, autoScalingGroup);
      judgeNamed(lifecycleHook === world.named()?.lifecycleHook, lifecycleHook);
      judgeMachine(instanceId, 'let go', 'lifecycleCompletedAt');
      judgeCompleted(instanceId);
      return groups.completeLifecycle(asked);
    },
  };
};

export interface GroupMarksWorld extends Pick<GroupAuditWorld, 'judge' | 'named'> {
  readonly groups: Pick<MemoryMachineGroups, 'membersOf' | 'targetsOf' | 'waitsFor'>;
}

/** A mark keeps a step from ever being taken again, so that it has to be true: the groups themselves are asked. */
export const auditGroupMarks = (
  { judge, named, groups }: GroupMarksWorld,
  instances: InstanceStore,
): Pick<InstanceStore, 'markGroupStep'> => {
  const holdersOf = (id: InstanceId, mark: GroupMark): readonly string[] => {
    const { autoScalingGroup: group, lifecycleHook: hook, targetGroups = [] } = named() ?? {};
    if (mark === 'deregisteredAt') return targetGroups.filter((arn) => groups.targetsOf(arn).includes(id));
    if (group === undefined) return [];
    if (mark === 'detachedAt') return groups.membersOf(group).includes(id) ? [group] : [];
    return hook !== undefined && groups.waitsFor(group, hook, id) ? [hook] : [];
  };
  return {
    markGroupStep: (id, mark, now) => {
      for (const holder of holdersOf(id, mark)) judge.say('O1', `${id} is marked ${mark}, and ${holder} still has it`);
      return instances.markGroupStep(id, mark, now);
    },
  };
};
