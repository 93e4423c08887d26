import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import {
  defineTask,
  HandBack,
  PermanentFailure,
  rehearse,
  runBatch,
  type TaskContext,
} from '../../lib/worker/index.ts';

const counting = defineTask({
  name: 'counting',
  schema: z.object({ to: z.number().int() }),
  async run(context: TaskContext<{ next: number }>, { to }) {
    for (let next = context.resume?.next ?? 0; next < to; next += 1) {
      context.signal.throwIfAborted();
      await context.checkpoint({ next: next + 1 });
      context.progress({ done: next + 1, total: to });
    }
    return { counted: to, by: context.attempt };
  },
});

const throwing = (error: unknown) =>
  defineTask({
    name: 'throwing',
    run: () => {
      throw error;
    },
  });

describe('a rehearsal', () => {
  it('tells how the attempt ended, and everything that it stored and told', async () => {
    expect(await rehearse(counting, { to: 2 })).toEqual({
      end: { kind: 'done', result: { counted: 2, by: 1 } },
      checkpoints: [{ next: 1 }, { next: 2 }],
      progress: [
        { done: 1, total: 2 },
        { done: 2, total: 2 },
      ],
    });
  });

  it('stops an attempt after a checkpoint, and another goes on from there', async () => {
    const first = await rehearse(counting, { to: 5 }, { stopAfterCheckpoints: 3 });
    expect(first.end.kind).toBe('handed back');
    expect(first.checkpoints).toEqual([{ next: 1 }, { next: 2 }, { next: 3 }]);
    const second = await rehearse(counting, { to: 5 }, { attempt: 2, resume: first.checkpoints.at(-1) });
    expect(second.end).toEqual({ kind: 'done', result: { counted: 5, by: 2 } });
    expect(second.checkpoints).toEqual([{ next: 4 }, { next: 5 }]);
  });

  it('stops one whenever its test says so, and finds the state of a task that only says where it is', async () => {
    const stop = new AbortController();
    const saving = defineTask({
      name: 'saving',
      async run(context: TaskContext<{ page: number }>) {
        let page = 0;
        context.checkpoint(() => ({ page }), 30);
        page = 7;
        stop.abort();
        context.signal.throwIfAborted();
      },
    });
    const { end, checkpoints } = await rehearse(saving, {}, { stop: stop.signal });
    expect([end.kind, checkpoints]).toEqual(['handed back', [{ page: 7 }]]);
  });

  it.each([
    ['a failure', new Error('too hot'), { kind: 'failed', reason: 'too hot', isFinal: false }],
    ['a final failure', new PermanentFailure('gone'), { kind: 'failed', reason: 'gone', isFinal: true }],
    ['a hand-back', new HandBack('busy'), { kind: 'handed back', reason: 'busy' }],
  ])('tells %s from the others', async (_name, error, end) => {
    expect((await rehearse(throwing(error), {})).end).toEqual(end);
  });

  it('refuses a result and a checkpoint that no machine could keep, in the words of a machine', async () => {
    const mapping = defineTask({ name: 'mapping', run: () => ({ seen: new Map([['a', 1]]) }) });
    const reason = 'its result cannot be kept as JSON: at $.seen is a Map; Object.fromEntries(map) can be kept';
    expect((await rehearse(mapping, {})).end).toEqual({ kind: 'failed', reason, isFinal: false });
    const storing = defineTask({ name: 'storing', run: (context) => context.checkpoint({ at: Number.NaN }) });
    const because = 'its checkpoint cannot be kept as JSON: at $.at is NaN, which JSON does not know';
    const { end, checkpoints } = await rehearse(storing, {});
    expect([end, checkpoints]).toEqual([{ kind: 'failed', reason: because, isFinal: false }, []]);
  });

  it('refuses what the schema refuses', async () => {
    const { end } = await rehearse(counting, { to: 'far' });
    expect(end).toMatchObject({ kind: 'failed', isFinal: true, reason: expect.stringMatching(/^to: /) });
  });

  it('keeps what JSON keeps, and a result that was committed before the end', async () => {
    const task = defineTask({
      name: 'dates',
      async run(context) {
        await context.commit({ at: new Date(0), nothing: undefined });
        throw new Error('while tidying up');
      },
    });
    expect((await rehearse(task, {})).end).toEqual({ kind: 'done', result: { at: '1970-01-01T00:00:00.000Z' } });
  });

  it('runs batches', async () => {
    const batch = defineTask({ name: 'batch', run: (context) => runBatch(context, 250, () => undefined) });
    const { end, checkpoints } = await rehearse(batch, {});
    expect(end).toMatchObject({ kind: 'done', result: { count: 250 } });
    expect(checkpoints).toEqual([{ nextIndex: 100 }, { nextIndex: 200 }]);
  });
});
