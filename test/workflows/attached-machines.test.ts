import { describe, expect, it } from 'vitest';
import type { FleetMode } from '../../lib/fleet/fleet-settings.ts';
import type { InstanceId } from '../../lib/fleet/ids.ts';
import { reconcileFleet } from '../../lib/workflows/reconcile-fleet.ts';
import { recordSignal } from '../../lib/workflows/record-signal.ts';
import { collectWakes } from '../../lib/workflows/wakes.ts';
import { anInstanceId } from '../support/records.ts';
import {
  aHeldTask,
  aSignal,
  aTaskId,
  INDEX,
  SESSION,
  SPOT_A,
  type WorkflowWorld,
  workflowWorld,
} from '../support/workflow-world.ts';

const MACHINE: InstanceId = anInstanceId(7);

/** A fleet in this mode, and one running machine that its owner launched and tagged for it. */
const worldWith = (mode: FleetMode): WorkflowWorld => {
  const world = workflowWorld({ mode });
  const described = {
    instanceId: MACHINE,
    state: 'running',
    pool: SPOT_A,
    launchedAt: world.clock.now(),
    tags: {},
  } as const;
  return { ...world, machines: { ...world.machines, describeFleet: async () => [described] } };
};

const reconcile = (world: WorkflowWorld): Promise<void> =>
  reconcileFleet(world, collectWakes(world), world.settings.get(INDEX)!);

const openSession = (world: WorkflowWorld) => world.instances.openSession(MACHINE, SESSION, world.clock.now(), '1.2.3');

describe('a machine that somebody else launched', () => {
  it.each(['attach', 'observe'] as const)(
    'is given its item in a fleet in %s, so that its agent can work',
    async (mode) => {
      const world = worldWith(mode);
      await reconcile(world);
      expect(world.instances.records.get(MACHINE)).toMatchObject({ intentId: 'attached', leases: {} });
      expect((await world.fleets.read(INDEX)).members).toHaveLength(1);
    },
  );

  it('has its run closed although it ended before it was given its place', async () => {
    const world = worldWith('attach');
    await reconcile(world);
    await world.fleets.removeMember(INDEX, MACHINE);
    const [described] = await world.machines.describeFleet(INDEX);
    const ended = { ...described!, state: 'terminated', stateReasonCode: 'Server.SpotInstanceTermination' } as const;
    await reconcile({ ...world, machines: { ...world.machines, describeFleet: async () => [ended] } });
    expect(world.instances.records.get(MACHINE)?.goneAt).toBeDefined();
    expect((await world.fleets.read(INDEX)).members).toEqual([]);
  });

  it('is never taken for ours in a fleet that launches machines itself', async () => {
    const world = worldWith('manage');
    await reconcile(world);
    expect(world.instances.records.size).toBe(0);
    expect(world.counted.get('InstancesUnproven')).toBe(1);
  });

  it('has its tasks released when it is interrupted', async () => {
    const world = worldWith('attach');
    await reconcile(world);
    await openSession(world);
    await aHeldTask(world, 'held', MACHINE);
    await world.clock.advance(20_000);
    await recordSignal(world, collectWakes(world), aSignal(world, MACHINE));
    expect(await world.tasks.get(aTaskId('held'))).toMatchObject({ status: 'ready', reclaims: 1 });
  });

  it('is never ended by us, not even when its fleet begins to launch machines itself', async () => {
    const world = worldWith('attach');
    await reconcile(world);
    await openSession(world);
    const managed = {
      ...world,
      settings: new Map([[INDEX, { ...world.settings.get(INDEX)!, mode: 'manage' as const }]]),
    };
    await world.clock.advance(100_000_000);
    await reconcile(managed);
    await reconcile(managed);
    const record = world.instances.records.get(MACHINE);
    expect(record?.drainingAt).toBeUndefined();
    expect(record?.signals.leave).toBeUndefined();
    expect(world.counted.get('InstancesEnded')).toBeUndefined();
  });
});
