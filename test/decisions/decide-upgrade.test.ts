import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CapacityView } from '../../lib/decisions/capacity-view.ts';
import { decideCapacity } from '../../lib/decisions/decide-capacity.ts';
import type { Action } from '../../lib/decisions/plan.ts';
import type { CapacityPolicy } from '../../lib/fleet/fleet-settings.ts';
import { type InstanceId, intentId } from '../../lib/fleet/ids.ts';
import { ATTACHED, type InstanceRecord } from '../../lib/fleet/instance.ts';
import type { Purchase } from '../../lib/fleet/pool.ts';
import { A_POLICY, aFleetState, aMember, anInstanceId, anIntent, aRecord, atSecond } from '../support/records.ts';

const POLICY: CapacityPolicy = {
  machinesMin: 0,
  machinesMax: 10,
  targetBacklog: 5,
  spotPercentMax: 90,
  spotStrategy: 'capacity',
  onDemandBase: 0,
  onDemandFallback: true,
  onDemandMax: 4,
  places: [{ instanceType: 'c7g.large', zone: 'us-east-1a', subnetId: 'subnet-a' }],
};

interface Machine {
  readonly number: number;
  readonly purchase: Purchase;
  readonly isOutdated: boolean;
  readonly isBusy: boolean;
  readonly changes?: Partial<InstanceRecord>;
}

const LEASES = { 'task-1': 1 } as InstanceRecord['leases'];

const machine = (number: number, changes: Partial<Machine> = {}): Machine => ({
  number,
  purchase: 'spot',
  isOutdated: true,
  isBusy: true,
  ...changes,
});

const poolOf = ({ purchase }: Machine) => ({ instanceType: 'c7g.large', zone: 'us-east-1a', purchase });

const viewOf = (machines: readonly Machine[], wanted: number, changes: Partial<CapacityView> = {}): CapacityView => ({
  state: aFleetState(
    {},
    machines.map((each) => aMember(each.number, { pool: poolOf(each), launchedAt: atSecond(each.number) })),
  ),
  records: new Map(
    machines.map((each) => [
      anInstanceId(each.number),
      aRecord({
        instanceId: anInstanceId(each.number),
        pool: poolOf(each),
        leases: each.isBusy ? LEASES : {},
        ...each.changes,
      }),
    ]),
  ),
  backlog: { waiting: wanted * POLICY.targetBacklog, inFlight: 0, delayed: 0 },
  policy: POLICY,
  drainPolicy: A_POLICY,
  outdated: new Set(machines.filter(({ isOutdated }) => isOutdated).map(({ number }) => anInstanceId(number))),
  makeIntent: (order, now) =>
    anIntent({ intentId: intentId('new'), purchase: order.purchase, count: order.count, openedAt: now }),
  ...changes,
});

const SECOND = 60;

const actionsFor = (machines: readonly Machine[], wanted: number, changes: Partial<CapacityView> = {}) =>
  decideCapacity(viewOf(machines, wanted, changes), atSecond(SECOND)).actions;

const launched = (actions: readonly Action[]): [Purchase, number][] =>
  actions.flatMap((action) => (action.do === 'launch' ? [[action.intent.purchase, action.intent.count]] : []));

const leaving = (actions: readonly Action[]): InstanceId[] =>
  actions.flatMap((action) => (action.do === 'leave' ? [action.instanceId] : []));

const numbers = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index);

describe('a rolling upgrade (F66)', () => {
  const eight = numbers(1, 8).map((number) => machine(number));

  it('asks for new machines first, a quarter of the fleet at a time, and sends nobody away for them yet', () => {
    const actions = actionsFor(eight, 8);
    expect(launched(actions)).toEqual([['spot', 2]]);
    expect(leaving(actions)).toEqual([]);
  });

  it('lets an old machine leave for each new one that has proven itself, the idle and the oldest first', () => {
    const old = eight.map((each) => (each.number === 5 ? { ...each, isBusy: false } : each));
    const fresh = numbers(9, 10).map((number) => machine(number, { isOutdated: false }));
    const busy = [...eight, ...fresh];
    expect(leaving(actionsFor(busy, 8))).toEqual([anInstanceId(1), anInstanceId(2)]);
    expect(leaving(actionsFor([...old, ...fresh], 8))).toEqual([anInstanceId(5)]);
  });

  it('takes nothing away while the new version does not start: its machines prove nothing', () => {
    const fresh = numbers(9, 10).map((number) => machine(number, { isOutdated: false, isBusy: false }));
    const actions = actionsFor([...eight, ...fresh], 8);
    expect(launched(actions)).toEqual([]);
    expect(leaving(actions)).toEqual([]);
  });

  it('waits while machines are missing: what is bought then is of the present version anyway', () => {
    expect(launched(actionsFor(eight, 10))).toEqual([['spot', 2]]);
    expect(leaving(actionsFor(eight, 10))).toEqual([]);
  });

  it('replaces on-demand machines of the base on demand, within their limit', () => {
    const policy = { ...POLICY, onDemandBase: 4 };
    const base = numbers(1, 3).map((number) => machine(number, { purchase: 'on-demand' }));
    expect(launched(actionsFor([...base, machine(4, { purchase: 'on-demand' })], 4, { policy }))).toEqual([]);
    const roomier = { ...policy, onDemandMax: 5 };
    expect(launched(actionsFor([...base, machine(4, { purchase: 'on-demand' })], 4, { policy: roomier }))).toEqual([
      ['on-demand', 1],
    ]);
  });

  it('asks for nothing while every spot pool is set aside', () => {
    const refused = { 'c7g.large/us-east-1a/spot': { refusedAt: atSecond(SECOND), strikes: 1 } };
    const view = viewOf(eight, 8);
    const state = { ...view.state, head: { ...view.state.head, pools: refused } };
    expect(launched(decideCapacity({ ...view, state }, atSecond(SECOND)).actions)).toEqual([]);
  });

  it('leaves machines alone that others launched', () => {
    const view = viewOf(eight, 8);
    const members = view.state.members.map((member) => ({ ...member, intentId: ATTACHED }));
    const { actions } = decideCapacity({ ...view, state: { ...view.state, members } }, atSecond(SECOND));
    expect(actions).toEqual([]);
  });

  it('goes on at the maximum: a new machine beyond it is not sent away again for being idle', () => {
    const ten = numbers(1, 10).map((number) => machine(number));
    expect(launched(actionsFor(ten, 10))).toEqual([['spot', 3]]);
    const fresh = numbers(11, 13).map((number) => machine(number, { isOutdated: false, isBusy: false }));
    expect(leaving(actionsFor([...ten, ...fresh], 10))).toEqual([]);
  });

  it('is over in a few rounds, asks never beyond the surge, and never leaves fewer than are wanted', () => {
    const fleets = fc.record({
      count: fc.integer({ min: 1, max: 10 }),
      onDemand: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fleets, ({ count, onDemand }) => {
        let machines: readonly Machine[] = numbers(1, count).map((number) =>
          machine(number, { purchase: number <= onDemand ? 'on-demand' : 'spot' }),
        );
        let next = count + 1;
        for (let round = 0; round < 4 * count + 4; round += 1) {
          const actions = actionsFor(machines, count);
          const gone = new Set(leaving(actions));
          const asked = launched(actions).flatMap(([purchase, many]) => Array.from({ length: many }, () => purchase));
          expect(machines.length + asked.length).toBeLessThanOrEqual(count + Math.ceil(count / 4));
          machines = machines.filter(({ number }) => !gone.has(anInstanceId(number)));
          expect(machines.length).toBeGreaterThanOrEqual(count);
          machines = [...machines, ...asked.map((purchase) => machine(next++, { purchase, isOutdated: false }))];
        }
        expect(machines.filter(({ isOutdated }) => isOutdated)).toEqual([]);
        expect(machines).toHaveLength(count);
      }),
      { numRuns: 200 },
    );
  });
});

describe('the return to spot at the maximum', () => {
  it('keeps the replacement that was bought beyond it until it has proven itself', () => {
    const nine = numbers(1, 9).map((number) => machine(number, { isOutdated: false }));
    const standIn = machine(10, { purchase: 'on-demand', isOutdated: false });
    const fresh = machine(11, { isOutdated: false, isBusy: false });
    expect(leaving(actionsFor([...nine, standIn, fresh], 10))).toEqual([]);
    expect(leaving(actionsFor([...nine, standIn, { ...fresh, isBusy: true }], 10))).toEqual([anInstanceId(10)]);
  });
});
