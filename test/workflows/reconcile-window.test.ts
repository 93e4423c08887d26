import { describe, expect, it } from 'vitest';
import type { FleetSettings } from '../../lib/fleet/fleet-settings.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { reconcileFleets } from '../../lib/workflows/reconcile-fleets.ts';
import { START } from '../support/records.ts';
import {
  aTaskId,
  INDEX,
  SETTINGS,
  SPOT_A,
  SPOT_B,
  submitRow,
  type WorkflowWorld,
  workflowWorld,
} from '../support/workflow-world.ts';

const HOUR_MS = 3_600_000;
const RUN_TIMES = { samples: 20, halfMs: 600_000, nineTenthsMs: 1_800_000 };

/** Twenty tasks of half an hour, due in twelve, on at most four on-demand machines; no pool has spot. */
const worldWithoutSpot = async (changes: Partial<FleetSettings> = {}, tasks = 20): Promise<WorkflowWorld> => {
  const window = { windowSeconds: 43_200, slots: 1 };
  const world = workflowWorld({ capacity: { ...SETTINGS.capacity, window }, ...changes });
  world.machines.setCapacity(SPOT_A, 0);
  world.machines.setCapacity(SPOT_B, 0);
  for (let number = 0; number < tasks; number += 1) {
    await submitRow(world, `task-${number}`);
    await world.workQueue(INDEX).send(aTaskId(`task-${number}`));
  }
  await world.fleets.noteRunTimes(INDEX, RUN_TIMES);
  return world;
};

const reconcile = (world: WorkflowWorld): Promise<void> => reconcileFleets(world, [INDEX]);

const purchases = async (world: WorkflowWorld): Promise<string[]> =>
  (await world.fleets.read(INDEX)).members.map(({ pool }) => pool.purchase);

/** A minute after the other, as the schedule does. */
const pass = async (world: WorkflowWorld, minutes: number): Promise<void> => {
  for (let minute = 0; minute < minutes; minute += 1) {
    await world.clock.advance(60_000);
    await reconcile(world);
  }
};

const plans = (world: WorkflowWorld): string =>
  world.logged.map(({ fields }) => String(fields?.['plan'] ?? '')).join('\n');

describe('a fleet with a window, while there is no spot', () => {
  it('waits, counts it and says until when', async () => {
    const world = await worldWithoutSpot();
    await pass(world, 5);
    expect(await purchases(world)).toEqual([]);
    expect(world.counted.get('WaitingForSpot')).toBeGreaterThan(2);
    expect(world.counted.has('NoCapacity')).toBe(false);
    expect(plans(world)).toMatch(/wait: 4 of 4 machines; 20 tasks of up to 30 min, the first due in 1\d(\.\d)? h/);
  });

  it('buys on demand when time runs short', async () => {
    const world = await worldWithoutSpot();
    await world.clock.advance(8.5 * HOUR_MS);
    await pass(world, 3);
    expect(await purchases(world)).toEqual([]);
    await world.clock.advance(0.5 * HOUR_MS);
    await pass(world, 3);
    expect(await purchases(world)).toEqual(new Array(4).fill('on-demand'));
  });

  it('only plans in a fleet that is watched, and keeps the plan to be read', async () => {
    const world = await worldWithoutSpot({ mode: 'observe' });
    await world.fleets.notePool(INDEX, 'c7g.large/us-east-1a/spot', { refusedAt: START, strikes: 3 });
    await world.fleets.notePool(INDEX, 'c7g.large/us-east-1b/spot', { refusedAt: START, strikes: 3 });
    await pass(world, 1);
    expect(await purchases(world)).toEqual([]);
    expect(world.money.allPlans().map(({ plan }) => plan)[0]).toContain('there is time to wait for spot');
  });

  it.each<readonly [string, (world: WorkflowWorld) => WorkflowWorld]>([
    [
      'how old its tasks are cannot be read',
      (world) => ({
        ...world,
        tasks: { ...world.tasks, oldestUnfinished: () => Promise.reject(new Error('no index')) },
      }),
    ],
    [
      'its tasks are in no index yet',
      (world) => ({ ...world, tasks: { ...world.tasks, oldestUnfinished: async () => undefined } }),
    ],
  ])('stands in on demand as ever while %s', async (_what, without) => {
    const world = await worldWithoutSpot();
    await pass(without(world), 2);
    expect(await purchases(world)).toEqual(new Array(4).fill('on-demand'));
  });

  it('reads no row and no index where there is no window, or nothing to do', async () => {
    for (const world of [await worldWithoutSpot({ capacity: SETTINGS.capacity }), await worldWithoutSpot({}, 0)]) {
      const oldestUnfinished = () => Promise.reject(new Error('asked for nothing'));
      await reconcile({ ...world, tasks: { ...world.tasks, oldestUnfinished } });
      expect(world.logged.filter(({ level }) => level === 'warn')).toEqual([]);
    }
  });
});

describe('the search for the oldest task', () => {
  it('begins a quarter of an hour before where the last one ended, and is written down as seldom', async () => {
    const world = await worldWithoutSpot();
    const searched: number[] = [];
    const noted: number[] = [];
    const watched: WorkflowWorld = {
      ...world,
      tasks: {
        ...world.tasks,
        oldestUnfinished: (fleet, since) => {
          searched.push(since);
          return world.tasks.oldestUnfinished(fleet, since);
        },
      },
      fleets: {
        ...world.fleets,
        noteUnfinishedSince: (fleet, at) => {
          noted.push(at);
          return world.fleets.noteUnfinishedSince(fleet, at);
        },
      },
    };
    await pass(watched, 3);
    const quarterBefore = epochMs(START - 900_000);
    expect(searched.slice(0, 2)).toEqual([0, quarterBefore]);
    expect(noted).toEqual([quarterBefore]);
  });
});
