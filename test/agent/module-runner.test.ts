import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { moduleRunner } from '../../lib/agent/module-runner.ts';
import type { ProgressReport, RunnerContext, RunnerOutcome } from '../../lib/agent/runner.ts';
import { taskId } from '../../lib/fleet/ids.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import type { TaskContext, Tasks } from '../../lib/worker/define-task.ts';
import { defineTask, HandBack, PermanentFailure, StaleAttempt } from '../../lib/worker/index.ts';
import { manualClock } from '../support/manual-clock.ts';
import { aContext } from './support/commands.ts';

const START = 1_700_000_000_000;

const contextWith = (changes: Partial<RunnerContext> = {}): RunnerContext =>
  aContext({ taskId: taskId('t'), attempt: 2, input: '{"n":20}', ...changes });

const runIt = (tasks: Tasks, changes: Partial<RunnerContext> = {}): Promise<RunnerOutcome> =>
  moduleRunner(tasks, { clock: manualClock(START) }).run(contextWith(changes));

const failing = (error: unknown) =>
  defineTask({
    name: 'bad',
    failuresMax: 4,
    retryDelaySeconds: 300,
    run: () => {
      throw error;
    },
  });

describe('a task written in TypeScript', () => {
  it('gets its input as JSON and its result is kept as JSON', async () => {
    const task = defineTask({
      name: 'twice',
      run: (context, { n }: { n: number }) => ({ twice: n * 2, by: context.attempt }),
    });
    expect(await runIt(task)).toEqual({ kind: 'done', result: '{"twice":40,"by":2}' });
  });

  it('gets a body that is not JSON as the text it is', async () => {
    const task = defineTask({ name: 'echo', run: (_context, input) => input });
    expect(await runIt(task, { input: 'not {json' })).toEqual({ kind: 'done', result: '"not {json"' });
  });

  it('gets what its schema makes of the input', async () => {
    const schema = z.object({ n: z.number().transform(String), of: z.string().default('all') });
    expect(await runIt(defineTask({ name: 'shaped', schema, run: (_context, input) => input }))).toEqual({
      kind: 'done',
      result: '{"n":"20","of":"all"}',
    });
  });

  it('whose input its schema refuses has failed for good, with paths and without values (S2)', async () => {
    const schema = z.object({ n: z.string(), secret: z.number() });
    const task = defineTask({ name: 'strict', schema, run: () => expect.unreachable() });
    expect(await runIt(task, { input: '{"n":4711,"secret":"hunter2"}' })).toEqual({
      kind: 'failed',
      isFinal: true,
      reason:
        'its input was refused: n: Invalid input: expected string, received number; secret: Invalid input: expected number, received string',
    });
  });

  it('is chosen by the body among several; a body that names none has failed for good (C-10)', async () => {
    const tasks = ['one', 'two'].map((name) => defineTask({ name, run: (_context, input) => ({ name, input }) }));
    expect(await runIt(tasks, { input: '{"task":"two","n":1}' })).toEqual({
      kind: 'done',
      result: '{"name":"two","input":{"task":"two","n":1}}',
    });
    expect(await runIt(tasks, { input: '{"task":"three"}' })).toEqual({
      kind: 'failed',
      isFinal: true,
      reason: 'its input was refused: its field `task` names none of the tasks of the file: "one", "two"',
    });
  });

  it('sees the machine’s notice, and its deadline once it is known', async () => {
    const notice = new AbortController();
    let deadline: number | undefined;
    const task = defineTask({
      name: 'watching',
      run: (context) => {
        const before = [context.notice.aborted, context.deadline];
        deadline = START + 90_000;
        notice.abort();
        return [before, context.notice.aborted, (context.deadline as number) - START];
      },
    });
    const changes = { noticeSignal: notice.signal, deadline: () => deadline && epochMs(deadline) };
    expect(await runIt(task, changes as Partial<RunnerContext>)).toEqual({
      kind: 'done',
      result: '[[false,null],true,90000]',
    });
  });

  it('tells how far it is as records done or as a share', async () => {
    const told: ProgressReport[] = [];
    const task = defineTask({
      name: 'telling',
      run: (context) => {
        context.progress({ done: 30, total: 40, secondsLeft: 5 });
        context.progress({ share: 0.9 });
        context.progress({ done: 0, total: 0 });
      },
    });
    await runIt(task, { progress: (report) => void told.push(report) });
    expect(told).toEqual([{ share: 0.75, secondsLeft: 5 }, { share: 0.9 }, { share: 1 }]);
  });

  it('what it tells of itself is a hint: what cannot be true is left out', async () => {
    const told: ProgressReport[] = [];
    const task = defineTask({
      name: 'telling',
      run: (context) => {
        context.progress({ share: 7, secondsLeft: -5, savesWhenStopped: false });
        context.progress({ share: Number.NaN, secondsLeft: 3 });
        context.progress({ done: Number.NaN, total: 10, secondsLeft: Number.POSITIVE_INFINITY });
      },
    });
    await runIt(task, { progress: (report) => void told.push(report) });
    expect(told).toEqual([{ savesWhenStopped: false }, { secondsLeft: 3 }, {}]);
  });

  it('may make its result final before it is through', async () => {
    const committed: string[] = [];
    const task = defineTask({ name: 'early', run: (context) => context.commit({ sure: true }) });
    await runIt(task, { commit: async (text) => void committed.push(text) });
    expect(committed).toEqual(['{"sure":true}']);
  });
});

describe('what a task ends with', () => {
  it('an error is a failure, on one printable line, under the task’s own policy (D8)', async () => {
    expect(await runIt(failing(new Error('line one\nline \u001b[31mtwo')))).toEqual({
      kind: 'failed',
      reason: 'line one line [31mtwo',
      failuresMax: 4,
      retryDelaySeconds: 300,
    });
  });

  it('an error of a kind is told with its kind, and what is no error as it is', async () => {
    expect(await runIt(failing(new TypeError('x is not a function')))).toMatchObject({
      reason: 'TypeError: x is not a function',
    });
    expect(await runIt(failing('just words'))).toMatchObject({ reason: 'just words' });
  });

  it.each([
    [
      'an object that cannot be turned into text',
      {
        toString: () => {
          throw new Error('not me');
        },
      },
    ],
    ['an object without any method', Object.create(null)],
    [
      'an error whose message throws',
      Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('not me');
        },
      }),
    ],
    [
      'an error whose name throws',
      Object.defineProperty(new Error('x'), 'name', {
        get: () => {
          throw new Error('not me');
        },
      }),
    ],
  ])('%s is a failure of the task, and of nobody else', async (_what, thrown) => {
    expect(await runIt(failing(thrown))).toMatchObject({
      kind: 'failed',
      reason: 'it threw something that cannot be shown',
      failuresMax: 4,
    });
  });

  it('a permanent failure is final', async () => {
    expect(await runIt(failing(new PermanentFailure('the page is gone')))).toEqual({
      kind: 'failed',
      reason: 'the page is gone',
      isFinal: true,
    });
  });

  it('a task that hands itself back has not failed', async () => {
    expect(await runIt(failing(new HandBack('the service is busy')))).toEqual({
      kind: 'hand-back',
      reason: 'the service is busy',
    });
  });

  it('the errors of another copy of the library count the same', async () => {
    const copy = Object.assign(new Error('from a bundle'), { name: 'PermanentFailure' });
    expect(await runIt(failing(copy))).toMatchObject({ isFinal: true });
  });

  it('whoever throws after being asked to stop has not failed', async () => {
    const task = defineTask({ name: 'stopped', run: (context) => context.signal.throwIfAborted() });
    expect(await runIt(task, { signal: AbortSignal.abort() })).toEqual({
      kind: 'hand-back',
      reason: 'it stopped when asked to',
    });
  });

  it('an attempt that is over ends without a failure', async () => {
    expect((await runIt(failing(new StaleAttempt()))).kind).toBe('hand-back');
  });

  it('a schema that throws is a failure, not a refusal', async () => {
    const schema = z.number().transform(() => {
      throw new Error('a bug in the schema');
    });
    expect(await runIt(defineTask({ name: 'bug', schema, run: () => undefined }), { input: '1' })).toEqual({
      kind: 'failed',
      reason: 'its schema failed: a bug in the schema',
    });
  });
});

describe('what can be kept of a task', () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  const deep = (levels: number): unknown => JSON.parse(`${'['.repeat(levels)}${']'.repeat(levels)}`);

  it.each([
    ['undefined', undefined, 'null'],
    ['a property that is undefined', { a: undefined, b: 1 }, '{"b":1}'],
    ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
    ['an object that says itself what is kept', { at: { toJSON: () => ({ x: 1 }) } }, '{"at":{"x":1}}'],
    [
      'an instance that says it is kept as it is',
      new (class Kept {
        x = 1;
        toJSON(): this {
          return this;
        }
      })(),
      '{"x":1}',
    ],
    ['the same object twice', [{}, {}].fill({ a: 1 }), '[{"a":1},{"a":1}]'],
    [
      'an instance of a class',
      new (class Point {
        x = 1;
      })(),
      '{"x":1}',
    ],
  ])('%s is kept as JSON has it', async (_what, result, text) => {
    expect(await runIt(defineTask({ name: 'kept', run: () => result }))).toEqual({ kind: 'done', result: text });
  });

  it.each([
    ['a bigint', { rows: [1, 10n] }, 'at $.rows[1] is a bigint; String(value) can be kept'],
    ['a number that is none', { mean: Number.NaN }, 'at $.mean is NaN, which JSON does not know'],
    ['infinity', Number.POSITIVE_INFINITY, 'at $ is Infinity'],
    ['a function', { b: { a: () => 1 } }, 'at $.b.a is a function'],
    ['a symbol', [Symbol('s')], 'at $[0] is a symbol'],
    ['a map', { seen: new Map([[1, 2]]) }, 'at $.seen is a Map; Object.fromEntries(map) can be kept'],
    ['a set', new Set([1]), 'at $ is a Set; [...set] can be kept'],
    ['a forgotten await', { a: Promise.resolve(1) }, 'at $.a is a Promise; is an `await` missing?'],
    ['an error', { failed: new Error('x') }, 'at $.failed is an Error'],
    ['binary data', { bytes: new Uint8Array(3) }, 'at $.bytes is binary data'],
    ['a date that is none', { at: new Date(Number.NaN) }, 'at $.at is an invalid Date'],
    ['what an object says of itself', [{ toJSON: () => ({ mean: Number.NaN }) }], 'at $[0].mean is NaN'],
    ['a circle', circle, 'at $.self is a circle'],
    ['too many levels', deep(5_000), 'at $ is something nested more than 500 levels deep'],
  ])('%s in a result is a failure that names it', async (_what, result, words) => {
    const outcome = await runIt(defineTask({ name: 'unkept', run: () => result }));
    expect(outcome).toMatchObject({ kind: 'failed' });
    expect(outcome).toHaveProperty('reason', expect.stringContaining(`its result cannot be kept as JSON: ${words}`));
  });

  it('a mebibyte is kept, and one byte more is a failure with the size and what to do', async () => {
    const ofBytes = (bytes: number) => defineTask({ name: 'large', run: () => 'x'.repeat(bytes - 2) });
    expect((await runIt(ofBytes(1_048_576))).kind).toBe('done');
    expect(await runIt(ofBytes(1_048_577))).toEqual({
      kind: 'failed',
      reason:
        'its result has 1048577 bytes as JSON (1.0 MiB), and at most 1048576 are kept: write it to a store of your own, such as S3, and give its name instead',
    });
  });

  it('the same holds for checkpoints, which the task hears at once', async () => {
    const task = defineTask({
      name: 'unkept',
      run: async (context) => {
        await context.checkpoint(new Map());
      },
    });
    expect(await runIt(task)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('its checkpoint cannot be kept as JSON: at $ is a Map'),
    });
  });
});

describe('checkpoints', () => {
  interface Pages {
    page: number;
  }

  /** What the ledger was given, and an answer for each write when a test wants to give it. */
  const createStore = () => {
    const written: string[] = [];
    return { written, checkpoint: async (text: string): Promise<void> => void written.push(text) };
  };

  it('are written as JSON and found again', async () => {
    const store = createStore();
    const task = defineTask({
      name: 'counting',
      run: async (context: TaskContext<Pages>) => {
        const page = (context.resume?.page ?? 0) + 1;
        await context.checkpoint({ page });
        return page;
      },
    });
    expect(await runIt(task, { resume: '{"page":4}', checkpoint: store.checkpoint })).toEqual({
      kind: 'done',
      result: '5',
    });
    expect(store.written).toEqual(['{"page":5}']);
  });

  it('of another kind of worker are refused without a word of what is in them (S2)', async () => {
    const outcome = await runIt(defineTask({ name: 'resuming', run: () => 1 }), { resume: 'hunter2' });
    expect(outcome).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('Its last checkpoint is not JSON'),
    });
    expect(JSON.stringify(outcome)).not.toContain('hunter2');
  });

  it('are written one after the other, in the order asked for', async () => {
    const order: string[] = [];
    const checkpoint = async (text: string): Promise<void> => {
      order.push(`begin ${text}`);
      for (let turn = 0; turn < (text === '1' ? 10 : 1); turn += 1) await Promise.resolve();
      order.push(`end ${text}`);
    };
    const task = defineTask({
      name: 'hasty',
      run: async (context) => {
        void context.checkpoint(1);
        void context.checkpoint(2);
      },
    });
    await runIt(task, { checkpoint });
    expect(order).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });

  it('one that was not accepted does not keep the next from being written', async () => {
    const written: string[] = [];
    const task = defineTask({
      name: 'stubborn',
      run: async (context) => {
        await context.checkpoint(1).catch(() => undefined);
        await context.checkpoint(2);
      },
    });
    const checkpoint = async (text: string): Promise<void> => {
      if (text === '1') throw new Error('no answer');
      written.push(text);
    };
    expect((await runIt(task, { checkpoint })).kind).toBe('done');
    expect(written).toEqual(['2']);
  });

  /** A task that counts seconds and lets itself be saved every ten of them. */
  const startSaving = (changes: Partial<RunnerContext> = {}, saveIt?: (second: number) => unknown) => {
    const clock = manualClock(START);
    const store = createStore();
    const told: ProgressReport[] = [];
    const stop = new AbortController();
    const task = defineTask({
      name: 'saved',
      run: async (context) => {
        let second = 0;
        context.checkpoint(() => (saveIt ?? ((at: number) => ({ second: at })))(second), 10);
        while (second < 35 && !stop.signal.aborted) {
          await clock.sleep(1_000, context.signal);
          second += 1;
        }
        context.signal.throwIfAborted();
        return second;
      },
    });
    const context = contextWith({
      signal: stop.signal,
      checkpoint: store.checkpoint,
      progress: (report) => void told.push(report),
      ...changes,
    });
    const outcome = moduleRunner(task, { clock }).run(context);
    return { clock, stop, told, written: store.written, outcome };
  };

  it('are written every so many seconds once the task has said how its state is found', async () => {
    const { clock, written, told, outcome } = startSaving();
    await clock.advance(40_000);
    expect(await outcome).toEqual({ kind: 'done', result: '35' });
    expect(written.map((text) => Math.round(JSON.parse(text).second / 10))).toEqual([1, 2, 3]);
    expect(told).toEqual([{ savesWhenStopped: true }]);
  });

  it('are written once more at the moment when the task is asked to stop, so that no work is lost', async () => {
    const { clock, stop, written, outcome } = startSaving();
    await clock.advance(15_500);
    stop.abort();
    expect(await outcome).toEqual({ kind: 'hand-back', reason: 'it stopped when asked to' });
    expect(JSON.parse(written.at(-1)!).second).toBeGreaterThanOrEqual(15);
  });

  it('are not written again when nothing has changed', async () => {
    const { clock, stop, written } = startSaving({}, () => 'always the same');
    await clock.advance(25_000);
    stop.abort();
    await clock.advance(1_000);
    expect(written).toEqual(['"always the same"']);
  });

  it('a function that throws fails the task: it would lose its work unnoticed', async () => {
    const { clock, outcome } = startSaving({}, () => {
      throw new Error('a bug in save');
    });
    await clock.advance(10_000);
    expect(await outcome).toEqual({ kind: 'failed', reason: 'a bug in save' });
  });

  it('a write that fails is tried again with the next state', async () => {
    const written: string[] = [];
    let isDown = true;
    const checkpoint = async (text: string): Promise<void> => {
      if (isDown) throw new Error('no answer');
      written.push(text);
    };
    const { clock, outcome } = startSaving({ checkpoint }, () => 'state');
    await clock.advance(12_000);
    isDown = false;
    await clock.advance(30_000);
    expect((await outcome).kind).toBe('done');
    expect(written).toEqual(['"state"']);
  });

  it.each([0, -5, Number.NaN])('cannot be written every %s seconds', async (everySeconds) => {
    const task = defineTask({ name: 'never', run: (context) => context.checkpoint(() => 1, everySeconds) });
    expect(await runIt(task)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('TypeError: checkpoint('),
    });
  });
});
