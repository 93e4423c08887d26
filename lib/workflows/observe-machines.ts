import type { FleetState } from '../fleet/fleet.ts';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import { type Ec2FleetId, ec2FleetId, type InstanceId, type IntentId, intentId } from '../fleet/ids.ts';
import { ATTACHED } from '../fleet/instance.ts';
import { EC2_FLEET_TAG, INTENT_TAG } from '../fleet/tags.ts';
import type { DescribedMachine } from '../ports/machines.ts';
import { adoptMachine } from './adopt-machine.ts';
import { inParallel, MACHINES_AT_ONCE, throwFirstFailure } from './in-parallel.ts';
import { observeMissing } from './observe-missing.ts';
import { isLiving, recordEnd } from './record-end.ts';
import type { World } from './world.ts';

interface Proof {
  readonly intent: IntentId;
  readonly ec2Fleet: Ec2FleetId;
}

/**
 * The proof that a machine is ours: EC2's own fleet tag, which nobody can copy, naming a fleet that one of our intents
 * made. An intent whose answer was lost is recognised by the token that its EC2 fleet still shows.
 */
const provenIntent = async (world: World, state: FleetState, machine: DescribedMachine): Promise<Proof | undefined> => {
  const tag = machine.tags[EC2_FLEET_TAG];
  if (tag === undefined) return undefined;
  const ec2Fleet = ec2FleetId(tag);
  const answered = state.head.answered[ec2Fleet];
  if (answered !== undefined) return { intent: answered, ec2Fleet };
  const claimed = state.head.openIntents[intentId(machine.tags[INTENT_TAG] ?? '')];
  if (claimed === undefined || (await world.machines.tokenOf(ec2Fleet)) !== claimed.intentId) return undefined;
  await world.fleets.recordAnswer(state.head.fleet, claimed.intentId, ec2Fleet);
  return { intent: claimed.intentId, ec2Fleet };
};

/** Whoever tagged a machine for a fleet that launches nothing wants it looked after; no proof is needed, nothing is ended. */
const attachment = (machine: DescribedMachine): Proof => ({
  intent: ATTACHED,
  ec2Fleet: ec2FleetId(machine.tags[EC2_FLEET_TAG] ?? ATTACHED),
});

const adoptOrReport = async (
  world: World,
  settings: FleetSettings,
  state: FleetState,
  machine: DescribedMachine,
): Promise<void> => {
  const record = await world.instances.get(machine.instanceId);
  if (record?.goneAt !== undefined) return;
  // Its item proves that it is ours, and that whoever wrote it did not get to its place in the fleet.
  if (record !== undefined) return adoptMachine(world, record);
  const { instanceId, pool, launchedAt } = machine;
  const { fleet, runTimes } = state.head;
  const proof = settings.mode === 'manage' ? await provenIntent(world, state, machine) : attachment(machine);
  if (proof === undefined) {
    world.metrics.count('InstancesUnproven', 1, { fleet });
    world.log.warn('A machine carries our tag without proof that we launched it; it is not touched.', {
      instanceId,
      fleet,
    });
    return;
  }
  await adoptMachine(world, {
    instanceId,
    fleet,
    intentId: proof.intent,
    ec2FleetId: proof.ec2Fleet,
    pool,
    launchedAt,
    ...(runTimes === undefined ? {} : { runTimesExpected: runTimes }),
  });
  world.metrics.count('InstancesAdopted', 1, { fleet });
  world.log.info('Adopted a machine found by its tags.', { instanceId, fleet });
};

/**
 * Its launch is not through yet: one that has ended meanwhile is given its place all the same, so that its run is closed
 * and its cost is told.
 */
const isAwaited = ({ head }: FleetState, { tags }: DescribedMachine): boolean =>
  head.openIntents[intentId(tags[INTENT_TAG] ?? '')] !== undefined;

/**
 * Whoever wrote its item may not have got to its place in the fleet before it ended, and no intent tells of it any more: it
 * is given that place now, so that its run is closed.
 */
const isUnplaced = async (world: World, { instanceId }: DescribedMachine): Promise<boolean> => {
  const record = await world.instances.get(instanceId);
  return record !== undefined && record.goneAt === undefined;
};

export interface ObservedMachines {
  /** What EC2 lists of the fleet. */
  readonly machines: readonly DescribedMachine[];
  /** Members of which EC2 has said that they ended, and why; or that it knows no more. */
  readonly ended: ReadonlySet<InstanceId>;
}

/**
 * Compares the fleet's rows with what EC2 shows: adopts what is ours, and records the ends that no event told. Answers
 * what EC2 shows.
 */
export const observeMachines = async (
  world: World,
  settings: FleetSettings,
  state: FleetState,
): Promise<ObservedMachines> => {
  const machines = await world.machines.describeFleet(settings.fleet);
  const members = new Set(state.members.map((member) => member.instanceId));
  const ended = new Set<InstanceId>();
  const noteEnd = async (machine: DescribedMachine): Promise<void> => {
    if (await recordEnd(world, machine)) ended.add(machine.instanceId);
  };
  const looked = await inParallel(machines, MACHINES_AT_ONCE, async (machine) => {
    if (members.has(machine.instanceId)) await noteEnd(machine);
    else if (isLiving(machine)) await adoptOrReport(world, settings, state, machine);
    else if (isAwaited(state, machine) || (await isUnplaced(world, machine))) {
      await adoptOrReport(world, settings, state, machine);
      await noteEnd(machine);
    }
  });
  throwFirstFailure(looked);
  const shown = new Set(machines.map((machine) => machine.instanceId));
  const missing = state.members.filter((member) => !shown.has(member.instanceId));
  for (const instanceId of await observeMissing(world, settings, missing)) ended.add(instanceId);
  return { machines, ended };
};
