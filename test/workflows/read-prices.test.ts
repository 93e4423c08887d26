import { describe, expect, it } from 'vitest';
import { pricesHandler } from '../../functions/prices.ts';
import { fleetName } from '../../lib/fleet/ids.ts';
import type { Run } from '../../lib/fleet/run.ts';
import { addMs } from '../../lib/fleet/time.ts';
import type { Prices } from '../../lib/ports/money.ts';
import type { PlacementScores } from '../../lib/ports/placement.ts';
import { memoryPrices } from '../../lib/simulator/ports/memory-prices.ts';
import type { PricesWorld } from '../../lib/workflows/read-prices.ts';
import { reconcileFleet } from '../../lib/workflows/reconcile-fleet.ts';
import { collectWakes } from '../../lib/workflows/wakes.ts';
import { anInstanceId, atSecond, START } from '../support/records.ts';
import {
  aMachine,
  INDEX,
  SETTINGS,
  SPOT_A,
  submitRow,
  type WorkflowWorld,
  workflowWorld,
} from '../support/workflow-world.ts';

const A = 'c7g.large/us-east-1a';
const B = 'c7g.large/us-east-1b';
const HOUR_MS = 3_600_000;

const point = (hoursAgo: number, microUsdPerHour: number) => ({
  at: addMs(START, -hoursAgo * HOUR_MS),
  microUsdPerHour,
});

/** The price of one pool changed long ago, that of the other one an hour ago. */
const PRICES = memoryPrices(
  new Map([
    [A, [point(500, 30_000)]],
    [B, [point(9, 20_000), point(1, 25_000), point(-1, 70_000)]],
  ]),
  new Map([['c7g.large', 100_000]]),
);

const SCORES: PlacementScores = { byZone: async () => new Map([['us-east-1a', 7]]) };

/** Three types, so that scores are asked for. */
const THREE_TYPES = {
  ...SETTINGS.capacity,
  places: ['c7g.large', 'm7g.large', 'r7g.large'].flatMap((instanceType) =>
    SETTINGS.capacity.places.map(({ zone, subnetId }) => ({ instanceType, zone, subnetId })),
  ),
};

const pricesWorld = (
  world: WorkflowWorld,
  { prices = PRICES, placement = SCORES }: { prices?: Prices; placement?: PlacementScores } = {},
): PricesWorld => ({ ...world, prices, placement });

const boardIn = (world: WorkflowWorld) => world.fleets.prices(INDEX);

describe('reading prices', () => {
  it('keeps for each pool the last change before now, however long ago, and nothing that is yet to come', async () => {
    const world = workflowWorld();
    await pricesHandler(pricesWorld(world))();
    expect(await boardIn(world)).toEqual({
      form: 1,
      readAt: START,
      slowReadAt: START,
      spot: { [A]: 30_000, [B]: 25_000 },
      onDemand: { 'c7g.large': 100_000 },
      scores: {},
      losses: {},
    });
  });

  it('leaves out what it cannot learn, and counts it: unknown is not 0', async () => {
    const world = workflowWorld();
    await pricesHandler(pricesWorld(world, { prices: memoryPrices(new Map([[A, [point(1, 30_000)]]]), new Map()) }))();
    expect(await boardIn(world)).toMatchObject({ spot: { [A]: 30_000 }, onDemand: {} });
    expect(world.counted.get('PricesUnknown')).toBe(2);
  });

  it('counts and tells of pools above the fleet’s share of the on-demand price', async () => {
    const world = workflowWorld();
    const dear = memoryPrices(
      new Map([
        [A, [point(1, 90_001)]],
        [B, [point(1, 90_000)]],
      ]),
      new Map([['c7g.large', 100_000]]),
    );
    await pricesHandler(pricesWorld(world, { prices: dear }))();
    expect(world.counted.get('PoolsTooDear')).toBe(1);
    expect(world.logged.map(({ message }) => message)).toContain('1 of 2 pools are above 90 % of the on-demand price.');
  });

  it('learns losses from closed runs and from machines that live', async () => {
    const world = workflowWorld();
    const run: Run = {
      form: 1,
      instanceId: anInstanceId(9),
      fleet: INDEX,
      pool: SPOT_A,
      launchedAt: addMs(START, -2 * HOUR_MS),
      endedAt: START,
      endedBy: 'ec2',
      interruption: 'warned',
    };
    await world.money.putRun(run);
    await aMachine(world, anInstanceId(1), { launchedAt: addMs(START, -HOUR_MS) });
    await pricesHandler(pricesWorld(world))();
    expect((await boardIn(world))?.losses).toEqual({ [A]: { hours: 3, losses: 1 } });
  });

  it('asks for what changes slowly once an hour only', async () => {
    const world = workflowWorld({ capacity: THREE_TYPES });
    let asked = 0;
    const placement: PlacementScores = {
      byZone: async (types, machines) => {
        asked += 1;
        expect([types.length, machines]).toEqual([3, 10]);
        return new Map([['us-east-1a', asked]]);
      },
    };
    for (const seconds of [0, 300, 3_599, 3_600]) {
      await world.clock.advance(Math.max(0, atSecond(seconds) - world.clock.now()));
      await pricesHandler(pricesWorld(world, { placement }))();
    }
    expect(asked).toBe(2);
    expect(await boardIn(world)).toMatchObject({ scores: { 'us-east-1a': 2 }, readAt: atSecond(3_600) });
  });

  it('does without scores where the account may not ask for them, and for fleets of few types', async () => {
    const refused: PlacementScores = { byZone: () => Promise.reject(new Error('UnauthorizedOperation')) };
    const world = workflowWorld({ capacity: THREE_TYPES });
    await pricesHandler(pricesWorld(world, { placement: refused }))();
    expect(await boardIn(world)).toMatchObject({ scores: {}, onDemand: { 'c7g.large': 100_000 } });
    const small = workflowWorld();
    await pricesHandler(pricesWorld(small))();
    expect((await boardIn(small))?.scores).toEqual({});
  });

  it('keeps spot prices current while the price list does not answer, and the last on-demand prices with them', async () => {
    const world = workflowWorld();
    await pricesHandler(pricesWorld(world))();
    await world.clock.advance(HOUR_MS);
    const prices: Prices = { ...PRICES, onDemand: () => Promise.reject(new Error('ThrottlingException')) };
    await pricesHandler(pricesWorld(world, { prices }))();
    expect(await boardIn(world)).toMatchObject({
      readAt: addMs(START, HOUR_MS),
      slowReadAt: START,
      spot: { [B]: 70_000 },
      onDemand: { 'c7g.large': 100_000 },
    });
  });

  it('reads the other fleets when one cannot be read, and fails then, so that people are told', async () => {
    const other = { ...SETTINGS, fleet: fleetName('other') };
    const world = workflowWorld({}, [other]);
    let calls = 0;
    const prices: Prices = {
      ...PRICES,
      spotHistory: (...asked) => {
        calls += 1;
        return calls === 1 ? Promise.reject(new Error('RequestLimitExceeded')) : PRICES.spotHistory(...asked);
      },
    };
    await expect(pricesHandler(pricesWorld(world, { prices }))()).rejects.toThrow('RequestLimitExceeded');
    expect(await world.fleets.prices(other.fleet)).toBeDefined();
  });
});

describe('a reconcile', () => {
  const askedPools = async (world: WorkflowWorld): Promise<string[]> => {
    for (let task = 0; task < 5; task += 1) await world.workQueue(INDEX).send(await submitRow(world, `task-${task}`));
    await reconcileFleet(world, collectWakes(world), world.settings.get(INDEX)!);
    const plan = world.money.allPlans().at(-1)!.plan;
    return [plan, ...world.machines.all().map(({ pool }) => pool.zone)];
  };

  it('asks the pool whose useful hour is the cheapest, and its plan says so', async () => {
    const world = workflowWorld();
    await pricesHandler(pricesWorld(world))();
    const [plan, ...zones] = await askedPools(world);
    expect(plan).toContain(`${B} first at $0.0250 a useful hour`);
    expect(plan).toContain(`${A} dominated by ${B}`);
    expect(zones).toEqual(['us-east-1b']);
  });

  it('asks in the user’s order while nobody has read prices', async () => {
    const [plan] = await askedPools(workflowWorld());
    expect(plan).toContain(`${A} first, prices unknown, 1 more`);
  });
});
