import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';
import { defineTask, runBatch, type TaskContext, type TaskDefinition, type Tasks } from '../../lib/worker/index.ts';

/** A schema of no library: what the standard asks for and not more. */
const evenNumber: StandardSchemaV1<unknown, number> = {
  '~standard': {
    version: 1,
    vendor: 'by hand',
    validate: (value) =>
      typeof value === 'number' && value % 2 === 0 ? { value } : { issues: [{ message: 'not an even number' }] },
  },
};

describe('the types of a task', () => {
  it('its input is what its schema lets through', () => {
    const task = defineTask({
      name: 'resize',
      schema: z.object({ from: z.string(), width: z.coerce.number().default(640) }),
      run: (context, input) => {
        expectTypeOf(input).toEqualTypeOf<{ from: string; width: number }>();
        expectTypeOf(context.attempt).toBeNumber();
        expectTypeOf(context.notice).toEqualTypeOf<AbortSignal>();
        expectTypeOf(context.deadline).toEqualTypeOf<number | undefined>();
        return { written: input.from };
      },
    });
    expectTypeOf(task.run).parameter(1).toEqualTypeOf<{ from: string; width: number }>();
    expectTypeOf<Awaited<ReturnType<typeof task.run>>>().toEqualTypeOf<{ written: string }>();
  });

  it('any Standard Schema does, not only that of one library', () => {
    defineTask({
      name: 'half',
      schema: evenNumber,
      run: (_context, input) => {
        expectTypeOf(input).toBeNumber();
        return input / 2;
      },
    });
  });

  it('an input annotated otherwise than the schema says does not compile', () => {
    // @ts-expect-error the schema gives a number
    defineTask({ name: 'wrong', schema: evenNumber, run: (_context, input: string) => input });
  });

  it('without a schema the annotation of the input is believed', () => {
    const task = defineTask({ name: 'sum', run: (_context, input: { numbers: number[] }) => input.numbers.length });
    expectTypeOf(task.run).parameter(1).toEqualTypeOf<{ numbers: number[] }>();
    defineTask({ name: 'any', run: (_context, input) => expectTypeOf(input).toBeUnknown() });
  });

  it('what is stored as a checkpoint is what is found in resume', () => {
    defineTask({
      name: 'pages',
      schema: evenNumber,
      run: async (context: TaskContext<{ page: number }>, input) => {
        expectTypeOf(input).toBeNumber();
        expectTypeOf(context.resume).toEqualTypeOf<{ page: number } | undefined>();
        expectTypeOf(context.checkpoint({ page: 1 })).toEqualTypeOf<Promise<void>>();
        expectTypeOf(context.checkpoint(() => ({ page: 1 }), 30)).toEqualTypeOf<void>();
        // @ts-expect-error another shape than the checkpoint's
        await context.checkpoint({ pages: 1 });
        // @ts-expect-error a function needs its interval
        void context.checkpoint(() => ({ page: 1 }));
      },
    });
  });

  it('all three types can be given by name', () => {
    const task = defineTask<{ n: number }, string, { at: number }>({ name: 'named', run: (_context, { n }) => `${n}` });
    expectTypeOf(task).toEqualTypeOf<TaskDefinition<{ n: number }, string, { at: number }>>();
  });

  it('tasks of different types fit into one file', () => {
    const one = defineTask({ name: 'one', schema: evenNumber, run: (_context, input) => input });
    const two = defineTask({ name: 'two', run: async (context: TaskContext<string>) => context.checkpoint('x') });
    expectTypeOf([one, two]).toExtend<Tasks>();
    expectTypeOf(one).toExtend<Tasks>();
  });

  it('a batch hands each record and the carry on with their types, in any task', () => {
    defineTask({
      name: 'batch',
      run: async (context) => {
        const plain = await runBatch(context, ['a', 'b'], (record, { index, carry }) => {
          expectTypeOf(record).toBeString();
          expectTypeOf(index).toBeNumber();
          expectTypeOf(carry).toBeUndefined();
        });
        expectTypeOf(plain).toEqualTypeOf<{ readonly count: number; readonly carry: undefined }>();
        const sum = await runBatch(context, 10, (record, { carry }) => carry + record, { initial: 0 });
        expectTypeOf(sum.carry).toBeNumber();
        // @ts-expect-error with an initial carry every record returns the next one
        await runBatch(context, 10, () => 'no number', { initial: 0 });
      },
    });
  });
});

describe('a definition', () => {
  const run = () => undefined;

  it('is handed back as it is', () => {
    const definition = { name: 'plain', description: 'does nothing', tags: ['test'], failuresMax: 1, run };
    expect(defineTask(definition)).toBe(definition);
  });

  it.each([
    ['without a name', { name: ' ', run }, '`name` is missing'],
    ['without run', { name: 'a' }, '`run` is missing'],
    ['with a schema that is none', { name: 'a', run, schema: {} }, '`schema` is not a Standard Schema'],
    ['that may fail no time', { name: 'a', run, failuresMax: 0 }, '`failuresMax` is not a whole number of at least 1'],
    [
      'that waits a day',
      { name: 'a', run, retryDelaySeconds: 86_400 },
      '`retryDelaySeconds` is not a number from 0 to 43200',
    ],
  ])('%s is refused with what to write', (_what, definition, words) => {
    expect(() => defineTask(definition as never)).toThrow(words);
  });

  it('with several mistakes names all of them', () => {
    expect(() => defineTask({ failuresMax: 1.5 } as never)).toThrow(/`name`.*`run`.*`failuresMax`/);
  });
});
