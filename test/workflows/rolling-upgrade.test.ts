import { describe, expect, it } from 'vitest';
import { instanceId } from '../../lib/fleet/ids.ts';
import { TEMPLATE_VERSION_TAG } from '../../lib/fleet/tags.ts';
import { reconcileFleets } from '../../lib/workflows/reconcile-fleets.ts';
import {
  aHeldTask,
  aTaskId,
  INDEX,
  SESSION,
  SETTINGS,
  type WorkflowWorld,
  workflowWorld,
} from '../support/workflow-world.ts';

/** The same world after a deployment that made another version of the launch template. */
const deployed = (world: WorkflowWorld, version: string, upgrade: 'rolling' | 'on-replacement'): WorkflowWorld => ({
  ...world,
  settings: new Map([
    [INDEX, { ...SETTINGS, upgrade, launchTemplateVersion: version, tags: { [TEMPLATE_VERSION_TAG]: version } }],
  ]),
});

/** Every machine has an agent that was heard now and holds a task. */
const keepBusy = async (world: WorkflowWorld): Promise<void> => {
  for (const { instanceId: id, leases } of [...world.instances.records.values()]) {
    await world.instances.openSession(id, SESSION, world.clock.now(), '1.2.3');
    if (Object.keys(leases).length === 0) await aHeldTask(world, `held-by-${id}`, id);
  }
};

const launchedIds = (world: WorkflowWorld): string[] => world.machines.all().map((one) => one.instanceId);

const leavingIds = (world: WorkflowWorld): string[] =>
  [...world.instances.records.values()].filter(({ signals }) => signals.leave).map((one) => one.instanceId);

const fourMachines = async (): Promise<WorkflowWorld> => {
  const world = deployed(workflowWorld(), '1', 'rolling');
  for (let index = 0; index < 20; index += 1) await world.workQueue(INDEX).send(aTaskId(`task-${index}`));
  await reconcileFleets(world, [INDEX]);
  await keepBusy(world);
  return world;
};

describe('after a deployment with another agent or task', () => {
  it('a fleet that rolls replaces one of its four machines at a time, the new one first (F66)', async () => {
    const before = await fourMachines();
    const old = launchedIds(before);
    expect(old).toHaveLength(4);
    const world = deployed(before, '2', 'rolling');
    await reconcileFleets(world, [INDEX]);
    const [fresh, ...others] = launchedIds(world).filter((id) => !old.includes(id));
    expect(others).toEqual([]);
    expect(leavingIds(world)).toEqual([]);
    await reconcileFleets(world, [INDEX]);
    expect(launchedIds(world)).toHaveLength(5);
    await keepBusy(world);
    await reconcileFleets(world, [INDEX]);
    expect(leavingIds(world)).toHaveLength(1);
    expect(old).toContain(leavingIds(world)[0]);
    expect((await world.instances.get(instanceId(fresh!)))?.signals).toEqual({});
  });

  it('a fleet that does not roll lets its machines run', async () => {
    const before = await fourMachines();
    const world = deployed(before, '2', 'on-replacement');
    for (let round = 0; round < 3; round += 1) {
      await reconcileFleets(world, [INDEX]);
      await keepBusy(world);
    }
    expect(launchedIds(world)).toHaveLength(4);
    expect(leavingIds(world)).toEqual([]);
  });

  it('that changed no template, nothing is replaced', async () => {
    const world = deployed(await fourMachines(), '1', 'rolling');
    await reconcileFleets(world, [INDEX]);
    expect(launchedIds(world)).toHaveLength(4);
  });
});
