import { describe, expect, it } from 'vitest';
import type { CapacityView } from '../../lib/decisions/capacity-view.ts';
import { decideCapacity } from '../../lib/decisions/decide-capacity.ts';
import type { Action } from '../../lib/decisions/plan.ts';
import type { FleetHead, Member, PoolMemory } from '../../lib/fleet/fleet.ts';
import type { CapacityPolicy } from '../../lib/fleet/fleet-settings.ts';
import { intentId } from '../../lib/fleet/ids.ts';
import {
  A_POLICY,
  A_POOL,
  aFleetState,
  aMember,
  anInstanceId,
  anIntent,
  aRecord,
  atSecond,
} from '../support/records.ts';

const TEN_MINUTES = 600;

const POLICY: CapacityPolicy = {
  machinesMin: 0,
  machinesMax: 10,
  targetBacklog: 1,
  spotPercentMax: 90,
  spotStrategy: 'capacity',
  onDemandBase: 0,
  onDemandFallback: true,
  onDemandMax: 10,
  onDemandAfterSeconds: TEN_MINUTES,
  places: [{ instanceType: A_POOL.instanceType, zone: A_POOL.zone, subnetId: 'subnet-a' }],
};

/** The fleet's only pool has refused so often that it is left alone for half an hour. */
const refusedAt = (second: number): Record<string, PoolMemory> => ({
  [`${A_POOL.instanceType}/${A_POOL.zone}/spot`]: { refusedAt: atSecond(second), strikes: 9 },
});

interface Given {
  readonly head?: Partial<FleetHead>;
  readonly members?: readonly Member[];
  readonly policy?: Partial<CapacityPolicy>;
  readonly tasks?: number;
}

const decide = (second: number, { head = {}, members = [], policy = {}, tasks = 4 }: Given = {}) => {
  const now = atSecond(second);
  const records = members.map(({ instanceId, pool, launchedAt }) =>
    aRecord({ instanceId, pool, launchedAt, heartbeatAt: now }),
  );
  const view: CapacityView = {
    state: aFleetState({ pools: refusedAt(0), ...head }, members),
    records: new Map(records.map((record) => [record.instanceId, record])),
    backlog: { waiting: tasks, inFlight: 0, delayed: 0 },
    policy: { ...POLICY, ...policy },
    drainPolicy: A_POLICY,
    outdated: new Set(),
    makeIntent: ({ purchase, count }) => anIntent({ intentId: intentId('new'), purchase, count }),
  };
  return decideCapacity(view, now);
};

const asked = (actions: readonly Action[]): string[] =>
  actions.flatMap((action) => (action.do === 'launch' ? [`${action.intent.count} ${action.intent.purchase}`] : []));

const onSpot = (number: number, second: number): Member =>
  aMember(number, { pool: { ...A_POOL, purchase: 'spot' }, launchedAt: atSecond(second) });

describe('a fleet that waits for spot before it pays on demand', () => {
  it('asks for on demand at once where the fleet file says nothing of waiting', () => {
    const { onDemandAfterSeconds: _waits, ...policy } = POLICY;
    const view = decide(10, { policy: { ...policy, onDemandAfterSeconds: 0 } });
    expect(asked(view.actions)).toEqual(['4 on-demand']);
  });

  it('remembers since when, says so, and raises no alarm', () => {
    const plan = decide(10);
    expect(plan.spotAwaySince).toBe(atSecond(10));
    expect(plan.actions).toEqual([
      {
        do: 'wait',
        fleet: expect.any(String),
        reason: expect.stringMatching(
          /^4 of 4 machines; spot has given nothing since \S+T00:00:10.000Z: on demand stands in from \S+T00:10:10.000Z; /,
        ),
      },
    ]);
  });

  it('pays on demand when the time is over, and not a second earlier', () => {
    const head = { spotAwaySince: atSecond(10) };
    expect(asked(decide(609, { head }).actions)).toEqual([]);
    expect(asked(decide(610, { head }).actions)).toEqual(['4 on-demand']);
  });

  it('asks spot whenever it may, and that it refuses again does not begin the waiting anew', () => {
    const head = { spotAwaySince: atSecond(10) };
    const again = decide(300, { head: { ...head, pools: {} } });
    expect(asked(again.actions)).toEqual(['4 spot']);
    expect(again.spotAwaySince).toBe(atSecond(10));
    const refused = decide(610, { head: { ...head, pools: refusedAt(301) } });
    expect(asked(refused.actions)).toEqual(['4 on-demand']);
  });

  it('begins to wait anew once spot has given a machine', () => {
    const head = { spotAwaySince: atSecond(10), pools: refusedAt(650) };
    const plan = decide(700, { head, members: [onSpot(1, 400)] });
    expect(asked(plan.actions)).toEqual([]);
    expect(plan.spotAwaySince).toBe(atSecond(700));
  });

  it('forgets about it when no machine is missing', () => {
    const head = { spotAwaySince: atSecond(10) };
    expect(decide(300, { head, tasks: 0 }).spotAwaySince).toBeUndefined();
    expect(decide(300, { head, tasks: 1, members: [onSpot(1, 0)] }).spotAwaySince).toBeUndefined();
  });

  it('buys its on-demand base at once', () => {
    expect(asked(decide(10, { policy: { onDemandBase: 2 } }).actions)).toEqual(['2 on-demand']);
  });

  it('tells people where on demand may never stand in', () => {
    const { actions } = decide(10, { policy: { onDemandFallback: false } });
    expect(actions.map((action) => action.do)).toEqual(['alarm']);
  });

  it('keeps machines that stand in already, and loses nothing by waiting for the others', () => {
    const standIn = aMember(2, { pool: { ...A_POOL, purchase: 'on-demand' }, launchedAt: atSecond(0) });
    const plan = decide(10, { members: [standIn] });
    expect(plan.actions.map((action) => action.do)).toEqual(['wait']);
    expect(plan.actions).not.toContainEqual(expect.objectContaining({ instanceId: anInstanceId(2) }));
  });
});
