import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { TaskLedger } from '../../lib/ports/tasks.ts';
import { type SubmitWorld, submitTasks } from '../../lib/workflows/submit-tasks.ts';
import { sweep } from '../../lib/workflows/sweep.ts';
import { aTaskId, INDEX, receivedIds, type WorkflowWorld, workflowWorld } from '../support/workflow-world.ts';

const task = (name: string, body = `body of ${name}`) => ({ taskId: aTaskId(name), body });

const submitWorld = (world: WorkflowWorld, changes: Partial<SubmitWorld> = {}): SubmitWorld => ({
  tasks: world.tasks,
  queue: world.workQueue(INDEX),
  blobs: world.blobs,
  clock: world.clock,
  ...changes,
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('submitting tasks', () => {
  it('writes a row and sends a message for each', async () => {
    const world = workflowWorld();
    const summary = await submitTasks(submitWorld(world), INDEX, [task('a'), task('b')]);
    expect(summary).toEqual({ submitted: ['a', 'b'], conflicting: [], toBeSwept: [], failed: [] });
    expect(await world.tasks.get(aTaskId('a'))).toEqual({
      form: 1,
      taskId: 'a',
      fleet: 'index',
      status: 'ready',
      attempt: 0,
      failures: 0,
      reclaims: 0,
      body: { inline: 'body of a', sha256: sha256('body of a') },
      submittedAt: world.clock.now(),
      checkAt: world.clock.now() + 30_000,
    });
    expect(await receivedIds(world)).toEqual(['a', 'b']);
  });

  it('writes every row before any message is sent', async () => {
    const world = workflowWorld();
    const rowsWhenSent: number[] = [];
    const queue = world.workQueue(INDEX);
    const sendMany: typeof queue.sendMany = async (ids) => {
      rowsWhenSent.push(world.tasks.rows.size);
      return queue.sendMany(ids);
    };
    const many = Array.from({ length: 40 }, (_, index) => task(`task-${index}`));
    await submitTasks(submitWorld(world, { queue: { ...queue, sendMany } }), INDEX, many);
    expect(rowsWhenSent).toEqual([40, 40, 40, 40]);
  });

  it('again is a success that changes no row, whatever became of the tasks', async () => {
    const world = workflowWorld();
    await submitTasks(submitWorld(world), INDEX, [task('a')]);
    await world.tasks.apply(aTaskId('a'), { step: 'cancel', now: world.clock.now() });
    const summary = await submitTasks(submitWorld(world), INDEX, [task('a')]);
    expect(summary.submitted).toEqual(['a']);
    expect(await world.tasks.get(aTaskId('a'))).toMatchObject({ status: 'cancelled' });
  });

  it('under an id that has another body is refused for that task alone', async () => {
    const world = workflowWorld();
    await submitTasks(submitWorld(world), INDEX, [task('a')]);
    await receivedIds(world);
    const summary = await submitTasks(submitWorld(world), INDEX, [task('a', 'something else'), task('b')]);
    expect(summary).toMatchObject({ submitted: ['b'], conflicting: ['a'] });
    expect(await world.tasks.get(aTaskId('a'))).toMatchObject({ body: { inline: 'body of a' } });
    expect(await receivedIds(world)).toEqual(['b']);
  });

  it('names the tasks whose rows could not be written, and sends no message for them', async () => {
    const world = workflowWorld();
    const apply: TaskLedger['apply'] = async (id, step) => {
      if (id === 'b') throw new Error('throttled');
      return world.tasks.apply(id, step);
    };
    const tasks = { ...world.tasks, apply };
    const summary = await submitTasks(submitWorld(world, { tasks }), INDEX, [task('a'), task('b')]);
    expect(summary).toMatchObject({ submitted: ['a'], failed: [{ taskId: 'b', error: 'Error: throttled' }] });
    expect(await receivedIds(world)).toEqual(['a']);
  });

  it('names the tasks whose message the queue would not take: the sweep sends them', async () => {
    const world = workflowWorld();
    const queue = { ...world.workQueue(INDEX), sendMany: async () => [aTaskId('b')] };
    const summary = await submitTasks(submitWorld(world, { queue }), INDEX, [task('a'), task('b')]);
    expect(summary).toMatchObject({ submitted: ['a', 'b'], toBeSwept: ['b'] });
  });

  it('fails when the queue is away, and loses nothing: the rows are there, for the sweep or for submitting again', async () => {
    const world = workflowWorld();
    const queue = { ...world.workQueue(INDEX), sendMany: () => Promise.reject(new Error('the queue is away')) };
    const submitting = submitTasks(submitWorld(world, { queue }), INDEX, [task('a'), task('b')]);
    await expect(submitting).rejects.toThrow('the queue is away');
    expect([...world.tasks.rows.keys()]).toEqual(['a', 'b']);
    await world.clock.advance(30_000);
    await sweep(world);
    expect(await receivedIds(world)).toEqual(['a', 'b']);
  });

  it('keeps a large body beside the row, under its digest', async () => {
    const world = workflowWorld();
    const large = 'x'.repeat(32 * 1_024 + 1);
    await submitTasks(submitWorld(world), INDEX, [task('large', large)]);
    const row = await world.tasks.get(aTaskId('large'));
    expect(row?.body).toMatchObject({ sha256: sha256(large), bytes: 32_769 });
    expect(await world.blobs.get(`content/${sha256(large)}`)).toBe(large);
  });
});
