import type { Ec2FleetId, FleetName, InstanceId, IntentId } from '../fleet/ids.ts';
import { drainsNow, type RunTimeSummary } from '../fleet/instance.ts';
import type { Pool } from '../fleet/pool.ts';
import type { EpochMs } from '../fleet/time.ts';
import { settingsOf, type World } from './world.ts';

export interface OwnedMachine {
  readonly instanceId: InstanceId;
  readonly fleet: FleetName;
  readonly intentId: IntentId;
  readonly ec2FleetId: Ec2FleetId;
  readonly pool: Pool;
  readonly launchedAt: EpochMs;
  /** How long the fleet's tasks take, so that its agent need not learn it anew. */
  readonly runTimesExpected?: RunTimeSummary;
}

/** Warnings that came before the row did. */
const claimSignals = async (world: World, machine: OwnedMachine): Promise<void> => {
  const now = world.clock.now();
  const drain = settingsOf(world, machine.fleet)?.drain;
  for (const { kind, at, deadline, action } of await world.fleets.unclaimed(machine.instanceId, now)) {
    const signal = {
      kind,
      instanceId: machine.instanceId,
      at,
      ...(deadline === undefined ? {} : { deadline }),
      ...(action === undefined ? {} : { action }),
    };
    await world.instances.recordSignal(signal, drain === undefined || drainsNow(signal, drain, now), now);
  }
};

/**
 * Gives a machine of ours its rows: the item its agent waits for, then its place in the fleet. Repeating changes nothing:
 * an item that is there stands, and a machine whose run has been closed meanwhile gets no place again.
 */
export const adoptMachine = async (world: World, machine: OwnedMachine): Promise<void> => {
  const { instanceId, fleet, intentId, ec2FleetId, pool, runTimesExpected } = machine;
  await world.instances.create({
    form: 1,
    instanceId,
    fleet,
    intentId,
    ec2FleetId,
    pool,
    launchedAt: machine.launchedAt,
    ...(runTimesExpected === undefined ? {} : { runTimesExpected }),
    leases: {},
    signals: {},
  });
  await claimSignals(world, machine);
  const record = await world.instances.get(instanceId);
  if (record === undefined || record.goneAt !== undefined) return;
  await world.fleets.addMember(fleet, { instanceId, intentId, pool, launchedAt: record.launchedAt });
};
