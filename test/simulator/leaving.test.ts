import { describe, expect, it } from 'vitest';
import type { Member } from '../../lib/fleet/fleet.ts';
import type { CapacityPolicy } from '../../lib/fleet/fleet-settings.ts';
import { fleetName, type InstanceId, instanceId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { Purchase } from '../../lib/fleet/pool.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { type Deeds, noDeeds } from '../../lib/simulator/audit/deeds.ts';
import { judgeLeaving } from '../../lib/simulator/audit/judge-leaving.ts';

const NOW = epochMs(10_000_000);
const FLEET = fleetName('fleet');
const MINUTE_MS = 60_000;

interface Machine {
  readonly held?: number;
  readonly silentSeconds?: number;
  readonly purchase?: Purchase;
  readonly ageMinutes?: number;
}

const idOf = (index: number): InstanceId => instanceId(`i-${String(index + 1).padStart(17, '0')}`);

const memberOf = (index: number, { purchase = 'spot', ageMinutes = 30 }: Machine): Member =>
  ({
    instanceId: idOf(index),
    pool: { instanceType: 'c7g.large', zone: 'us-east-1a', purchase },
    launchedAt: NOW - ageMinutes * MINUTE_MS,
  }) as Member;

const recordOf = (index: number, machine: Machine): InstanceRecord =>
  ({
    ...memberOf(index, machine),
    session: 'session',
    heartbeatAt: NOW - (machine.silentSeconds ?? 1) * 1_000,
    leases: Object.fromEntries(Array.from({ length: machine.held ?? 0 }, (_, task) => [`task-${task}`, 1])),
    signals: {},
  }) as unknown as InstanceRecord;

const CAPACITY = { machinesMin: 0, machinesMax: 4, targetBacklog: 1, onDemandBase: 0 } as CapacityPolicy;

/** A reconcile that saw these machines and so much work, and sent away those of these numbers. */
const reconciled = (
  machines: readonly Machine[],
  work: { readonly waiting?: number; readonly inFlight?: number },
  sentAway: readonly number[],
  capacity: Partial<CapacityPolicy> = {},
): Deeds => {
  const deeds = noDeeds(NOW);
  deeds.compared.set(FLEET, {
    state: { head: {} as never, members: machines.map((machine, index) => memberOf(index, machine)) },
    backlog: { waiting: 0, inFlight: 0, delayed: 0, ...work },
    capacity: { ...CAPACITY, ...capacity },
    at: NOW,
  });
  machines.forEach((machine, index) => {
    deeds.records.set(idOf(index), { value: recordOf(index, machine), at: NOW });
  });
  deeds.sentAway.push(...sentAway.map((number) => idOf(number - 1)));
  return deeds;
};

const found = (deeds: Deeds): readonly string[] =>
  judgeLeaving(deeds, deeds.compared.get(FLEET)).map(({ found: text }) => text);

describe('who is sent away', () => {
  it('an idle spot machine goes when one too many is there and nothing waits', () => {
    expect(found(reconciled([{ held: 1 }, {}], { inFlight: 1 }, [2]))).toEqual([]);
  });

  it('as many stay as are wanted', () => {
    expect(found(reconciled([{}, {}], { inFlight: 1 }, [1, 2]))).toEqual([expect.stringContaining('0 stay, 1 wanted')]);
  });

  it('nobody goes for being one too many while work waits', () => {
    expect(found(reconciled([{}, { held: 1 }], { waiting: 1 }, [1]))).toEqual([
      expect.stringContaining('while 1 tasks wait'),
    ]);
  });

  it('a machine at work does not go while another idles, nor while as many are allowed', () => {
    expect(found(reconciled([{ held: 2 }, {}], { inFlight: 1 }, [1]))).toEqual([expect.stringContaining('does less')]);
    expect(found(reconciled([{ held: 1 }, { held: 1 }], { inFlight: 1 }, [1]))).toEqual([
      expect.stringContaining('nobody has to go'),
    ]);
  });

  it('an on-demand machine stays as long as the base needs it', () => {
    const machines: readonly Machine[] = [{ held: 1 }, { held: 1 }, { purchase: 'on-demand' }];
    const work = { inFlight: 2 };
    expect(found(reconciled(machines, work, [3], { onDemandBase: 1 }))).toEqual([
      expect.stringContaining('0 on demand stay, and 1 are the base'),
    ]);
    expect(found(reconciled(machines, work, [3]))).toEqual([]);
    const two = [...machines, { purchase: 'on-demand' } as const];
    expect(found(reconciled(two, work, [3], { onDemandBase: 1 }))).toEqual([]);
  });

  it('a machine at work goes when the fleet file allows fewer and all are at work', () => {
    const five = Array.from({ length: 5 }, () => ({ held: 1 }));
    expect(found(reconciled(five, { inFlight: 5 }, [1]))).toEqual([]);
  });

  it('somebody goes when the fleet file allows fewer', () => {
    const six = Array.from({ length: 6 }, () => ({ held: 1 }));
    expect(found(reconciled(six, { inFlight: 6 }, []))).toEqual([expect.stringContaining('nobody is sent away')]);
  });

  it('one that is not heard goes before one that is', () => {
    const machines = [{ silentSeconds: 90 }, {}];
    expect(found(reconciled(machines, { inFlight: 1 }, [2]))).toEqual([expect.stringContaining('which is not heard')]);
    expect(found(reconciled(machines, { inFlight: 1 }, [1]))).toEqual([]);
  });

  it('an on-demand machine at work goes once spot has proven itself in its place', () => {
    const onDemand = { held: 1, purchase: 'on-demand' } as const;
    expect(found(reconciled([onDemand, { held: 1 }], { inFlight: 1 }, [1]))).toEqual([]);
    expect(found(reconciled([onDemand, { ageMinutes: 2 }], { inFlight: 1 }, [1]))).toEqual([
      expect.stringContaining('nothing that replaces them has proven itself'),
    ]);
  });

  it('one that is not heard is not called back', () => {
    const deeds = reconciled([{ silentSeconds: 90 }], { waiting: 1 }, []);
    deeds.calledBack.push(idOf(0));
    expect(found(deeds)).toEqual([expect.stringContaining('is not heard')]);
  });
});
