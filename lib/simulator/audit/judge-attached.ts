import type { FleetSettings, GroupSettings } from '../../fleet/fleet-settings.ts';
import type { InstanceRecord } from '../../fleet/instance.ts';
import { AUTO_SCALING_GROUP_TAG } from '../../fleet/tags.ts';
import type { EpochMs } from '../../fleet/time.ts';
import type { DescribedMachine } from '../../ports/machines.ts';
import type { Life } from '../life/life.ts';
import { isUseful, wantedOf } from './counts.ts';
import type { FleetDeeds, Seen } from './deeds.ts';
import type { Neglect } from './neglect.ts';
import { isSaidToBeGone } from './what-items-say.ts';

/**
 * What a reconcile owes machines that somebody else launched (docs/machines.md): in `attach` each step out of the groups that
 * the fleet file names is done and marked, in `observe` it is planned, and so is what would have been bought.
 */

/** One step that a machine is due, by what was read of it. */
interface DueStep {
  readonly record: InstanceRecord;
  readonly mark: 'detachedAt' | 'deregisteredAt' | 'lifecycleCompletedAt';
  readonly told: string;
}

const isDueToDetach = (life: Life, { signals, pool, instanceId }: InstanceRecord): boolean =>
  pool.purchase === 'spot' &&
  signals['spot-interruption']?.action === 'terminate' &&
  signals['lifecycle-terminating'] === undefined &&
  !life.truth.ending.has(instanceId);

const stepsDue = (
  life: Life,
  groups: GroupSettings,
  record: InstanceRecord,
  machine: DescribedMachine | undefined,
): DueStep[] => {
  const { autoScalingGroup, lifecycleHook, targetGroups } = groups;
  const isMember = autoScalingGroup !== undefined && machine?.tags[AUTO_SCALING_GROUP_TAG] === autoScalingGroup;
  const isIdle = Object.keys(record.leases).length === 0;
  const isWaitedFor = lifecycleHook !== undefined && record.signals['lifecycle-terminating'] !== undefined;
  const steps: DueStep[] = [];
  if (targetGroups.length > 0) steps.push({ record, mark: 'deregisteredAt', told: 'still gets requests' });
  if (isMember && machine?.state === 'running' && isDueToDetach(life, record))
    steps.push({ record, mark: 'detachedAt', told: 'is still in its group' });
  if (isMember && isWaitedFor && isIdle) {
    steps.push({ record, mark: 'lifecycleCompletedAt', told: 'is still waited for by its group' });
  }
  return steps.filter(({ mark }) => record[mark] === undefined);
};

/** A group that refuses keeps a step from being done; the next reconcile asks again. */
const isRefused = (
  life: Life,
  { autoScalingGroup, targetGroups }: GroupSettings,
  { mark }: DueStep,
  since: EpochMs,
): boolean => {
  const asked = mark === 'deregisteredAt' ? targetGroups : [autoScalingGroup!];
  return asked.some((name) => (life.truth.refusing.get(name) ?? 0) >= since);
};

/** Steps that were due when the reconcile read the machines' items; its own look at them decides, not what came later. */
const allSteps = (
  life: Life,
  { described }: FleetDeeds,
  { groups }: FleetSettings,
  seen: readonly Seen<InstanceRecord>[],
): DueStep[] => {
  if (groups === undefined) return [];
  const machines = new Map(described.map((machine) => [machine.instanceId, machine]));
  return seen
    .filter(({ value }) => value.drainingAt !== undefined && !isSaidToBeGone(value))
    .flatMap(({ value }) => stepsDue(life, groups, value, machines.get(value.instanceId)));
};

export const neglectedGroups = (
  life: Life,
  deeds: FleetDeeds,
  settings: FleetSettings,
  seen: readonly Seen<InstanceRecord>[],
): Neglect[] =>
  allSteps(life, deeds, settings, seen)
    .filter((step) => !isRefused(life, settings.groups!, step, deeds.startedAt))
    .filter(({ record, mark }) => {
      const now = life.memory.instances.records.get(record.instanceId);
      // Its group has begun to end it meanwhile, and keeps it.
      const isHeld = mark === 'detachedAt' && life.truth.ending.has(record.instanceId);
      return now?.[mark] === undefined && !isHeld;
    })
    .map(({ record, told }) => ({ promise: 'O1', found: `${record.instanceId} drains, and ${told}` }));

/** Steps and purchases that are not done are told: that is what watching is for. */
const neglectedPlans = (
  life: Life,
  deeds: FleetDeeds,
  settings: FleetSettings,
  seen: readonly Seen<InstanceRecord>[],
): Neglect[] => {
  const { backlog, plans, reads } = deeds;
  const steps = allSteps(life, deeds, settings, seen)
    .filter(({ record }) => !plans.some((plan) => plan.includes(record.instanceId)))
    .map(
      ({ record, told }): Neglect => ({ promise: 'O1', found: `${record.instanceId} ${told}, and no plan says so` }),
    );
  const members = reads[1]?.members ?? [];
  const records = new Map(seen.map(({ value }) => [value.instanceId, value]));
  const useful = members.filter(({ instanceId }) => isUseful(records.get(instanceId))).length;
  const isMissing =
    settings.capacity.window === undefined && backlog !== undefined && useful < wantedOf(backlog, settings.capacity);
  const isPlanned = plans.some((plan) => !plan.startsWith('groups of'));
  return isMissing && !isPlanned
    ? [...steps, { promise: 'O1', found: 'machines are missing, and no plan says what would be done' }]
    : steps;
};

/** Who is only watched is recorded all the same: that it came, and that it ended. */
const neglectedRecords = (life: Life, { described, reads, startedAt }: FleetDeeds): Neglect[] => {
  const { records } = life.memory.instances;
  const [before, after] = reads;
  if (before === undefined || after === undefined) return [];
  return described.flatMap(({ instanceId, state, launchedAt }): Neglect[] => {
    const machine = life.truth.machines.get(instanceId);
    const isOurs = machine !== undefined && !machine.isUntagged && !life.truth.foreign.has(instanceId);
    if (!isOurs || launchedAt >= startedAt) return [];
    const record = records.get(instanceId);
    if (state === 'running' && record === undefined) {
      return [{ promise: 'N1', found: `${instanceId} was seen, and has no item after a whole reconcile` }];
    }
    const isMember = before.members.some((member) => member.instanceId === instanceId);
    return state === 'terminated' && isMember && record?.drainingAt === undefined
      ? [{ promise: 'N1', found: `${instanceId} was seen to have ended, and it is written nowhere` }]
      : [];
  });
};

export const neglectedWatch = (
  life: Life,
  deeds: FleetDeeds,
  settings: FleetSettings,
  seen: readonly Seen<InstanceRecord>[],
): Neglect[] => [...neglectedPlans(life, deeds, settings, seen), ...neglectedRecords(life, deeds)];
