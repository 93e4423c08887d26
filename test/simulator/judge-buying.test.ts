import { describe, expect, it } from 'vitest';
import type { FleetHead, Intent, Member, PoolMemory } from '../../lib/fleet/fleet.ts';
import type { CapacityPolicy, FleetSettings } from '../../lib/fleet/fleet-settings.ts';
import { fleetName, type InstanceId, instanceId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { Purchase } from '../../lib/fleet/pool.ts';
import { type EpochMs, epochMs } from '../../lib/fleet/time.ts';
import { type Deeds, noDeeds } from '../../lib/simulator/audit/deeds.ts';
import { judgeBuying, type Lacking } from '../../lib/simulator/audit/judge-buying.ts';

const NOW = epochMs(100_000_000);
const FLEET = fleetName('press');
const MINUTE_MS = 60_000;
const TYPE = 'c7g.large';
const ZONES = ['us-east-1a', 'us-east-1b'];

const CAPACITY = {
  machinesMin: 0,
  machinesMax: 10,
  targetBacklog: 1,
  onDemandBase: 0,
  onDemandFallback: true,
  onDemandMax: 10,
  places: ZONES.map((zone) => ({ instanceType: TYPE, zone, subnetId: 'subnet' })),
} as unknown as CapacityPolicy;

interface Machine {
  readonly purchase?: Purchase;
  readonly ageMinutes?: number;
  readonly signals?: InstanceRecord['signals'];
}

interface Reconciled {
  readonly machines?: readonly Machine[];
  readonly tasks: number;
  readonly asks?: Partial<Record<Purchase, number>>;
  readonly head?: Partial<FleetHead>;
  readonly policy?: Partial<CapacityPolicy>;
  readonly alarm?: string;
  /** Which of the machines were sent away, by their place in the list. */
  readonly sentAway?: readonly number[];
  /** And which were told to drain. */
  readonly drained?: readonly number[];
  readonly now?: EpochMs;
}

const idOf = (index: number): InstanceId => instanceId(`i-${String(index + 1).padStart(17, '0')}`);

const memberOf = ({ purchase = 'spot', ageMinutes = 30 }: Machine, index: number, now: EpochMs): Member =>
  ({
    instanceId: idOf(index),
    pool: { instanceType: TYPE, zone: ZONES[0]!, purchase },
    launchedAt: now - ageMinutes * MINUTE_MS,
  }) as Member;

/** Both pools of the kind, a minute after they refused. */
const refused = (purchase: Purchase, now = NOW): Record<string, PoolMemory> =>
  Object.fromEntries(
    ZONES.map((zone) => [`${TYPE}/${zone}/${purchase}`, { refusedAt: epochMs(now - MINUTE_MS), strikes: 1 }]),
  );

const deedsOf = (reconciled: Reconciled): Deeds => {
  const { machines = [], tasks, asks = {}, head = {}, policy = {}, alarm, now = NOW } = reconciled;
  const { sentAway = [], drained = [] } = reconciled;
  const deeds = noDeeds(now);
  const members = machines.map((machine, index) => memberOf(machine, index, now));
  deeds.compared.set(FLEET, {
    state: { head: { openIntents: {}, pools: {}, ...head } as FleetHead, members },
    backlog: { waiting: tasks, inFlight: 0, delayed: 0 },
    capacity: { ...CAPACITY, ...policy },
    at: now,
  });
  members.forEach((member, index) => {
    const value = { ...member, fleet: FLEET, leases: {}, signals: machines[index]!.signals ?? {} };
    deeds.records.set(member.instanceId, { value: value as unknown as InstanceRecord, at: now });
  });
  for (const [purchase, count] of Object.entries(asks))
    deeds.opened.push({ fleet: FLEET, intent: { purchase, count } as Intent });
  deeds.sentAway.push(...sentAway.map(idOf));
  for (const index of drained) deeds.drained.add(idOf(index));
  if (alarm !== undefined) deeds.alarms.add(alarm);
  return deeds;
};

const found = (reconciled: Reconciled, lacking: Lacking = new Map()): readonly string[] => {
  const deeds = deedsOf(reconciled);
  const settings = { fleet: FLEET, drain: { rebalance: 'wary', warySeconds: 300 } } as FleetSettings;
  return judgeBuying(deeds, deeds.compared.get(FLEET), settings, lacking).map(
    ({ promise, found }) => `${promise}: ${found}`,
  );
};

const ADVISED = { 'rebalance-recommendation': { recordedAt: NOW } } as unknown as InstanceRecord['signals'];

describe('what a reconcile buys', () => {
  it('is on spot, for whatever is missing', () => {
    expect(found({ tasks: 2, asks: { spot: 2 } })).toEqual([]);
    expect(found({ tasks: 2 })).toEqual(['W4: 2 of 2 machines are missing, and nobody is asked']);
  });

  it('is on demand where every spot pool has had trouble, and nowhere else', () => {
    expect(found({ tasks: 2, asks: { 'on-demand': 2 }, head: { pools: refused('spot') } })).toEqual([]);
    expect(found({ tasks: 2, asks: { 'on-demand': 2 } })).toEqual([
      'M1: 2 machines asked for on demand, and nothing speaks against spot',
    ]);
  });

  it('is of a pool again once it has been left alone for long enough', () => {
    const troubled = (minutes: number, strikes: number): Partial<FleetHead> => {
      const trouble = { refusedAt: epochMs(NOW - minutes * MINUTE_MS), strikes };
      return { pools: Object.fromEntries(ZONES.map((zone) => [`${TYPE}/${zone}/spot`, trouble])) };
    };
    const asks = { 'on-demand': 1 };
    expect(found({ tasks: 1, asks, head: troubled(3, 1) })).toEqual([]);
    expect(found({ tasks: 1, asks, head: troubled(4, 1) })).toHaveLength(1);
    expect(found({ tasks: 1, asks, head: troubled(30, 9) })).toEqual([]);
    expect(found({ tasks: 1, asks, head: troubled(31, 9) })).toHaveLength(1);
  });

  it('is told to people where nobody can be asked', () => {
    const head = { pools: { ...refused('spot'), ...refused('on-demand') } };
    expect(found({ tasks: 1, head, alarm: 'NoCapacity' })).toEqual([]);
    expect(found({ tasks: 1, head })).toEqual(['O2: 1 of 1 machines can be asked of nobody, and no alarm says so']);
  });

  it('is the base on demand first', () => {
    const policy = { onDemandBase: 1 };
    expect(found({ tasks: 2, policy, asks: { spot: 1, 'on-demand': 1 } })).toEqual([]);
    expect(found({ tasks: 2, policy, asks: { spot: 2 } })).toEqual([
      'W4: 1 machines of the on-demand base are missing, and none is asked for',
    ]);
    // Spot does not stand in for it.
    expect(found({ tasks: 1, policy, head: { pools: refused('on-demand') }, alarm: 'NoCapacity' })).toEqual([]);
  });

  it('comes in place of what EC2 recommends to move, as long as it is recommended', () => {
    const machines = [{ signals: ADVISED }];
    expect(found({ tasks: 1, machines, asks: { spot: 1 } })).toEqual([]);
    expect(found({ tasks: 1, machines })).toHaveLength(1);
    expect(found({ tasks: 1, machines: [...machines, {}] })).toEqual([]);
    // The one that was too many has been seen to go since, by the same reconcile.
    const leave = { leave: ADVISED['rebalance-recommendation']! };
    expect(found({ tasks: 1, machines: [...machines, { signals: leave }], sentAway: [1] })).toEqual([]);
    expect(found({ tasks: 1, machines: [...machines, { signals: leave }] })).toHaveLength(1);
  });

  it('comes in place of on-demand machines that have outlasted a long task', () => {
    const runTimes = { samples: 20, halfMs: MINUTE_MS, nineTenthsMs: 5 * MINUTE_MS };
    const aged = (ageMinutes: number): Reconciled => ({
      tasks: 1,
      machines: [{ purchase: 'on-demand', ageMinutes }],
      head: { runTimes },
    });
    expect(found(aged(15))).toEqual([]);
    expect(found(aged(16))).toEqual(['M1: 1 machines on demand stay, and nothing speaks against spot']);
    expect(found({ ...aged(16), asks: { spot: 1 } })).toEqual([]);
    // It has counted one more, and drained it since.
    expect(found({ ...aged(16), drained: [0] })).toEqual([]);
    expect(found({ ...aged(16), policy: { onDemandBase: 1 } })).toEqual([]);
  });

  it('comes in place of on-demand machines while there is work for longer than a machine takes to come', () => {
    const runTimes = { samples: 20, halfMs: 60_000, nineTenthsMs: 120_000 };
    const machines: readonly Machine[] = [{ purchase: 'on-demand', ageMinutes: 3 }];
    const busy = { machines, head: { runTimes }, policy: { machinesMax: 1 } };
    expect(found({ ...busy, tasks: 3 })).toEqual([]);
    expect(found({ ...busy, tasks: 4 })).toHaveLength(1);
    expect(found({ ...busy, tasks: 1, head: {} })).toHaveLength(1);
    expect(found({ ...busy, tasks: 5, asks: { spot: 1 } })).toEqual([]);
  });

  it('is nothing while launches are open, while the fleet rests, and by reasons of a window', () => {
    expect(found({ tasks: 2, head: { openIntents: { one: {} as Intent } } as Partial<FleetHead> })).toEqual([]);
    expect(found({ tasks: 2, head: { restUntil: epochMs(NOW + MINUTE_MS) } })).toEqual([]);
    expect(found({ tasks: 2, policy: { window: { windowSeconds: 3_600, slots: 1 } } })).toEqual([]);
  });
});

describe('a fleet that waits five minutes for spot', () => {
  const policy = { onDemandAfterSeconds: 300 };
  const away = (minutes: number, more: Partial<Reconciled> = {}): Reconciled => {
    const now = epochMs(NOW + minutes * MINUTE_MS);
    return { tasks: 2, policy, now, head: { pools: refused('spot', now) }, ...more };
  };

  it('asks for nothing on demand while a spot machine has just come', () => {
    const asks = { 'on-demand': 1 };
    expect(found(away(0, { asks, machines: [{ ageMinutes: 4 }] }))).toHaveLength(1);
    expect(found(away(0, { asks, machines: [{ ageMinutes: 6 }] }))).toEqual([]);
  });

  it('asks for it once that time is over, look after look', () => {
    const lacking: Lacking = new Map();
    const looks = [0, 1, 2, 3, 4, 5, 6].map((minutes) => found(away(minutes), lacking));
    expect(looks.flat()).toEqual([]);
    expect(found(away(7), lacking)).toEqual([
      'W4: 2 machines are missing for longer than spot is waited for, and nobody is asked',
    ]);
    expect(found(away(7, { asks: { 'on-demand': 2 } }), lacking)).toEqual([]);
  });

  it('begins to wait anew after a look at which nothing was missing, or that nobody could judge', () => {
    const lacking: Lacking = new Map();
    found(away(0), lacking);
    found(away(6, { tasks: 0 }), lacking);
    expect(found(away(7), lacking)).toEqual([]);
    found(away(8, { head: { restUntil: epochMs(NOW + 9 * MINUTE_MS) } }), lacking);
    expect(lacking.size).toBe(0);
  });
});
