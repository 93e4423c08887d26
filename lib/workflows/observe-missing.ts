import type { Member } from '../fleet/fleet.ts';
import type { FleetSettings } from '../fleet/fleet-settings.ts';
import type { InstanceId } from '../fleet/ids.ts';
import { type InstanceRecord, silenceMs } from '../fleet/instance.ts';
import { BOOT_SECONDS_MAX } from '../fleet/limits.ts';
import { MACHINE_GONE_KINDS } from '../fleet/signal.ts';
import { FLEET_TAG, STACK_TAG } from '../fleet/tags.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { DescribedMachine } from '../ports/machines.ts';
import { inParallel, MACHINES_AT_ONCE, throwFirstFailure } from './in-parallel.ts';
import { isLiving, recordEnd } from './record-end.ts';
import type { World } from './world.ts';

const isOurs = ({ tags }: DescribedMachine, { fleet }: FleetSettings): boolean =>
  STACK_TAG in tags && tags[FLEET_TAG] === fleet;

/** An event says that it is gone, or nothing has been heard of it for longer than any machine boots. */
const isDoubtful = (record: InstanceRecord, now: EpochMs): boolean =>
  record.goneAt === undefined &&
  (MACHINE_GONE_KINDS.some((kind) => record.signals[kind] !== undefined) || isLongSilent(record, now));

const isLongSilent = (record: InstanceRecord, now: EpochMs): boolean =>
  silenceMs(record, now) >= secondsToMs(BOOT_SECONDS_MAX);

/**
 * What is made of a member that EC2's list leaves out and that is known by its id, or not: one that EC2 does not know, or
 * whose tags somebody has taken, is gone for us once its agent has been silent for long. Answers whether its run may be
 * closed.
 */
const concludeMissing = async (
  world: World,
  settings: FleetSettings,
  record: InstanceRecord,
  machine: DescribedMachine | undefined,
): Promise<boolean> => {
  const now = world.clock.now();
  if (machine !== undefined && (isOurs(machine, settings) || !isLiving(machine))) return recordEnd(world, machine);
  if (isLongSilent(record, now)) {
    const signal = { kind: 'state-terminated', instanceId: record.instanceId, at: now } as const;
    await world.instances.recordSignal(signal, true, now);
    return true;
  }
  return machine === undefined;
};

/**
 * A list of EC2 may leave out a machine that lives (B20, F101), and shows an ended one for about an hour. So a member that
 * is missing from it, and is silent for long or said to be gone, is asked for by its id: an answer to that is EC2's word.
 */
export const observeMissing = async (
  world: World,
  settings: FleetSettings,
  missing: readonly Member[],
): Promise<readonly InstanceId[]> => {
  const looked = await inParallel(missing, MACHINES_AT_ONCE, ({ instanceId }) => world.instances.get(instanceId));
  throwFirstFailure(looked);
  const now = world.clock.now();
  const doubtful = looked
    .flatMap((result) => (result.status === 'fulfilled' && result.value ? [result.value] : []))
    .filter((record) => isDoubtful(record, now));
  if (doubtful.length === 0) return [];
  const machines = await world.machines.describe(doubtful.map(({ instanceId }) => instanceId));
  const known = new Map(machines.map((machine) => [machine.instanceId, machine]));
  const ended: InstanceId[] = [];
  const concluded = await inParallel(doubtful, MACHINES_AT_ONCE, async (record) => {
    const isEndTold = await concludeMissing(world, settings, record, known.get(record.instanceId));
    if (isEndTold) ended.push(record.instanceId);
  });
  throwFirstFailure(concluded);
  return ended;
};
