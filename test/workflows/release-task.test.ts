import { expect, it } from 'vitest';
import { releaseTask } from '../../lib/workflows/release-task.ts';
import { anInstanceId } from '../support/records.ts';
import { aHeldTask, aMachine, INDEX, receivedIds, workflowWorld } from '../support/workflow-world.ts';

const OWNER = anInstanceId(1);

/** A task that is dead, as its owner has written, and that its owner holds. */
const withDead = async () => {
  const world = workflowWorld();
  await aMachine(world, OWNER);
  const taskId = await aHeldTask(world, 'poison', OWNER);
  const failed = { reason: 'bad input', failuresMax: 1, retryDelaySeconds: 30, failuresBefore: 0 };
  await world.tasks.apply(taskId, { step: 'fail', attempt: 1, now: world.clock.now(), ...failed });
  const release = (attempt: number) =>
    releaseTask(world, { taskId, attempt, owner: OWNER, fleet: INDEX }, 'the machine is gone');
  return { world, taskId, release };
};

it('a task that died while it was held gets a message, so that somebody copies it to where people look (O2)', async () => {
  const { world, taskId, release } = await withDead();
  await release(1);
  expect(await world.tasks.get(taskId)).toMatchObject({ status: 'dead', attempt: 1, reclaims: 0 });
  expect(await receivedIds(world)).toEqual(['poison']);
  expect(world.instances.records.get(OWNER)?.leases).toEqual({});
});

it('a task that died under a later attempt is none of an earlier owner’s to tell of', async () => {
  const { world, release } = await withDead();
  await release(0);
  expect(await receivedIds(world)).toEqual([]);
});
