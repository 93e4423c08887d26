import { beforeEach, describe, expect, test } from 'vitest';
import { fleetName, instanceId, intentId } from '../../../lib/fleet/ids.ts';
import type { Pool } from '../../../lib/fleet/pool.ts';
import type { LaunchAnswer, LaunchRequest } from '../../../lib/ports/machines.ts';
import { type MemoryMachines, memoryMachines } from '../../../lib/simulator/ports/memory-machines.ts';
import { memoryWorld } from '../../../lib/simulator/ports/memory-world.ts';
import { type ManualClock, manualClock } from '../../support/manual-clock.ts';

const FLEET = fleetName('encode');
const POOL_A: Pool = { instanceType: 'c7g.large', zone: 'eu-west-1a', purchase: 'spot' };
const POOL_B: Pool = { instanceType: 'm7g.large', zone: 'eu-west-1b', purchase: 'spot' };

const request = (token: string, count: number): LaunchRequest => ({
  token,
  fleet: FLEET,
  intentId: intentId(token),
  pools: [
    { pool: POOL_A, subnetId: 'subnet-a', priority: 0 },
    { pool: POOL_B, subnetId: 'subnet-b', priority: 1 },
  ],
  count,
  launchTemplateId: 'lt-1',
  launchTemplateVersion: '1',
  tags: {},
});

let clock: ManualClock;
let machines: MemoryMachines;
const launch = (token: string, count: number): Promise<LaunchAnswer> =>
  machines.launch(machines.serialise(request(token, count)));
beforeEach(() => {
  clock = manualClock(1_000_000);
  machines = memoryMachines(clock, 'simulated');
});

describe('a client token', () => {
  test('with the same request is the same machines, after a lost answer as well (B17)', async () => {
    machines.loseNextAnswer();
    expect(await launch('one', 2)).toMatchObject({ answered: false });
    const answer = await launch('one', 2);
    expect(answer).toMatchObject({ answered: true, machines: [{ pool: POOL_A }, { pool: POOL_A }] });
    expect(await launch('one', 2)).toStrictEqual(answer);
    expect(machines.all()).toHaveLength(2);
  });

  test('with another request is a mismatch and launches nothing (B17)', async () => {
    await launch('one', 1);
    expect(await launch('one', 2)).toMatchObject({ answered: false, code: 'IdempotentParameterMismatch' });
    expect(machines.all()).toHaveLength(1);
  });

  test('is what the EC2 fleet it made still shows', async () => {
    const answer = await launch('one', 1);
    expect(answer.answered && (await machines.tokenOf(answer.ec2FleetId!))).toBe('one');
  });
});

describe('capacity', () => {
  test('runs out by pool, and what did not come is said beside what came (B18)', async () => {
    machines.setCapacity(POOL_A, 1);
    machines.setCapacity(POOL_B, 1);
    const answer = await launch('one', 3);
    expect(answer).toMatchObject({
      machines: [{ pool: POOL_A }, { pool: POOL_B }],
      refusals: [
        { class: 'capacity', pool: POOL_A },
        { class: 'capacity', pool: POOL_B },
      ],
    });
  });

  test('is refused with the code that was scripted, until that is taken back', async () => {
    const refusal = { class: 'quota', code: 'MaxSpotInstanceCountExceeded', message: 'Too many.' } as const;
    machines.refuse(POOL_A, refusal);
    machines.refuse(POOL_B, refusal);
    expect(await launch('one', 1)).toMatchObject({ machines: [], refusals: [{ ...refusal, pool: POOL_A }, refusal] });
    machines.refuse(POOL_A, undefined);
    expect(await launch('two', 1)).toMatchObject({ machines: [{ pool: POOL_A }], refusals: [] });
  });
});

describe('machines', () => {
  test('are found by their fleet’s tag, and an hour after their end no longer (B20)', async () => {
    await launch('one', 1);
    const [machine] = await machines.describeFleet(FLEET);
    expect(machine).toMatchObject({ state: 'running', tags: { 'spothop:intent': 'one' }, launchedAt: 1_000_000 });
    expect(await machines.describeFleet(fleetName('other'))).toStrictEqual([]);
    await machines.terminate([machine!.instanceId]);
    await clock.advance(3_599_999);
    expect(await machines.describe([machine!.instanceId])).toMatchObject([{ state: 'terminated' }]);
    await clock.advance(1);
    expect(await machines.describe([machine!.instanceId])).toStrictEqual([]);
  });

  test('are ended, unknown or protected, each told apart (B21)', async () => {
    await launch('one', 2);
    const [first, second] = machines.all();
    const unknown = instanceId('i-fffffffffffffffff');
    machines.protect(second!.instanceId);
    expect(await machines.terminate([first!.instanceId, unknown, second!.instanceId])).toStrictEqual({
      ended: [first!.instanceId],
      notFound: [unknown],
      refused: [{ instanceId: second!.instanceId, code: 'OperationNotPermitted' }],
    });
    expect(await machines.terminate([first!.instanceId])).toMatchObject({ ended: [first!.instanceId] });
  });

  test('that EC2 took say so', async () => {
    await launch('one', 1);
    const [machine] = machines.all();
    machines.setState(machine!.instanceId, 'terminated', 'Server.SpotInstanceTermination');
    expect(machines.all()).toMatchObject([{ state: 'terminated', stateReasonCode: 'Server.SpotInstanceTermination' }]);
  });
});

describe('a world in memory', () => {
  test('has one work queue for each fleet, and wakes that are collapsed to their fleets when due', async () => {
    const world = memoryWorld(clock, () => 0.5);
    expect(world.workQueue(FLEET)).toBe(world.workQueue(FLEET));
    expect(world.workQueue(FLEET)).not.toBe(world.workQueue(fleetName('other')));
    await world.wakes.wake(FLEET);
    await world.wakes.wake(FLEET);
    await world.wakes.wake(fleetName('other'), 10);
    expect(world.wakes.takeDue()).toStrictEqual(['encode']);
    expect(world.wakes.nextAt()).toBe(1_010_000);
    await clock.advance(10_000);
    expect(world.wakes.takeDue()).toStrictEqual(['other']);
    expect(world.wakes.nextAt()).toBeUndefined();
  });
});
