import { AUTO_SCALING_GROUP_TAG } from '../../fleet/tags.ts';
import type { Life } from '../life/life.ts';
import type { HostedMachine } from '../life/machine-host.ts';
import type { Unsettled } from './end-state.ts';
import { isRunning } from './exchanges.ts';

/** Two minutes' schedules and what they do. */
export const STEPS_TAKE_MS = 180_000;

/** How long it has been so that a machine drains and holds nothing. */
const idleMs = ({ memory, clock }: Life, { instanceId }: HostedMachine): number => {
  const record = memory.instances.records.get(instanceId);
  if (record?.drainingAt === undefined || Object.keys(record.leases).length > 0) return 0;
  return clock.now() - record.drainingAt;
};

/** A living machine that drains has left what the fleet file names, and whoever does not drain is where its owner put it. */
export const groupsUnsettled = (life: Life, machine: HostedMachine): Unsettled[] => {
  const { memory, settings, truth } = life;
  const { instanceId, described } = machine;
  const { targetGroups = [], autoScalingGroup } = settings.groups ?? {};
  if (life.plan.owner === undefined || !isRunning(machine) || machine.isUntagged) return [];
  const targetsOf = targetGroups.filter((arn) => memory.groups.targetsOf(arn).includes(instanceId));
  const drains = memory.instances.records.get(instanceId)?.drainingAt !== undefined;
  const isLate = idleMs(life, machine) > STEPS_TAKE_MS;
  const found: Unsettled[] = [];
  if (isLate && targetsOf.length > 0)
    found.push({ promise: 'O1', found: `${instanceId} drains, and still gets requests` });
  const isMember =
    autoScalingGroup === undefined ||
    described.tags[AUTO_SCALING_GROUP_TAG] !== autoScalingGroup ||
    memory.groups.membersOf(autoScalingGroup).includes(instanceId);
  if (!drains && (targetsOf.length < targetGroups.length || !isMember) && !truth.ending.has(instanceId)) {
    found.push({ promise: 'N2', found: `${instanceId} does not drain, and is not where its owner put it` });
  }
  return found;
};
