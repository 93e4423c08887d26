import { describe, expect, it } from 'vitest';
import { taskId } from '../../lib/fleet/ids.ts';
import { createSubmitter, type TaskToSubmit } from '../../lib/submit/index.ts';
import { UnknownFleet } from '../../lib/wiring-cli.ts';
import { defineTask } from '../../lib/worker/define-task.ts';
import { awsError, INDEX, memoryService, sentIds } from '../cli/task-service.ts';

const PAGES = defineTask({
  name: 'pages',
  schema: {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof (value as { pages?: unknown }).pages === 'number'
          ? { value }
          : { issues: [{ message: 'expected a number', path: ['pages'] }] },
    },
  },
  run: () => 1,
});

describe('submitting from a program', () => {
  it('answers what became of each task, in order', async () => {
    const service = memoryService();
    const tasks = createSubmitter(service, { fleet: 'index' });
    const outcomes = await tasks.submit([
      { id: 'a', body: { n: 1 } },
      { id: 'a', body: { n: 1 } },
      { id: 'two words', body: 1 },
      { id: 'a', body: { n: 2 } },
      { id: 'b', body: 10n },
      { body: { n: 3 } },
    ]);
    expect(outcomes).toEqual([
      { outcome: 'submitted', taskId: 'a' },
      { outcome: 'already', taskId: 'a' },
      { outcome: 'refused', problems: [expect.stringMatching(/^id: is no task id; /)] },
      { outcome: 'conflicting', taskId: 'a' },
      { outcome: 'refused', problems: [expect.stringContaining('does not survive JSON')] },
      { outcome: 'submitted', taskId: expect.stringMatching(/^body-[0-9a-f]{32}$/) },
    ]);
    expect(await sentIds(service.queue(INDEX))).toHaveLength(2);
  });

  it('takes ids from bodies where the fleet does, and checks bodies by the schema it is given', async () => {
    const service = memoryService({ taskIdPath: 'order.id' });
    const tasks = createSubmitter(service, { fleet: 'index', task: PAGES });
    expect(
      await tasks.submit([
        { body: { order: { id: 17 }, pages: 3 } },
        { body: { order: { id: 18 }, pages: 'confidential' } },
        { body: { pages: 3 } },
      ]),
    ).toEqual([
      { outcome: 'submitted', taskId: '17' },
      { outcome: 'refused', problems: ['pages: expected a number'] },
      { outcome: 'refused', problems: ['order.id: is missing; give every task its id there'] },
    ]);
  });

  it('goes through any number, as they come', async () => {
    const service = memoryService();
    const made = { count: 0 };
    const many = async function* (): AsyncGenerator<TaskToSubmit> {
      for (let index = 0; index < 5_000; index += 1) {
        made.count += 1;
        yield { id: `task-${index}`, body: index };
      }
    };
    const ids: string[] = [];
    for await (const outcome of createSubmitter(service, { fleet: 'index' }).submitEach(many())) {
      if (outcome.outcome === 'submitted') ids.push(outcome.taskId);
      expect(made.count - ids.length).toBeLessThanOrEqual(600);
    }
    expect(ids).toEqual(Array.from({ length: 5_000 }, (_, index) => `task-${index}`));
  });

  it('whoever stops listening stops it, and what is under way is finished', async () => {
    const service = memoryService();
    const endless = function* (): Generator<TaskToSubmit> {
      for (let index = 0; ; index += 1) yield { id: `task-${index}`, body: index };
    };
    for await (const outcome of createSubmitter(service, { fleet: 'index' }).submitEach(endless())) {
      if (outcome.outcome === 'submitted' && outcome.taskId === 'task-150') break;
    }
    const rows = service.tasks.rows.size;
    expect(rows).toBeGreaterThan(150);
    expect(rows).toBeLessThanOrEqual(700);
    expect(await sentIds(service.queue(INDEX))).toHaveLength(rows);
  });

  it('a task that could not be recorded has its error in plain words', async () => {
    const service = memoryService();
    const apply = () => Promise.reject(awsError('AccessDenied', 'ada may not'));
    const tasks = createSubmitter({ ...service, tasks: { ...service.tasks, apply } }, { fleet: 'index' });
    const [outcome] = await tasks.submit([{ id: 'a', body: 1 }]);
    expect(outcome).toMatchObject({
      outcome: 'failed',
      taskId: 'a',
      error: { name: 'CannotSubmit', message: expect.stringMatching(/^permission: ada may not; /) },
    });
  });

  it('an iterable that throws has its error passed on; what it gave just before was not begun', async () => {
    const service = memoryService();
    const broken = async function* (): AsyncGenerator<TaskToSubmit> {
      yield { id: 'a', body: 1 };
      throw new Error('the source is gone');
    };
    await expect(createSubmitter(service, { fleet: 'index' }).submit(broken())).rejects.toThrow('the source is gone');
    expect(service.tasks.rows.get(taskId('a'))).toBeUndefined();
  });

  it('a fleet that is not there is said at once', () => {
    expect(() => createSubmitter(memoryService(), { fleet: 'none' })).toThrow(UnknownFleet);
  });

  it('wakes the fleet', async () => {
    const service = memoryService();
    await createSubmitter(service, { fleet: 'index' }).submit([{ body: 1 }]);
    expect(service.wakes.takeDue()).toEqual(['index']);
  });
});
