import type { FleetState, Member } from '../fleet/fleet.ts';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import { type Ec2FleetId, ec2FleetId, type IntentId, intentId } from '../fleet/ids.ts';
import { ATTACHED, silenceMs } from '../fleet/instance.ts';
import { BOOT_SECONDS_MAX } from '../fleet/limits.ts';
import type { SignalKind } from '../fleet/signal.ts';
import { EC2_FLEET_TAG, INTENT_TAG } from '../fleet/tags.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { DescribedMachine, MachineState } from '../ports/machines.ts';
import { adoptMachine } from './adopt-machine.ts';
import { inParallel, MACHINES_AT_ONCE, throwFirstFailure } from './in-parallel.ts';
import type { World } from './world.ts';

/** What a described state says that a lost event would have said. */
const STATE_SIGNALS: Readonly<Record<MachineState, SignalKind | undefined>> = {
  pending: undefined,
  running: undefined,
  stopping: 'state-stopping',
  stopped: 'state-stopped',
  'shutting-down': 'state-shutting-down',
  terminated: 'state-terminated',
};

/** Who ended a machine, in EC2's words: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html */
const REASON_SIGNALS: Readonly<Record<string, SignalKind>> = {
  'Server.SpotInstanceTermination': 'bid-evicted',
  'Server.SpotInstanceShutdown': 'bid-evicted',
  'Client.UserInitiatedShutdown': 'terminated-by-request',
  'Client.InstanceInitiatedShutdown': 'shut-down-by-itself',
};

const toldSignals = (machine: DescribedMachine): SignalKind[] =>
  [REASON_SIGNALS[machine.stateReasonCode ?? ''], STATE_SIGNALS[machine.state]].filter((kind) => kind !== undefined);

const recordMissed = async (world: World, machine: DescribedMachine): Promise<void> => {
  const told = toldSignals(machine);
  // Nearly every machine just runs, which says nothing new: its item need not be read for that.
  if (told.length === 0) return;
  const record = await world.instances.get(machine.instanceId);
  if (record === undefined || record.goneAt !== undefined) return;
  const now = world.clock.now();
  for (const kind of told.filter((kind) => record.signals[kind] === undefined)) {
    await world.instances.recordSignal({ kind, instanceId: machine.instanceId, at: now }, true, now);
  }
};

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

const isLiving = (machine: DescribedMachine): boolean => !['shutting-down', 'terminated'].includes(machine.state);

/**
 * EC2 shows ended machines for about an hour, so one that it never shows ended long ago. Only when its agent has been
 * silent for long as well: an answer of EC2 that leaves a machine out proves nothing (B20, B21).
 */
const recordVanished = async (world: World, member: Member, now: EpochMs): Promise<void> => {
  const record = await world.instances.get(member.instanceId);
  if (record === undefined || silenceMs(record, now) < secondsToMs(BOOT_SECONDS_MAX)) return;
  const signal = { kind: 'state-terminated', instanceId: member.instanceId, at: now } as const;
  await world.instances.recordSignal(signal, true, now);
};

/**
 * Compares the fleet's rows with what EC2 shows: adopts what is ours, and records the ends that no event told. Answers
 * what EC2 shows.
 */
export const observeMachines = async (
  world: World,
  settings: FleetSettings,
  state: FleetState,
): Promise<readonly DescribedMachine[]> => {
  const described = await world.machines.describeFleet(settings.fleet);
  const members = new Set(state.members.map((member) => member.instanceId));
  const looked = await inParallel(described, MACHINES_AT_ONCE, async (machine) => {
    if (members.has(machine.instanceId)) await recordMissed(world, machine);
    else if (isLiving(machine)) await adoptOrReport(world, settings, state, machine);
  });
  throwFirstFailure(looked);
  const shown = new Set(described.map((machine) => machine.instanceId));
  const missing = state.members.filter((member) => !shown.has(member.instanceId));
  for (const member of missing) await recordVanished(world, member, world.clock.now());
  return described;
};
