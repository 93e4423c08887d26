import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapacityView } from '../../lib/decisions/capacity-view.ts';
import { decideCapacity } from '../../lib/decisions/decide-capacity.ts';
import type { Action } from '../../lib/decisions/plan.ts';
import type { FleetState } from '../../lib/fleet/fleet.ts';
import type { CapacityPolicy } from '../../lib/fleet/fleet-settings.ts';
import { intentId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import {
  A_POLICY,
  A_POOL,
  aFleetState,
  aMember,
  anInstanceId,
  anIntent,
  aRecord,
  atSecond,
  START,
} from '../support/records.ts';

const POLICY: CapacityPolicy = {
  machinesMin: 0,
  machinesMax: 10,
  targetBacklog: 5,
  spotPercentMax: 90,
  spotStrategy: 'capacity',
  onDemandBase: 0,
  onDemandFallback: true,
  onDemandMax: 4,
  places: [
    { instanceType: 'c7g.large', zone: 'us-east-1a', subnetId: 'subnet-a' },
    { instanceType: 'c7g.large', zone: 'us-east-1b', subnetId: 'subnet-b' },
  ],
};

const SPOT_POOLS = ['c7g.large/us-east-1a/spot', 'c7g.large/us-east-1b/spot'];

const setAside = (keys: readonly string[], now = START) =>
  Object.fromEntries(keys.map((key) => [key, { refusedAt: now, strikes: 1 }]));

const view = (
  state: FleetState,
  tasks: number,
  changes: Partial<CapacityView> = {},
  records: readonly InstanceRecord[] = [],
): CapacityView => ({
  state,
  records: new Map(records.map((record) => [record.instanceId, record])),
  backlog: { waiting: tasks, inFlight: 0, delayed: 0 },
  policy: POLICY,
  drainPolicy: A_POLICY,
  outdated: new Set(),
  makeIntent: (order, now) =>
    anIntent({ intentId: intentId('new'), purchase: order.purchase, count: order.count, openedAt: now }),
  ...changes,
});

type Launch = Extract<Action, { do: 'launch' }>;

const launches = (actions: readonly Action[]): { purchase: string; count: number }[] =>
  actions
    .filter((action): action is Launch => action.do === 'launch')
    .map(({ intent }) => ({ purchase: intent.purchase, count: intent.count }));

describe('asking for machines', () => {
  it('asks for what the backlog wants, rounded up, in one request', () => {
    expect(launches(decideCapacity(view(aFleetState(), 11), START).actions)).toEqual([{ purchase: 'spot', count: 3 }]);
  });

  it('asks for nothing when the queue is empty and no minimum is set', () => {
    expect(decideCapacity(view(aFleetState(), 0), START).actions).toEqual([]);
  });

  it('never wants more than the maximum', () => {
    expect(launches(decideCapacity(view(aFleetState(), 5_000), START).actions)).toEqual([
      { purchase: 'spot', count: 10 },
    ]);
  });

  it('counts what an open intent may still bring', () => {
    const open = anIntent({ count: 2 });
    const state = aFleetState({ openIntents: { [open.intentId]: open } }, [aMember(1)]);
    // Three wanted: one row, which came of the intent, and one machine still to come.
    expect(launches(decideCapacity(view(state, 15), START).actions)).toEqual([{ purchase: 'spot', count: 1 }]);
  });

  it('does not count a machine that is draining', () => {
    const draining = aRecord({ instanceId: anInstanceId(1), drainingAt: START });
    const state = aFleetState({}, [aMember(1), aMember(2)]);
    expect(launches(decideCapacity(view(state, 10, {}, [draining]), START).actions)).toEqual([
      { purchase: 'spot', count: 1 },
    ]);
  });

  it('asks no pool that is set aside, and asks it again when that has passed', () => {
    const state = aFleetState({ pools: setAside([SPOT_POOLS[0]!]) });
    let asked: readonly unknown[] = [];
    const makeIntent: CapacityView['makeIntent'] = (order) => {
      asked = order.pools.map((pool) => pool.zone);
      return anIntent();
    };
    decideCapacity(view(state, 5, { makeIntent }), atSecond(179));
    expect(asked).toEqual(['us-east-1b']);
    decideCapacity(view(state, 5, { makeIntent }), atSecond(180));
    expect(asked).toEqual(['us-east-1a', 'us-east-1b']);
  });

  it('falls back to on demand, within its limit, when every spot pool is set aside', () => {
    const state = aFleetState({ pools: setAside(SPOT_POOLS) });
    const { actions } = decideCapacity(view(state, 50), START);
    expect(launches(actions)).toEqual([{ purchase: 'on-demand', count: 4 }]);
    expect(actions).toContainEqual({ do: 'alarm', metric: 'NoCapacity', reason: expect.stringContaining('6 of 10') });
  });

  it('does not fall back where the fleet file forbids it', () => {
    const state = aFleetState({ pools: setAside(SPOT_POOLS) });
    const { actions } = decideCapacity(view(state, 50, { policy: { ...POLICY, onDemandFallback: false } }), START);
    expect(actions.map((action) => action.do)).toEqual(['alarm']);
  });

  it('keeps the on-demand base, and buys the rest on spot', () => {
    const policy = { ...POLICY, onDemandBase: 2 };
    expect(launches(decideCapacity(view(aFleetState(), 25, { policy }), START).actions)).toEqual([
      { purchase: 'on-demand', count: 2 },
      { purchase: 'spot', count: 3 },
    ]);
  });

  it('asks for nothing more while four launches are unanswered', () => {
    const open = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`open-${index}`, anIntent({ count: 1 })]));
    expect(launches(decideCapacity(view(aFleetState({ openIntents: open(3) }), 50), START).actions)).toHaveLength(1);
    expect(launches(decideCapacity(view(aFleetState({ openIntents: open(4) }), 50), START).actions)).toEqual([]);
  });

  it('asks nobody while it rests', () => {
    const state = aFleetState({ restUntil: atSecond(30) });
    expect(launches(decideCapacity(view(state, 50), atSecond(29)).actions)).toEqual([]);
    expect(launches(decideCapacity(view(state, 50), atSecond(30)).actions)).toEqual([{ purchase: 'spot', count: 10 }]);
  });
});

describe('letting machines go', () => {
  const idle = (number: number, purchase: 'spot' | 'on-demand' = 'spot') =>
    aRecord({ instanceId: anInstanceId(number), pool: { instanceType: 'c7g.large', zone: 'us-east-1a', purchase } });
  const member = (number: number, purchase: 'spot' | 'on-demand' = 'spot') =>
    aMember(number, { pool: { instanceType: 'c7g.large', zone: 'us-east-1a', purchase } });

  it('lets surplus machines leave, the on-demand ones first', () => {
    const state = aFleetState({}, [member(1), member(2, 'on-demand')]);
    const backlog = { waiting: 0, inFlight: 1, delayed: 0 };
    const { actions } = decideCapacity(view(state, 0, { backlog }, [idle(1), idle(2, 'on-demand')]), atSecond(60));
    expect(actions).toEqual([{ do: 'leave', instanceId: anInstanceId(2), reason: expect.any(String) }]);
  });

  it('keeps to a maximum that was lowered, although work waits: the idle first, the others when they have finished', () => {
    const state = aFleetState({}, [member(1), member(2)]);
    const busy = { ...idle(1), leases: { 'task-1': 1 } as InstanceRecord['leases'] };
    const leaving = (machinesMax: number) =>
      decideCapacity(view(state, 50, { policy: { ...POLICY, machinesMax } }, [busy, idle(2)]), atSecond(60))
        .actions.filter((action) => action.do === 'leave')
        .map((action) => action.instanceId);
    expect(leaving(2)).toEqual([]);
    expect(leaving(1)).toEqual([anInstanceId(2)]);
    expect(leaving(0)).toEqual([anInstanceId(2), anInstanceId(1)]);
  });

  it('lets no machine leave that holds a task, for want of work', () => {
    const state = aFleetState({}, [member(1)]);
    const busy = { ...idle(1), leases: { 'task-1': 1 } as InstanceRecord['leases'] };
    expect(decideCapacity(view(state, 0, {}, [busy]), atSecond(60)).actions).toEqual([]);
  });
});

describe('calling back', () => {
  const leaving = (changes: Partial<InstanceRecord> = {}) =>
    aRecord({
      instanceId: anInstanceId(1),
      leases: { 'task-1': 1 } as InstanceRecord['leases'],
      signals: { leave: { at: START, recordedAt: START } },
      ...changes,
    });
  const decide = (record: InstanceRecord, tasks: number) =>
    decideCapacity(view(aFleetState({}, [aMember(1)]), tasks, {}, [record]), START).actions;

  it('a machine that is leaving and still at work stays before another one is bought', () => {
    expect(decide(leaving(), 5)).toEqual([
      { do: 'stay', instanceId: anInstanceId(1), reason: 'it is wanted after all' },
    ]);
    expect(launches(decide(leaving(), 10))).toEqual([{ purchase: 'spot', count: 1 }]);
  });

  it('draining is never undone (N5)', () => {
    const actions = decide(leaving({ drainingAt: START }), 5);
    expect(actions.map((action) => action.do)).toEqual(['launch']);
  });

  it('nobody is called back who is not wanted', () => {
    expect(decide(leaving(), 0)).toEqual([]);
  });
});

describe('the return to spot', () => {
  const POOL = { instanceType: 'c7g.large', zone: 'us-east-1a' };
  const machine = (number: number, purchase: 'spot' | 'on-demand', changes: Partial<InstanceRecord> = {}) => {
    const pool = { ...POOL, purchase };
    return {
      member: aMember(number, { pool, launchedAt: atSecond(number) }),
      record: aRecord({ instanceId: anInstanceId(number), pool, ...changes }),
    };
  };
  const busy = { leases: { 'task-1': 1 } as InstanceRecord['leases'] };
  const decide = (machines: readonly ReturnType<typeof machine>[], tasks: number, second: number, changes = {}) => {
    const state = aFleetState(
      changes,
      machines.map(({ member }) => member),
    );
    const records = machines.map(({ record }) => record);
    return decideCapacity(view(state, tasks, {}, records), atSecond(second)).actions;
  };
  const standIns = [1, 2, 3, 4].map((number) => machine(number, 'on-demand', busy));

  it('asks for spot for a quarter of the fleet at a time while on-demand machines stand in', () => {
    expect(launches(decide(standIns, 20, 60))).toEqual([{ purchase: 'spot', count: 1 }]);
  });

  it('replaces no machine that was only asked for and may never come', () => {
    const asked = anIntent({ intentId: intentId('asked'), purchase: 'on-demand', count: 1 });
    const openIntents = { [asked.intentId]: asked };
    const spot = [machine(1, 'spot', busy), machine(2, 'spot', busy)];
    expect(launches(decide(spot, 15, 60, { openIntents }))).toEqual([]);
    expect(launches(decide([...spot, machine(3, 'on-demand', busy)], 20, 60, { openIntents }))).toEqual([
      { purchase: 'spot', count: 1 },
    ]);
  });

  describe('buys nothing that would find nothing to do', () => {
    const MINUTE_MS = 60_000;
    const runTimes = { samples: 20, halfMs: 5 * MINUTE_MS, nineTenthsMs: 8 * MINUTE_MS };
    const ordered = (
      backlog: Partial<CapacityView['backlog']>,
      second: number,
      { head = {}, policy = {} }: { readonly head?: object; readonly policy?: Partial<CapacityPolicy> } = {},
    ) => {
      const state = aFleetState(
        head,
        standIns.map(({ member }) => member),
      );
      const changes = {
        backlog: { waiting: 0, inFlight: 0, delayed: 0, ...backlog },
        policy: { ...POLICY, targetBacklog: 1, ...policy },
      };
      const records = standIns.map(({ record }) => record);
      return launches(decideCapacity(view(state, 0, changes, records), atSecond(second)).actions);
    };

    it('no replacement while the last tasks run and nothing waits', () => {
      expect(ordered({ inFlight: 4 }, 60)).toEqual([]);
      expect(ordered({ inFlight: 4 }, 60, { head: { runTimes } })).toEqual([]);
    });

    it('none for what will have been taken before it is up', () => {
      // Four machines take a task of five minutes every 75 seconds; another is up after two minutes.
      const changes = { policy: { machinesMax: 4 }, head: { runTimes } };
      expect(ordered({ inFlight: 4, waiting: 1 }, 60, changes)).toEqual([]);
      expect(ordered({ inFlight: 4, waiting: 2 }, 60, changes)).toEqual([{ purchase: 'spot', count: 1 }]);
      // Eight minutes and two after the first machine came, it has taken another task, and one waits: more may come.
      expect(ordered({ inFlight: 4, waiting: 1 }, 10 * 60 + 1, changes)).toEqual([]);
      expect(ordered({ inFlight: 4, waiting: 1 }, 10 * 60 + 2, changes)).toEqual([{ purchase: 'spot', count: 1 }]);
    });

    it('one for what waits, and for what waits to be sent again', () => {
      const policy = { machinesMax: 4 };
      expect(ordered({ inFlight: 4, waiting: 1 }, 60, { policy })).toEqual([{ purchase: 'spot', count: 1 }]);
      expect(ordered({ inFlight: 4, delayed: 1 }, 60, { policy })).toEqual([{ purchase: 'spot', count: 1 }]);
    });

    it('one for the machines that the fleet keeps anyway', () => {
      expect(ordered({ inFlight: 4 }, 60, { policy: { machinesMin: 4 } })).toEqual([{ purchase: 'spot', count: 1 }]);
    });

    it('one where machines outlast their tasks, because what comes is taken at once', () => {
      // The first is there since second 1: eight minutes and ten later it has taken another task.
      expect(ordered({ inFlight: 4 }, 18 * 60 + 1, { head: { runTimes } })).toEqual([]);
      expect(ordered({ inFlight: 4 }, 18 * 60 + 2, { head: { runTimes } })).toEqual([{ purchase: 'spot', count: 1 }]);
    });
  });

  it('asks for none while every spot pool is set aside', () => {
    expect(launches(decide(standIns, 20, 60, { pools: setAside(SPOT_POOLS) }))).toEqual([]);
  });

  it('lets no on-demand machine go before its replacement has run a task', () => {
    const fresh = machine(5, 'spot');
    expect(decide([...standIns, fresh], 20, 60).filter((action) => action.do === 'leave')).toEqual([]);
    const proven = machine(5, 'spot', busy);
    expect(decide([...standIns, proven], 20, 60)).toContainEqual({
      do: 'leave',
      instanceId: anInstanceId(1),
      reason: 'its spot replacement has proven itself',
    });
  });

  it('takes a replacement that has been up for ten minutes as proven', () => {
    const leaving = (second: number) =>
      decide([...standIns, machine(5, 'spot')], 20, second).map((action) => action.do);
    expect(leaving(604)).not.toContain('leave');
    expect(leaving(605)).toContain('leave');
  });

  it('keeps the on-demand base', () => {
    const machines = [machine(1, 'on-demand'), machine(2, 'spot')];
    const state = aFleetState(
      {},
      machines.map(({ member }) => member),
    );
    const policy = { ...POLICY, onDemandBase: 1, machinesMin: 1 };
    const given = view(
      state,
      0,
      { policy },
      machines.map(({ record }) => record),
    );
    expect(decideCapacity(given, atSecond(60)).actions).toEqual([
      { do: 'leave', instanceId: anInstanceId(2), reason: expect.any(String) },
    ]);
  });
});

describe('properties', () => {
  const arbitraryView = fc
    .record({
      members: fc.integer({ min: 0, max: 12 }),
      openCount: fc.integer({ min: 0, max: 6 }),
      tasks: fc.integer({ min: 0, max: 200 }),
      aside: fc.subarray(SPOT_POOLS),
      base: fc.integer({ min: 0, max: 3 }),
      draining: fc.integer({ min: 0, max: 3 }),
      onDemand: fc.integer({ min: 0, max: 6 }),
    })
    .map(({ members, openCount, tasks, aside, base, draining, onDemand }) => {
      const open = anIntent({ intentId: intentId('open'), count: openCount });
      const state = aFleetState(
        { openIntents: { [open.intentId]: open }, pools: setAside(aside) },
        Array.from({ length: members }, (_, index) =>
          aMember(index + 1, { pool: { ...A_POOL, purchase: index < onDemand ? 'on-demand' : 'spot' } }),
        ),
      );
      const records = Array.from({ length: Math.min(draining, members) }, (_, index) =>
        aRecord({ instanceId: anInstanceId(index + 1), drainingAt: START }),
      );
      return {
        view: view(state, tasks, { policy: { ...POLICY, onDemandBase: base } }, records),
        useful: members - records.length + openCount,
        wanted: Math.min(10, Math.ceil(tasks / 5)),
      };
    });

  it('never asks beyond wanted and the surge of a quarter (N3)', () => {
    fc.assert(
      fc.property(arbitraryView, ({ view: given, useful, wanted }) => {
        const asked = launches(decideCapacity(given, START).actions).reduce((sum, launch) => sum + launch.count, 0);
        return asked === 0 || useful + asked <= wanted + Math.ceil(wanted / 4);
      }),
      { numRuns: 500 },
    );
  });

  it('never asks for more on demand than the fleet file allows', () => {
    fc.assert(
      fc.property(arbitraryView, ({ view: given }) => {
        const asked = launches(decideCapacity(given, START).actions).filter(
          (launch) => launch.purchase === 'on-demand',
        );
        return asked.reduce((sum, launch) => sum + launch.count, 0) <= 4;
      }),
      { numRuns: 500 },
    );
  });
});
