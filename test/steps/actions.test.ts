import { describe, expect, it } from 'vitest';
import type { Action, Plan } from '../../lib/decisions/plan.ts';
import { type InstanceId, type IntentId, intentId } from '../../lib/fleet/ids.ts';
import { executePlan } from '../../lib/workflows/execute-plan.ts';
import { collectWakes } from '../../lib/workflows/wakes.ts';
import { anInstanceId, anIntent } from '../support/records.ts';
import {
  aHeldTask,
  aMachine,
  aTaskId,
  INDEX,
  SPOT_A,
  snapshot,
  type WorkflowWorld,
  workflowWorld,
} from '../support/workflow-world.ts';

const MACHINE = anInstanceId(77);
const reason = 'a test';

const launchIntent = (world: WorkflowWorld, id: IntentId) => {
  const request = world.machines.serialise({
    token: id,
    fleet: INDEX,
    intentId: id,
    pools: [{ pool: SPOT_A, subnetId: 'subnet-a', priority: 0 }],
    count: 2,
    launchTemplateId: 'lt-1',
    launchTemplateVersion: '3',
    tags: {},
  });
  return anIntent({ intentId: id, count: 2, request: JSON.stringify({ fleet: INDEX, pools: [SPOT_A], request }) });
};

/** A world in which the action has something to do, and the action. */
const PREPARED: { readonly [Kind in Action['do']]: (world: WorkflowWorld) => Promise<Extract<Action, { do: Kind }>> } =
  {
    'release-tasks': async (world) => {
      await aMachine(world, MACHINE);
      await aHeldTask(world, 'one', MACHINE);
      await aHeldTask(world, 'two', MACHINE);
      const tasks = ['one', 'two'].map((name) => ({ taskId: aTaskId(name), attempt: 1 }));
      return { do: 'release-tasks', instanceId: MACHINE, fleet: INDEX, tasks, reason };
    },
    'look-again': async (world) => ({ do: 'look-again', fleet: INDEX, at: world.clock.now(), reason }),
    'wake-fleet': async () => ({ do: 'wake-fleet', fleet: INDEX, reason }),
    'mark-draining': async (world) => {
      await aMachine(world, MACHINE);
      return { do: 'mark-draining', instanceId: MACHINE, reason };
    },
    'close-run': async (world) => {
      await aMachine(world, MACHINE);
      return { do: 'close-run', instanceId: MACHINE, fleet: INDEX, reason };
    },
    leave: async (world) => {
      await aMachine(world, MACHINE);
      return { do: 'leave', instanceId: MACHINE, reason };
    },
    stay: async (world) => {
      const now = world.clock.now();
      await aMachine(world, MACHINE, { signals: { leave: { at: now, recordedAt: now } } });
      return { do: 'stay', instanceId: MACHINE, reason };
    },
    terminate: async (world) => {
      const answer = await world.machines.launch(
        (JSON.parse(launchIntent(world, intentId('earlier')).request) as { request: string }).request,
      );
      const instanceIds: InstanceId[] = answer.answered ? answer.machines.map((machine) => machine.instanceId) : [];
      return { do: 'terminate', instanceIds, reason };
    },
    launch: async (world) => {
      const intent = launchIntent(world, intentId('new'));
      await world.fleets.changeHead(INDEX, 0, { open: [intent] });
      return { do: 'launch', intent, reason };
    },
    wait: async () => ({ do: 'wait', fleet: INDEX, reason }),
    alarm: async () => ({ do: 'alarm', metric: 'NoCapacity', reason }),
    detach: async (world) => {
      await aMachine(world, MACHINE);
      world.groups.addAutoScalingGroup('workers');
      world.groups.join('workers', MACHINE);
      return { do: 'detach', autoScalingGroup: 'workers', instanceIds: [MACHINE], reason };
    },
    deregister: async (world) => {
      await aMachine(world, MACHINE);
      world.groups.addTargetGroup('web');
      world.groups.register('web', MACHINE);
      return { do: 'deregister', targetGroups: ['web'], instanceIds: [MACHINE], reason };
    },
    'complete-lifecycle': async (world) => {
      await aMachine(world, MACHINE);
      world.groups.addAutoScalingGroup('workers');
      const token = world.groups.beginEnding('workers', 'spothop', MACHINE);
      const named = { autoScalingGroup: 'workers', lifecycleHook: 'spothop' };
      return { do: 'complete-lifecycle', ...named, instanceId: MACHINE, token, reason };
    },
  };

/** They leave no trace in what is stored. */
const CHANGES_NOTHING: readonly Action['do'][] = ['look-again', 'wake-fleet', 'wait', 'alarm'];

const execute = async (world: WorkflowWorld, action: Action): Promise<void> => {
  const plan: Plan = { subject: 'a test', decidedAt: world.clock.now(), actions: [action] };
  await executePlan(world, collectWakes(world), plan);
};

/** A message is a hint, and one more of it changes nothing: a release that is repeated may not have sent its own. */
const stored = async (world: WorkflowWorld): Promise<unknown> => {
  const { queues: _queues, ...rest } = JSON.parse(await snapshot(world)) as Record<string, unknown>;
  return rest;
};

describe('every action may be repeated', () => {
  it.each(Object.keys(PREPARED) as Action['do'][])('%s', async (kind) => {
    const world = workflowWorld();
    const action = await PREPARED[kind](world);
    const before = await snapshot(world);
    await execute(world, action);
    expect((await snapshot(world)) !== before).toBe(!CHANGES_NOTHING.includes(kind));
    const once = await stored(world);
    await world.clock.advance(61_000);
    await execute(world, action);
    expect(await stored(world)).toEqual(once);
  });
});
