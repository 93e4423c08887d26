import { describe, expect, it } from 'vitest';
import type { FleetSettings } from '../../lib/fleet/fleet-settings.ts';
import { type InstanceId, intentId } from '../../lib/fleet/ids.ts';
import { reconcileFleets } from '../../lib/workflows/reconcile-fleets.ts';
import { recordSignal } from '../../lib/workflows/record-signal.ts';
import { collectWakes } from '../../lib/workflows/wakes.ts';
import {
  aHeldTask,
  aSignal,
  INDEX,
  SESSION,
  SPOT_A,
  type WorkflowWorld,
  workflowWorld,
} from '../support/workflow-world.ts';

const GROUP = 'workers';
const HOOK = 'spothop';
const WEB = 'arn:web';
const API = 'arn:api';

const SETTINGS: Partial<FleetSettings> = {
  mode: 'attach',
  groups: { autoScalingGroup: GROUP, lifecycleHook: HOOK, targetGroups: [WEB, API], isSupervised: false },
};

/** A machine that somebody's Auto Scaling group launched and whose owner tagged it for the fleet. */
const launchElsewhere = async (world: WorkflowWorld): Promise<InstanceId> => {
  const request = world.machines.serialise({
    token: 'theirs',
    fleet: INDEX,
    intentId: intentId('theirs'),
    pools: [{ pool: SPOT_A, subnetId: 'subnet-a', priority: 0 }],
    count: 1,
    launchTemplateId: 'lt-theirs',
    launchTemplateVersion: '1',
    tags: { 'aws:autoscaling:groupName': GROUP },
  });
  const answer = await world.machines.launch(request);
  return answer.answered ? answer.machines[0]!.instanceId : expect.fail('not launched');
};

const reconcile = (world: WorkflowWorld): Promise<void> => reconcileFleets(world, [INDEX], 'wake');

/** The machine is in its group, behind both target groups, has its item, and its agent is heard. */
const attachedMachine = async (changes: Partial<FleetSettings> = {}) => {
  const world = workflowWorld({ ...SETTINGS, ...changes });
  world.groups.addAutoScalingGroup(GROUP);
  for (const arn of [WEB, API]) world.groups.addTargetGroup(arn);
  const id = await launchElsewhere(world);
  world.groups.join(GROUP, id);
  for (const arn of [WEB, API]) world.groups.register(arn, id);
  await reconcile(world);
  await world.instances.openSession(id, SESSION, world.clock.now(), '1.2.3');
  return { world, id };
};

const warn = async (world: WorkflowWorld, id: InstanceId): Promise<void> => {
  await recordSignal(world, collectWakes(world), aSignal(world, id, 'spot-interruption', { action: 'terminate' }));
};

const standing = (world: WorkflowWorld) => ({
  group: world.groups.membersOf(GROUP),
  web: world.groups.targetsOf(WEB),
  api: world.groups.targetsOf(API),
});

const marksOf = (world: WorkflowWorld, id: InstanceId): string[] => {
  const record = world.instances.records.get(id)!;
  return ['detachedAt', 'deregisteredAt', 'lifecycleCompletedAt'].filter((mark) => mark in record);
};

describe('a machine of somebody’s group that EC2 takes', () => {
  it('leaves its groups with the reconcile that the warning wakes', async () => {
    const { world, id } = await attachedMachine();
    await warn(world, id);
    expect(standing(world)).toEqual({ group: [id], web: [id], api: [id] });
    await reconcile(world);
    expect(standing(world)).toEqual({ group: [], web: [], api: [] });
    expect(marksOf(world, id)).toEqual(['detachedAt', 'deregisteredAt']);
  });

  it('is asked for once, however often the fleet is reconciled', async () => {
    const { world, id } = await attachedMachine();
    const asked: string[] = [];
    const groups = {
      ...world.groups,
      detach: async (...args: Parameters<typeof world.groups.detach>) => {
        asked.push('detach');
        return world.groups.detach(...args);
      },
      deregister: async (...args: Parameters<typeof world.groups.deregister>) => {
        asked.push('deregister');
        return world.groups.deregister(...args);
      },
    };
    await warn(world, id);
    for (let times = 0; times < 3; times++) await reconcile({ ...world, groups });
    expect(asked).toEqual(['detach', 'deregister', 'deregister']);
  });

  it('is found detached by somebody else, which is as good', async () => {
    const { world, id } = await attachedMachine();
    await warn(world, id);
    await world.groups.detach(GROUP, [id]);
    await reconcile(world);
    expect(world.groups.membersOf(GROUP)).toEqual([]);
    expect(world.counted.get('GroupStepsRefused')).toBeUndefined();
  });

  it('stays where it is in observe, and the plan says what would have been done', async () => {
    const { world, id } = await attachedMachine({ mode: 'observe' });
    await warn(world, id);
    await reconcile(world);
    expect(standing(world)).toEqual({ group: [id], web: [id], api: [id] });
    expect(marksOf(world, id)).toEqual([]);
    const plans = world.money.allPlans().map(({ plan }) => plan);
    expect(plans.join('\n')).toContain(`detach ${id} from ${GROUP}: EC2 takes them`);
  });

  it('stays where it is while the group refuses, which is counted, told, and asked again', async () => {
    const { world, id } = await attachedMachine();
    await warn(world, id);
    world.groups.refuse({ code: 'AccessDenied', message: 'not authorised to perform autoscaling:DetachInstances' });
    await reconcile(world);
    expect(marksOf(world, id)).toEqual([]);
    expect(world.counted.get('GroupStepsRefused')).toBe(3);
    expect(world.counted.get('ReconcileFailed')).toBeUndefined();
    expect(JSON.stringify(world.logged)).toContain('autoscaling:DetachInstances');
    world.groups.refuse(undefined);
    await reconcile(world);
    expect(marksOf(world, id)).toEqual(['detachedAt', 'deregisteredAt']);
  });

  it('is not called deregistered before every target group has let it go', async () => {
    const { world, id } = await attachedMachine({
      groups: { targetGroups: [WEB, 'arn:mistyped'], isSupervised: false },
    });
    await warn(world, id);
    await reconcile(world);
    expect(world.groups.targetsOf(WEB)).toEqual([]);
    expect(marksOf(world, id)).toEqual([]);
  });

  it('is deregistered though Auto Scaling does not answer, and the reconcile is tried again', async () => {
    const { world, id } = await attachedMachine();
    const groups = { ...world.groups, detach: () => Promise.reject(new Error('connection lost')) };
    await warn(world, id);
    await reconcile({ ...world, groups });
    expect(standing(world)).toEqual({ group: [id], web: [], api: [] });
    expect(world.counted.get('ReconcileFailed')).toBe(1);
  });
});

describe('a machine that its group ends', () => {
  const beginEnding = async (world: WorkflowWorld, id: InstanceId): Promise<void> => {
    const token = world.groups.beginEnding(GROUP, HOOK, id);
    const lifecycleAction = { autoScalingGroup: GROUP, hook: HOOK, token };
    await recordSignal(world, collectWakes(world), aSignal(world, id, 'lifecycle-terminating', { lifecycleAction }));
  };

  it('is waited for until it has given up its task, and then let go', async () => {
    const { world, id } = await attachedMachine();
    const held = await aHeldTask(world, 'held', id);
    await beginEnding(world, id);
    await reconcile(world);
    expect(world.groups.waitingFor(GROUP)).toHaveLength(1);
    await world.instances.changeLeases({ instanceId: id, session: SESSION, unholds: [held] }, world.clock.now());
    await reconcile(world);
    expect(world.groups.waitingFor(GROUP)).toEqual([]);
    expect(marksOf(world, id)).toEqual(['deregisteredAt', 'lifecycleCompletedAt']);
  });

  it('is let go when its agent is silent, once its task was released', async () => {
    const { world, id } = await attachedMachine();
    await aHeldTask(world, 'held', id);
    await beginEnding(world, id);
    await world.clock.advance(20_000);
    await reconcile(world);
    await reconcile(world);
    expect(world.groups.waitingFor(GROUP)).toEqual([]);
    expect(world.workQueue(INDEX).size()).toBe(1);
  });
});

describe('a fleet that names no group', () => {
  it('never asks one, whatever happens to its machines', async () => {
    const { groups: _none, ...settings } = SETTINGS;
    const world = workflowWorld(settings);
    const untouchable = new Proxy(world.groups, { get: () => expect.fail('asked') });
    const id = await launchElsewhere(world);
    await reconcile({ ...world, groups: untouchable });
    await warn(world, id);
    await reconcile({ ...world, groups: untouchable });
    expect(world.counted.get('ReconcileFailed')).toBeUndefined();
  });
});
