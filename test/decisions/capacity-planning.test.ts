import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapacityView, LaunchOrder } from '../../lib/decisions/capacity-view.ts';
import { decideCapacity } from '../../lib/decisions/decide-capacity.ts';
import { describePlan, type Plan } from '../../lib/decisions/plan.ts';
import { afterReclaim } from '../../lib/decisions/pool-memory.ts';
import type { Member, PoolMemory } from '../../lib/fleet/fleet.ts';
import type { CapacityPolicy } from '../../lib/fleet/fleet-settings.ts';
import { type InstanceId, intentId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { Pool } from '../../lib/fleet/pool.ts';
import type { PriceBoard } from '../../lib/fleet/price-board.ts';
import { addMs, type EpochMs } from '../../lib/fleet/time.ts';
import {
  A_POLICY,
  aFleetState,
  aMember,
  anInstanceId,
  anIntent,
  aRecord,
  atSecond,
  START,
} from '../support/records.ts';

const ZONES = ['us-east-1a', 'us-east-1b'];
const TYPES = ['c7g.large', 'm7g.large'];

const POLICY: CapacityPolicy = {
  machinesMin: 0,
  machinesMax: 40,
  targetBacklog: 1,
  spotPercentMax: 90,
  spotStrategy: 'capacity',
  onDemandBase: 0,
  onDemandFallback: true,
  onDemandMax: 40,
  places: TYPES.flatMap((instanceType) => ZONES.map((zone) => ({ instanceType, zone, subnetId: 'subnet-1' }))),
};

const spot = (instanceType: string, zone: string): Pool => ({ instanceType, zone, purchase: 'spot' });
const A = spot('c7g.large', 'us-east-1a');
const B = spot('c7g.large', 'us-east-1b');

const board = (prices: Readonly<Record<string, number>>): PriceBoard => ({
  form: 1,
  readAt: START,
  slowReadAt: START,
  spot: prices,
  onDemand: { 'c7g.large': 100_000, 'm7g.large': 100_000 },
  scores: {},
  losses: {},
});

/** What was asked for, read off the intents. */
const decide = (
  machines: readonly Partial<InstanceRecord>[],
  tasks: number,
  changes: Partial<CapacityView> & { readonly pools?: Readonly<Record<string, PoolMemory>> } = {},
  now: EpochMs = START,
) => {
  const records = machines.map((machine, index) =>
    aRecord({ instanceId: anInstanceId(index + 1), heartbeatAt: now, ...machine }),
  );
  const orders: LaunchOrder[] = [];
  const { pools = {}, ...view } = changes;
  const plan = decideCapacity(
    {
      state: aFleetState(
        { pools },
        records.map(({ pool, launchedAt }, index) => aMember(index + 1, { pool, launchedAt })),
      ),
      records: new Map(records.map((record) => [record.instanceId, record])),
      backlog: { waiting: tasks, inFlight: 0, delayed: 0 },
      policy: POLICY,
      drainPolicy: A_POLICY,
      outdated: new Set(),
      makeIntent: (order) => {
        orders.push(order);
        return anIntent({ intentId: intentId('new'), purchase: order.purchase, count: order.count });
      },
      ...view,
    },
    now,
  );
  const counts = orders.map(({ purchase, count }) => `${count} ${purchase}`);
  return { plan, orders, counts, leaving: leavers(plan) };
};

const leavers = (plan: Plan): InstanceId[] =>
  plan.actions.flatMap((action) => (action.do === 'leave' ? [action.instanceId] : []));

const wary = { 'rebalance-recommendation': { at: START, recordedAt: START } };
const warned = { 'spot-interruption': { at: START, recordedAt: START, deadline: atSecond(120) } };
const BUSY = { leases: { 'task-1': 1 } as InstanceRecord['leases'] };
const many = (count: number, machine: Partial<InstanceRecord>): Partial<InstanceRecord>[] =>
  Array.from({ length: count }, () => machine);

describe('a rebalance recommendation', () => {
  it('has a replacement asked for before the machine is lost, in another pool, and says so', () => {
    const { counts, orders } = decide([{ pool: A, signals: wary }, ...many(7, { pool: B })], 8);
    expect(counts).toEqual(['1 spot']);
    expect(orders[0]!.pools).not.toContainEqual(A);
    expect(orders[0]!.reason).toContain('early replacements: 1 recommended to be moved by EC2');
    expect(orders[0]!.reason).toContain('likely to be reclaimed next');
  });

  it('has none asked for once it is there, and the surplus is kept while that is not settled', () => {
    const backlog = { waiting: 0, inFlight: 8, delayed: 0 };
    const busy = { pool: A, signals: wary, ...BUSY };
    expect(decide([busy, ...many(8, { pool: B })], 0, { backlog }).plan.actions).toEqual([]);
  });

  it('makes the machine the first to go once it is idle and nothing waits', () => {
    const backlog = { waiting: 0, inFlight: 8, delayed: 0 };
    const { leaving } = decide([...many(8, { pool: B }), { pool: A, signals: wary }], 0, { backlog });
    expect(leaving).toEqual([anInstanceId(9)]);
  });

  it('is settled after a quarter of an hour: the surplus goes', () => {
    const machines = [{ pool: A, signals: wary, ...BUSY }, ...many(8, { pool: B })];
    const backlog = { waiting: 0, inFlight: 8, delayed: 0 };
    expect(decide(machines, 0, { backlog }, atSecond(900)).leaving).toHaveLength(1);
  });

  it('to all machines at once is answered by a quarter of the fleet, in one request', () => {
    expect(decide(many(8, { pool: A, signals: wary }), 8).counts).toEqual(['2 spot']);
  });

  it('brings nothing early where the fleet file ignores it', () => {
    const drainPolicy = { ...A_POLICY, rebalance: 'ignore' as const };
    expect(decide(many(8, { pool: A, signals: wary }), 8, { drainPolicy }).counts).toEqual([]);
  });
});

describe('machines of an older version', () => {
  it('all go when nobody needs them, and none is kept for its replacement', () => {
    const outdated = new Set([1, 2, 3, 4].map((number) => anInstanceId(number)));
    const backlog = { waiting: 0, inFlight: 1, delayed: 0 };
    const machines = [...many(3, { pool: B }), { pool: B, ...BUSY }];
    expect(decide(machines, 0, { backlog, outdated }).leaving).toHaveLength(3);
  });
});

describe('a correlated reclaim', () => {
  const lost = { pool: A, signals: warned, drainingAt: START };
  const pools = { 'c7g.large/us-east-1a/spot': { reclaimedAt: START, strikes: 1 } };

  it('has the lost machines and a quarter of the fleet asked for in one request, elsewhere', () => {
    const { counts, orders } = decide([...many(6, lost), ...many(4, { pool: A }), ...many(6, { pool: B })], 16, {
      pools,
    });
    expect(counts).toEqual(['10 spot']);
    expect(orders[0]!.pools).not.toContainEqual(A);
    expect(orders[0]!.reason).toMatch(
      /^16 wanted, 10 had, and early replacements: 4 in pools that are being reclaimed/,
    );
  });

  it('is not made of one machine, nor of few among many', () => {
    expect(decide([lost, ...many(7, { pool: A })], 8, { pools }).counts).toEqual(['1 spot']);
    expect(decide([...many(2, lost), ...many(6, { pool: A })], 8, { pools }).counts).toEqual(['2 spot']);
  });
});

describe('a pool that has become too dear', () => {
  const dear = board({
    'c7g.large/us-east-1a': 99_001,
    'c7g.large/us-east-1b': 40_000,
    'm7g.large/us-east-1b': 44_000,
  });

  it('has its machines replaced a quarter of the fleet at a time, in pools that are not', () => {
    const { counts, orders } = decide(many(8, { pool: A, ...BUSY }), 8, { prices: dear });
    expect(counts).toEqual(['2 spot']);
    expect(orders[0]!.pools[0]).toEqual(B);
    expect(orders[0]!.reason).toContain('8 machines are in pools above 90 % of the on-demand price');
    expect(orders[0]!.reason).toContain('c7g.large/us-east-1a too near the on-demand price (99 %)');
  });

  it('keeps its machines for the last tasks: others would find nothing to do', () => {
    const backlog = { waiting: 0, inFlight: 8, delayed: 0 };
    expect(decide(many(8, { pool: A, ...BUSY }), 8, { prices: dear, backlog }).counts).toEqual([]);
  });

  it('lets its machines go once others have proven themselves', () => {
    const machines = [...many(8, { pool: A, ...BUSY }), ...many(2, { pool: B, ...BUSY })];
    expect(decide(machines, 8, { prices: dear }).leaving).toEqual([anInstanceId(1), anInstanceId(2)]);
  });

  it('keeps its machines between the threshold and a tenth above it: no price that hovers moves anybody', () => {
    const hovering = board({ 'c7g.large/us-east-1a': 98_999, 'c7g.large/us-east-1b': 40_000 });
    expect(decide(many(8, { pool: A, ...BUSY }), 8, { prices: hovering }).plan.actions).toEqual([]);
  });

  it('keeps them while there is nowhere to go', () => {
    const prices = board(
      Object.fromEntries(POLICY.places.map((place) => [`${place.instanceType}/${place.zone}`, 99_500])),
    );
    expect(decide(many(8, { pool: A, ...BUSY }), 8, { prices }).plan.actions).toEqual([]);
  });

  it('gives way to on demand when all are', () => {
    const prices = board(
      Object.fromEntries(POLICY.places.map((place) => [`${place.instanceType}/${place.zone}`, 95_000])),
    );
    const { counts, orders } = decide([], 3, { prices });
    expect(counts).toEqual(['3 on-demand']);
    expect(orders[0]!.reason).toContain('no spot pool may be asked: left out: 4 pools too near the on-demand price');
  });
});

describe('a fleet that is spread over its zones', () => {
  const policy = { ...POLICY, spotStrategy: 'balanced' as const };

  it('asks each zone for its share', () => {
    const { orders } = decide(many(3, { pool: A }), 10, { policy });
    expect(orders.map(({ count, pools }) => [pools[0]!.zone, count])).toEqual([
      ['us-east-1a', 2],
      ['us-east-1b', 5],
    ]);
  });

  it('leaves out a zone that cannot be asked', () => {
    const memory = { refusedAt: START, strikes: 1 };
    const pools = Object.fromEntries(TYPES.map((type) => [`${type}/us-east-1a/spot`, memory]));
    const { orders } = decide([], 4, { policy, pools });
    expect(orders.map(({ count, pools }) => [pools[0]!.zone, count])).toEqual([['us-east-1b', 4]]);
  });
});

describe('the plan', () => {
  it('says in words which pool is asked first, what that costs, and what is left out and why', () => {
    const prices = board({
      'c7g.large/us-east-1a': 30_000,
      'c7g.large/us-east-1b': 31_000,
      'm7g.large/us-east-1a': 60_000,
    });
    const { orders } = decide([], 2, { prices });
    expect(orders[0]!.reason).toBe(
      '2 wanted, 0 had; c7g.large/us-east-1a first at $0.0301 a useful hour, 2 more; ' +
        'left out: m7g.large/us-east-1a dominated by c7g.large/us-east-1a',
    );
  });
});

/** Under a steady load a fleet soon knows how long its tasks take. */
const RUN_TIMES = { samples: 20, halfMs: 5 * 60_000, nineTenthsMs: 8 * 60_000 };

/** A fleet that lives by its own plans: what is asked for comes at once, what leaves is gone a minute later. */
class Loop {
  members: Member[] = [];
  records = new Map<InstanceId, InstanceRecord>();
  pools: Record<string, PoolMemory> = {};
  launched = 0;
  changes = 0;
  asked: { readonly count: number; readonly room: number }[] = [];

  readonly policy: CapacityPolicy;

  constructor(policy: CapacityPolicy) {
    this.policy = policy;
  }

  step(now: EpochMs, tasks: number, prices: PriceBoard | undefined): Plan {
    this.refresh(now, tasks);
    const before = this.members.length;
    const arriving: { readonly pool: Pool; readonly count: number }[] = [];
    const plan = decideCapacity(
      {
        state: aFleetState({ pools: this.pools, runTimes: RUN_TIMES }, this.members),
        records: this.records,
        backlog: { waiting: Math.max(0, tasks - before), inFlight: Math.min(tasks, before), delayed: 0 },
        policy: this.policy,
        drainPolicy: A_POLICY,
        outdated: new Set(),
        ...(prices === undefined ? {} : { prices: { ...prices, readAt: now } }),
        makeIntent: (order) => {
          arriving.push({ pool: order.pools[0]!, count: order.count });
          return anIntent({ purchase: order.purchase, count: order.count });
        },
      },
      now,
    );
    const asked = arriving.reduce((sum, { count }) => sum + count, 0);
    const wanted = Math.min(tasks, this.policy.machinesMax);
    this.asked.push({ count: asked === 0 ? 0 : before + asked, room: wanted + Math.ceil(wanted / 4) });
    this.changes += plan.actions.filter((action) => action.do !== 'alarm').length;
    const gone = new Set(leavers(plan));
    this.members = this.members.filter(({ instanceId }) => !gone.has(instanceId));
    for (const { pool, count } of arriving) for (let one = 0; one < count; one += 1) this.arrive(pool, now);
    return plan;
  }

  lose(pool: (one: Pool) => boolean, now: EpochMs): void {
    for (const { pool: lost } of this.members.filter((member) => pool(member.pool))) {
      const key = `${lost.instanceType}/${lost.zone}/spot`;
      this.pools[key] = afterReclaim(this.pools[key], now);
    }
    this.members = this.members.filter((member) => !pool(member.pool));
  }

  private arrive(pool: Pool, now: EpochMs): void {
    this.launched += 1;
    this.members.push(aMember(this.launched, { pool, launchedAt: now }));
  }

  /** As many machines as there are tasks hold one. */
  private refresh(now: EpochMs, tasks: number): void {
    this.records = new Map(
      this.members.map(({ instanceId, pool, launchedAt }, index) => [
        instanceId,
        aRecord({ instanceId, pool, launchedAt, heartbeatAt: now, ...(index < tasks ? BUSY : {}) }),
      ]),
    );
  }
}

const minute = (number: number): EpochMs => addMs(START, number * 60_000);

describe('a fleet that lives by its plans', () => {
  const prices = fc.array(fc.integer({ min: 10_000, max: 120_000 }), { minLength: 4, maxLength: 4 });
  const boardOf = (four: readonly number[]): PriceBoard =>
    board(
      Object.fromEntries(
        POLICY.places.map(({ instanceType, zone }, index) => [`${instanceType}/${zone}`, four[index]!]),
      ),
    );

  it('comes to rest under a steady load, whatever the prices and whatever was lost before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 16 }),
        fc.array(prices, { minLength: 3, maxLength: 8 }),
        fc.constantFrom('capacity' as const, 'balanced' as const, 'cheapest' as const),
        (tasks, weather, spotStrategy) => {
          const loop = new Loop({ ...POLICY, spotStrategy });
          for (const [number, four] of weather.entries()) {
            loop.step(minute(number), tasks, boardOf(four));
            if (number % 3 === 1)
              loop.lose(({ zone, purchase }) => purchase === 'spot' && zone === ZONES[0], minute(number));
          }
          // Quarantines of half an hour at most and a quarter of the fleet at a time: two hours are plenty.
          for (let number = 10; number < 130; number += 1) loop.step(minute(number), tasks, boardOf(weather.at(-1)!));
          const { changes } = loop;
          for (let number = 130; number < 160; number += 1) loop.step(minute(number), tasks, boardOf(weather.at(-1)!));
          expect(loop.changes).toBe(changes);
          expect(loop.members).toHaveLength(Math.min(tasks, POLICY.machinesMax));
          for (const { count, room } of loop.asked) expect(count).toBeLessThanOrEqual(room);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('goes from spot to on demand when every pool is lost, and back when they may be asked again', () => {
    const loop = new Loop({ ...POLICY, places: POLICY.places.slice(0, 2) });
    loop.step(START, 8, undefined);
    loop.lose(() => true, START);
    loop.step(minute(1), 8, undefined);
    expect(loop.members.map(({ pool }) => pool)).toEqual(Array.from({ length: 8 }, () => B));
    loop.lose(() => true, minute(2));
    loop.step(minute(2), 8, undefined);
    expect(new Set(loop.members.map(({ pool }) => pool.purchase))).toEqual(new Set(['on-demand']));
    for (let number = 3; number < 120; number += 1) loop.step(minute(number), 8, undefined);
    expect(loop.members).toHaveLength(8);
    expect(new Set(loop.members.map(({ pool }) => pool.purchase))).toEqual(new Set(['spot']));
  });

  it('does not run after a pool that takes back what it gives: at most a machine and its surge twice an hour', () => {
    const onePlace = { ...POLICY, places: POLICY.places.slice(0, 1) };
    const loop = new Loop(onePlace);
    for (let number = 0; number < 240; number += 1) {
      loop.step(minute(number), 4, undefined);
      loop.lose(({ purchase }) => purchase === 'spot', minute(number));
    }
    const spotLaunches = loop.launched - loop.members.length;
    // Four at first; then set aside for 3, 6, 12, 24 and 30 minutes at a time.
    expect(spotLaunches).toBeLessThanOrEqual(4 + 13);
  });

  it('says why, every time', () => {
    const loop = new Loop(POLICY);
    expect(describePlan(loop.step(START, 2, undefined))).toBe(
      'fleet index: launch 2 spot: 2 wanted, 0 had; c7g.large/us-east-1a first, prices unknown, 3 more',
    );
  });
});
