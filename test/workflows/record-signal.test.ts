import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adoptMachine } from '../../lib/workflows/adopt-machine.ts';
import { recordSignal } from '../../lib/workflows/record-signal.ts';
import { collectWakes } from '../../lib/workflows/wakes.ts';
import { anInstanceId, aRecord } from '../support/records.ts';
import {
  aHeldTask,
  aMachine,
  aSignal,
  aTaskId,
  INDEX,
  receivedIds,
  SESSION,
  snapshot,
  submitRow,
  type WorkflowWorld,
  workflowWorld,
} from '../support/workflow-world.ts';

const OURS = anInstanceId(1);
const STRANGER = anInstanceId(9);

const told = async (world: WorkflowWorld, ...signals: ReturnType<typeof aSignal>[]) => {
  const wakes = collectWakes(world);
  for (const signal of signals) await recordSignal(world, wakes, signal);
  await wakes.send();
};

describe('a warning for a machine whose agent is not heard', () => {
  const silentMachine = async () => {
    const world = workflowWorld();
    await aMachine(world, OURS, { heartbeatAt: (world.clock.now() - 20_000) as never });
    return world;
  };

  /** Holding is a heartbeat, so the machine falls silent after its tasks were held. */
  const holding = async (...names: string[]) => {
    const world = await silentMachine();
    for (const name of names) await aHeldTask(world, name, OURS);
    await world.clock.advance(20_000);
    return world;
  };

  it('makes its tasks ready, sends each once, and clears its list', async () => {
    const world = await holding('one', 'two');
    await told(world, aSignal(world, OURS));
    expect(
      [...world.tasks.rows.values()].map(({ taskId, status, attempt, reclaims }) => [
        taskId,
        status,
        attempt,
        reclaims,
      ]),
    ).toEqual([
      ['one', 'ready', 1, 1],
      ['two', 'ready', 1, 1],
    ]);
    expect(await receivedIds(world)).toEqual(['one', 'two']);
    expect(world.instances.records.get(OURS)?.leases).toEqual({});
    expect(world.instances.records.get(OURS)?.drainingAt).toBe(world.clock.now());
  });

  it('releases nothing that the draining write did not return', async () => {
    const world = await holding('one');
    const ready = await submitRow(world, 'untouched');
    await told(world, aSignal(world, OURS));
    expect(await world.tasks.get(ready)).toMatchObject({ status: 'ready', reclaims: 0 });
    expect(await receivedIds(world)).toEqual(['one']);
  });

  it('decides and acts upon the tenth delivery as upon the first, and changes nothing more', async () => {
    const world = await holding('one', 'two');
    const signal = aSignal(world, OURS);
    await told(world, signal);
    const after = await snapshot(world);
    for (let delivery = 2; delivery <= 10; delivery += 1) {
      await told(world, signal);
      expect(world.wakes.takeDue()).toEqual([INDEX]);
    }
    expect(await snapshot(world)).toBe(after);
  });

  it('finishes by a later delivery what an earlier one could not', async () => {
    const world = await holding('one', 'two');
    const { apply } = world.tasks;
    let failing = true;
    const broken: WorkflowWorld = {
      ...world,
      tasks: {
        ...world.tasks,
        apply: async (id, step) => {
          if (failing && id === 'two') throw new Error('throttled');
          return apply(id, step);
        },
      },
    };
    const signal = aSignal(world, OURS);
    await expect(told(broken, signal)).rejects.toThrow('throttled');
    expect(await world.tasks.get(aTaskId('one'))).toMatchObject({ status: 'ready' });
    failing = false;
    await told(broken, signal);
    expect(await world.tasks.get(aTaskId('two'))).toMatchObject({ status: 'ready', reclaims: 1 });
    expect(await receivedIds(world)).toEqual(['one', 'two']);
  });

  it('leaves alone a task that was taken again meanwhile', async () => {
    const world = await holding('one');
    const other = anInstanceId(2);
    await aMachine(world, other);
    const now = world.clock.now();
    await world.tasks.apply(aTaskId('one'), { step: 'release', attempt: 1, owner: OURS, now });
    await world.tasks.apply(aTaskId('one'), { step: 'take', owner: other, session: SESSION, now });
    await told(world, aSignal(world, OURS));
    expect(await world.tasks.get(aTaskId('one'))).toMatchObject({ status: 'running', owner: other, attempt: 2 });
    expect(await receivedIds(world)).toEqual([]);
  });
});

describe('draining is one write that returns everything', () => {
  it('whatever is held before it is released, and nothing can be held after it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 6 }), async (before, after) => {
        const world = workflowWorld();
        await aMachine(world, OURS);
        for (let index = 0; index < before; index += 1) await aHeldTask(world, `before-${index}`, OURS);
        await world.clock.advance(15_000);
        const warning = told(world, aSignal(world, OURS));
        for (let index = 0; index < after; index += 1) await aHeldTask(world, `after-${index}`, OURS);
        await warning;
        const heldLate = [...world.tasks.rows.values()].filter((row) => row.taskId.startsWith('after'));
        expect(world.instances.records.get(OURS)?.leases).toEqual({});
        expect(heldLate.every((row) => row.status === 'running')).toBe(true);
        const released = [...world.tasks.rows.values()].filter((row) => row.taskId.startsWith('before'));
        expect(released.map((row) => row.status)).toEqual(new Array(before).fill('ready'));
      }),
      { numRuns: 100 },
    );
  });
});

describe('a warning for a machine whose agent is heard', () => {
  it('leaves its tasks to the agent, wakes the fleet now and again at deadline − margin', async () => {
    const world = workflowWorld();
    await aMachine(world, OURS);
    await aHeldTask(world, 'one', OURS);
    await told(world, aSignal(world, OURS));
    expect(await world.tasks.get(aTaskId('one'))).toMatchObject({ status: 'running', attempt: 1 });
    expect(world.wakes.takeDue()).toEqual([INDEX]);
    expect(world.wakes.nextAt()).toBe(world.clock.now() + 110_000);
  });
});

describe('a machine nobody knows', () => {
  it('has its warning and its rebalance kept for an hour, and nothing else is touched', async () => {
    const world = workflowWorld();
    const before = await snapshot(world);
    await told(world, aSignal(world, STRANGER), aSignal(world, STRANGER, 'rebalance-recommendation'));
    expect(await snapshot(world)).toBe(before);
    expect(world.wakes.nextAt()).toBeUndefined();
    const kinds = async () => (await world.fleets.unclaimed(STRANGER, world.clock.now())).map(({ kind }) => kind);
    await world.clock.advance(3_599_000);
    expect(await kinds()).toEqual(['rebalance-recommendation', 'spot-interruption']);
    await world.clock.advance(1_000);
    expect(await kinds()).toEqual([]);
  });

  it.each([
    'state-running',
    'state-stopping',
    'state-terminated',
    'scheduled-change',
    'bid-evicted',
    'lifecycle-terminating',
  ] as const)('has its %s signal counted and forgotten', async (kind) => {
    const world = workflowWorld();
    const before = await snapshot(world);
    await told(world, aSignal(world, STRANGER, kind));
    expect(await snapshot(world)).toBe(before);
    expect(await world.fleets.unclaimed(STRANGER, world.clock.now())).toEqual([]);
    expect(world.counted.get('SignalsNotOurs')).toBe(1);
    expect(world.wakes.nextAt()).toBeUndefined();
  });

  it('drains from its first moment once it is adopted', async () => {
    const world = workflowWorld();
    const warning = aSignal(world, STRANGER);
    await told(world, warning);
    await world.clock.advance(30_000);
    await adoptMachine(world, aRecord({ instanceId: STRANGER }));
    const record = world.instances.records.get(STRANGER);
    expect(record?.drainingAt).toBe(world.clock.now());
    expect(record?.signals['spot-interruption']?.deadline).toBe(warning.deadline);
  });

  it('loses no warning when it is adopted while the warning is being kept', async () => {
    const world = workflowWorld();
    const { keepUnclaimed } = world.fleets;
    const racing: WorkflowWorld = {
      ...world,
      fleets: {
        ...world.fleets,
        keepUnclaimed: async (signal, now) => {
          await adoptMachine(world, aRecord({ instanceId: STRANGER }));
          await keepUnclaimed(signal, now);
        },
      },
    };
    await told(racing, aSignal(world, STRANGER));
    expect(world.instances.records.get(STRANGER)?.drainingAt).toBe(world.clock.now());
    expect(world.wakes.takeDue()).toEqual([INDEX]);
  });
});

describe('what a signal means', () => {
  it('a rebalance recommendation makes the machine wary, releases nothing, and wakes the fleet for its replacement', async () => {
    const world = workflowWorld();
    await aMachine(world, OURS);
    await aHeldTask(world, 'one', OURS);
    await told(world, aSignal(world, OURS, 'rebalance-recommendation'));
    expect(world.instances.records.get(OURS)?.drainingAt).toBeUndefined();
    expect(await world.tasks.get(aTaskId('one'))).toMatchObject({ status: 'running' });
    expect(world.wakes.nextAt()).toBe(world.clock.now());
  });

  it('a rebalance recommendation drains where the fleet says so', async () => {
    const world = workflowWorld({
      drain: { marginSeconds: 10, windowSeconds: 120, warySeconds: 900, rebalance: 'drain' },
    });
    await aMachine(world, OURS);
    await told(world, aSignal(world, OURS, 'rebalance-recommendation'));
    expect(world.instances.records.get(OURS)?.drainingAt).toBe(world.clock.now());
    expect(world.wakes.takeDue()).toEqual([INDEX]);
  });

  it('the end of the machine releases its tasks at once, however fresh its heartbeat', async () => {
    const world = workflowWorld();
    await aMachine(world, OURS);
    await aHeldTask(world, 'one', OURS);
    await told(world, aSignal(world, OURS, 'state-terminated'));
    expect(await world.tasks.get(aTaskId('one'))).toMatchObject({ status: 'ready', reclaims: 1 });
    expect(world.wakes.takeDue()).toEqual([INDEX]);
  });

  it('no signal ends a machine, whatever it says (N2)', async () => {
    const world = workflowWorld();
    await aMachine(world, OURS, { launchedAt: (world.clock.now() - 90_000_000) as never });
    await world.clock.advance(7_200_000);
    const untouched: WorkflowWorld = {
      ...world,
      machines: {
        ...world.machines,
        terminate: async () => {
          throw new Error('a signal ended a machine');
        },
      },
    };
    await told(untouched, aSignal(world, OURS), aSignal(world, OURS, 'state-stopping'), aSignal(world, OURS, 'leave'));
  });

  it('a fleet that observes has the signal recorded, and nothing is released or woken', async () => {
    const world = workflowWorld({ mode: 'observe' });
    await aMachine(world, OURS);
    await aHeldTask(world, 'one', OURS);
    await world.clock.advance(20_000);
    await told(world, aSignal(world, OURS));
    expect(world.instances.records.get(OURS)?.signals['spot-interruption']).toBeDefined();
    expect(await world.tasks.get(aTaskId('one'))).toMatchObject({ status: 'running' });
    expect(world.wakes.nextAt()).toBeUndefined();
  });

  it('a machine of a fleet that left the fleet file is drained like any other', async () => {
    const world = workflowWorld();
    const orphaned: WorkflowWorld = { ...world, settings: new Map() };
    await aMachine(world, OURS);
    await aHeldTask(world, 'one', OURS);
    await world.clock.advance(20_000);
    await told(orphaned, aSignal(world, OURS));
    expect(await world.tasks.get(aTaskId('one'))).toMatchObject({ status: 'ready' });
  });
});
