import { describe, expect, it } from 'vitest';
import { terminateMachines } from '../../lib/workflows/terminate-machines.ts';
import { anInstanceId } from '../support/records.ts';
import { aMachine, SPOT_A, type WorkflowWorld, workflowWorld } from '../support/workflow-world.ts';

const launch = async (world: WorkflowWorld, count: number) => {
  const answer = await world.machines.launch(
    JSON.stringify({
      token: 't',
      fleet: 'index',
      intentId: 't',
      pools: [{ pool: SPOT_A, priority: 0 }],
      count,
      tags: {},
    }),
  );
  if (!answer.answered) throw new Error('not launched');
  return answer.machines.map(({ instanceId }) => instanceId);
};

describe('ending machines', () => {
  it('marks nothing gone: only EC2’s own word is', async () => {
    const world = workflowWorld();
    const [machine] = await launch(world, 1);
    await aMachine(world, machine!);
    await terminateMachines(world, [machine!], 'a test');
    expect(world.machines.all()[0]?.state).toBe('terminated');
    expect(world.instances.records.get(machine!)?.goneAt).toBeUndefined();
    expect(world.counted.get('InstancesEnded')).toBe(1);
  });

  it('ends those it can when EC2 does not know one and protects another, and names both', async () => {
    const world = workflowWorld();
    const [first, second] = await launch(world, 2);
    world.machines.protect(first!);
    await terminateMachines(world, [first!, second!, anInstanceId(99)], 'a test');
    expect(world.machines.all().map(({ state }) => state)).toEqual(['running', 'terminated']);
    expect(world.logged.at(-1)?.fields).toMatchObject({
      notFound: [anInstanceId(99)],
      refused: [`${first}:OperationNotPermitted`],
    });
    expect(world.counted.get('InstancesEnded')).toBe(1);
  });

  it('is the same the second time', async () => {
    const world = workflowWorld();
    const ids = await launch(world, 2);
    await terminateMachines(world, ids, 'a test');
    const once = JSON.stringify(world.machines.all());
    await terminateMachines(world, ids, 'a test');
    expect(JSON.stringify(world.machines.all())).toBe(once);
  });
});
