import type { FleetSettings, GroupSettings } from '../fleet/fleet-settings.ts';
import type { FleetName, InstanceId } from '../fleet/ids.ts';
import { type DrainPolicy, type InstanceRecord, lifecycleOf, silenceMs } from '../fleet/instance.ts';
import { HEARTBEAT_FRESH_SECONDS } from '../fleet/limits.ts';
import { AUTO_SCALING_GROUP_TAG } from '../fleet/tags.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { DescribedMachine } from '../ports/machines.ts';
import type { Action, Plan } from './plan.ts';

/** What is known when a fleet's machines may have to leave groups that somebody else made. */
export interface GroupView {
  readonly fleet: FleetName;
  readonly groups: GroupSettings;
  readonly policy: DrainPolicy;
  readonly records: readonly InstanceRecord[];
  /** What EC2 lists of the fleet, with its own tags. */
  readonly machines: readonly DescribedMachine[];
}

export const groupView = (
  { fleet, drain }: Pick<FleetSettings, 'fleet' | 'drain'>,
  groups: GroupSettings,
  seen: Pick<GroupView, 'records' | 'machines'>,
): GroupView => ({ fleet, groups, policy: drain, ...seen });

/** A draining machine, beside what EC2 says of it. */
interface Draining {
  readonly record: InstanceRecord;
  readonly machine: DescribedMachine | undefined;
}

const drainingOf = ({ records, machines, policy }: GroupView, now: EpochMs): Draining[] => {
  const described = new Map(machines.map((machine) => [machine.instanceId, machine]));
  return records
    .filter((record) => lifecycleOf(record, policy, now) === 'draining')
    .map((record) => ({ record, machine: described.get(record.instanceId) }));
};

const idsOf = (machines: readonly Draining[]): InstanceId[] => machines.map(({ record }) => record.instanceId);

/** EC2's own tag, which nobody can set or copy: a name in the fleet file alone proves nothing about a machine. */
const isInGroup = ({ machine }: Draining, { autoScalingGroup }: GroupSettings): boolean =>
  autoScalingGroup !== undefined && machine?.tags[AUTO_SCALING_GROUP_TAG] === autoScalingGroup;

/**
 * Only a spot machine that EC2 is about to end itself: any other that is detached would live on, and be nobody's. One that
 * its group is ending already cannot be detached, and is being replaced.
 */
const isToDetach = (draining: Draining, groups: GroupSettings): boolean => {
  const { record, machine } = draining;
  const { 'spot-interruption': warning, 'lifecycle-terminating': ending } = record.signals;
  const isTaken = warning?.action === 'terminate' && machine?.pool.purchase === 'spot';
  const isInService = machine?.state === 'running' && ending === undefined;
  return isTaken && isInService && isInGroup(draining, groups) && record.detachedAt === undefined;
};

const decideDetach = (draining: readonly Draining[], groups: GroupSettings): Action[] => {
  const instanceIds = idsOf(draining.filter((one) => isToDetach(one, groups)));
  const { autoScalingGroup } = groups;
  if (autoScalingGroup === undefined || instanceIds.length === 0) return [];
  const reason = 'EC2 takes them, and their group launches others at once';
  return [{ do: 'detach', autoScalingGroup, instanceIds, reason }];
};

const decideDeregister = (draining: readonly Draining[], { targetGroups }: GroupSettings): Action[] => {
  const instanceIds = idsOf(draining.filter(({ record }) => record.deregisteredAt === undefined));
  if (targetGroups.length === 0 || instanceIds.length === 0) return [];
  return [{ do: 'deregister', targetGroups, instanceIds, reason: 'they drain, and take no more requests' }];
};

/** No task can be held on it any more, so what its item lists is all there is to wait for. */
const isThrough = ({ record }: Draining, { isSupervised }: GroupSettings, now: EpochMs): boolean => {
  const isHeard = record.session !== undefined && silenceMs(record, now) < secondsToMs(HEARTBEAT_FRESH_SECONDS);
  return Object.keys(record.leases).length === 0 && !(isSupervised && isHeard);
};

/**
 * Of a group's several hooks each waits for somebody else, and each tells of itself: only ours is completed. Where the
 * event of another hook came first, the machine's id stands for the token.
 */
const decideCompletion = (draining: Draining, groups: GroupSettings, now: EpochMs): Action[] => {
  const { autoScalingGroup, lifecycleHook } = groups;
  const { instanceId, signals, lifecycleCompletedAt } = draining.record;
  const ending = signals['lifecycle-terminating'];
  if (autoScalingGroup === undefined || lifecycleHook === undefined || ending === undefined) return [];
  const isWaitedFor = lifecycleCompletedAt === undefined && isInGroup(draining, groups);
  if (!isWaitedFor || !isThrough(draining, groups, now)) return [];
  const { lifecycleAction: told } = ending;
  const token = told?.hook === lifecycleHook && told.autoScalingGroup === autoScalingGroup ? told.token : undefined;
  const reason = 'its group waits to end it, and it holds nothing any more';
  return [{ do: 'complete-lifecycle', autoScalingGroup, lifecycleHook, instanceId, token, reason }];
};

/**
 * Which machines leave which groups of the user's. Only what the fleet file names is touched, each step is marked on the
 * machine's item once it is done, and a step that was lost in between is decided again and harmless.
 */
export const decideGroups = (view: GroupView, now: EpochMs): Plan => {
  const { fleet, groups } = view;
  const draining = drainingOf(view, now);
  const actions = [
    ...decideDetach(draining, groups),
    ...decideDeregister(draining, groups),
    ...draining.flatMap((one) => decideCompletion(one, groups, now)),
  ];
  return { subject: `groups of ${fleet}`, decidedAt: now, actions };
};
