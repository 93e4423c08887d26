import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadTaskFile, moduleRunner } from '../../lib/agent/module-runner.ts';
import type { RunnerContext } from '../../lib/agent/runner.ts';
import { taskId } from '../../lib/fleet/ids.ts';
import { defineTask } from '../../lib/worker/define-task.ts';

const contextWith = (changes: Partial<RunnerContext> = {}): RunnerContext => ({
  taskId: taskId('t'),
  attempt: 2,
  input: '{"n":20}',
  resume: undefined,
  signal: new AbortController().signal,
  killSignal: new AbortController().signal,
  deadline: () => undefined,
  noticeSignal: new AbortController().signal,
  checkpoint: async () => undefined,
  commit: async () => undefined,
  progress: () => undefined,
  ...changes,
});

describe('a task written in TypeScript', () => {
  it('gets its input as JSON and its result is kept as JSON', async () => {
    const task = defineTask({
      name: 'twice',
      run: (context, { n }: { n: number }) => ({ twice: n * 2, by: context.attempt }),
    });
    expect(await moduleRunner(task as never).run(contextWith())).toEqual({
      kind: 'done',
      result: '{"twice":40,"by":2}',
    });
  });

  it('gets a body that is not JSON as the text it is', async () => {
    const task = defineTask({ name: 'echo', run: (_context, input) => input });
    const outcome = await moduleRunner(task).run(contextWith({ input: 'not {json' }));
    expect(outcome).toEqual({ kind: 'done', result: '"not {json"' });
  });

  it('that returns nothing has the result null', async () => {
    const outcome = await moduleRunner(defineTask({ name: 'quiet', run: () => undefined })).run(contextWith());
    expect(outcome).toEqual({ kind: 'done', result: 'null' });
  });

  it('writes checkpoints as JSON and resumes from one', async () => {
    const written: string[] = [];
    const task = defineTask<unknown, number, { next: number }>({
      name: 'counting',
      run: async (context) => {
        const next = (context.resume?.next ?? 0) + 1;
        await context.checkpoint({ next });
        return next;
      },
    });
    const checkpoint = async (text: string): Promise<void> => void written.push(text);
    const outcome = await moduleRunner(task as never).run(contextWith({ resume: '{"next":4}', checkpoint }));
    expect(written).toEqual(['{"next":5}']);
    expect(outcome).toEqual({ kind: 'done', result: '5' });
  });

  it('that throws has failed, with its message on one printable line', async () => {
    const task = defineTask({
      name: 'bad',
      run: () => {
        throw new Error('line one\nline \u001b[31mtwo');
      },
    });
    const outcome = await moduleRunner(task).run(contextWith());
    expect(outcome).toEqual({ kind: 'failed', reason: 'line one line [31mtwo' });
  });

  it('that throws after it was asked to stop has not failed', async () => {
    const task = defineTask({ name: 'stopped', run: (context) => context.signal.throwIfAborted() });
    const outcome = await moduleRunner(task).run(contextWith({ signal: AbortSignal.abort() }));
    expect(outcome.kind).toBe('hand-back');
  });

  it('with a result that JSON cannot hold has failed', async () => {
    const outcome = await moduleRunner(defineTask({ name: 'big', run: () => 10n })).run(contextWith());
    expect(outcome.kind).toBe('failed');
  });

  it('is loaded from its file; a file without one is refused with what to write', async () => {
    const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));
    expect((await loadTaskFile(pathOf('../../examples/index-sources/task.ts'))).name).toBe('index-sources');
    await expect(loadTaskFile(pathOf('../../lib/fleet/ids.ts'))).rejects.toThrow('export default defineTask(');
  });
});
