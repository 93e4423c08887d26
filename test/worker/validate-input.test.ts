import type { StandardSchemaV1 } from '@standard-schema/spec';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineTask } from '../../lib/worker/define-task.ts';
import { validateInput } from '../../lib/worker/validate-input.ts';

const taking = (schema: StandardSchemaV1) => defineTask({ name: 'taking', schema, run: () => undefined });

/** Answers the issues that other libraries would, in their words. */
const refusing = (...issues: StandardSchemaV1.Issue[]) =>
  taking({ '~standard': { version: 1, vendor: 'by hand', validate: () => ({ issues }) } });

const problemsOf = async (...[tasks, text]: Parameters<typeof validateInput>): Promise<readonly string[]> => {
  const checked = await validateInput(tasks, text);
  return checked.ok ? [] : checked.problems;
};

describe('a body is checked before anybody sends it', () => {
  it('a task without a schema takes everything, JSON or not', async () => {
    const task = defineTask({ name: 'any', run: () => undefined });
    expect(await validateInput(task, '{"a":1}')).toEqual({ ok: true });
    expect(await validateInput(task, 'not {json')).toEqual({ ok: true });
  });

  it('every problem is told with its path', async () => {
    const task = taking(z.object({ files: z.array(z.object({ name: z.string() })), count: z.number() }));
    expect(await validateInput(task, '{"files":[{"name":"a"}],"count":1}')).toEqual({ ok: true });
    expect(await problemsOf(task, '{"files":[{"name":"a"},{"name":7}]}')).toEqual([
      'files[1].name: Invalid input: expected string, received number',
      'count: Invalid input: expected number, received undefined',
    ]);
  });

  it('a problem of the whole body has no path', async () => {
    expect(await problemsOf(taking(z.object({})), '5')).toEqual(['Invalid input: expected object, received number']);
  });

  it('a schema that asks somebody else is waited for', async () => {
    const task = taking(z.string().refine(async (text) => text === 'known', { message: 'nobody knows it' }));
    expect(await validateInput(task, '"known"')).toEqual({ ok: true });
    expect(await problemsOf(task, '"other"')).toEqual(['nobody knows it']);
  });

  it('path segments may be objects, as the standard allows', async () => {
    const task = refusing({ message: 'wrong', path: [{ key: 'a' }, { key: 0 }, 'b'] });
    expect(await problemsOf(task, '{}')).toEqual(['a[0].b: wrong']);
  });

  it('more than ten problems are counted', async () => {
    const problems = await problemsOf(taking(z.array(z.string())), JSON.stringify(Array.from({ length: 25 }, () => 1)));
    expect(problems).toHaveLength(11);
    expect(problems.at(-1)).toBe('and 15 more');
  });
});

describe('no value of the body stands in a problem (S2)', () => {
  it.each([
    [
      'a quoted text',
      'Invalid type: Expected number but received "hunter2"',
      '{"a":"hunter2"}',
      'Expected number but received …',
    ],
    ['a short quoted text', "must be a number (was 'pw')", '{"a":"pw"}', 'must be a number (was …)'],
    ['a bare text', 'user@example.com is no customer', '{"a":"user@example.com"}', 'a: … is no customer'],
    ['a number', 'must be at most 10 (was 4711)', '{"a":4711}', 'must be at most 10 (was …)'],
    ['a negative fraction', 'must be positive (was -0.5)', '{"a":-0.5}', 'must be positive (was …)'],
    [
      'a value further in',
      'must be shorter (was {"card":"4242 4242","pin":1234})',
      '{"a":{"card":"4242 4242","pin":1234}}',
      '{"card":…,"pin":…}',
    ],
  ])('%s is left out', async (_what, message, body, words) => {
    const [problem] = await problemsOf(refusing({ message, path: ['a'] }), body);
    expect(problem).toContain(words);
    for (const secret of ['hunter2', 'pw', 'user@', '4711', '0.5', '4242', '1234'])
      expect(problem).not.toContain(secret);
  });

  it('what is expected stays, even where a digit of it was received', async () => {
    const [problem] = await problemsOf(refusing({ message: 'must be at least 10, got 1', path: ['a'] }), '{"a":1}');
    expect(problem).toBe('a: must be at least 10, got …');
  });

  it('a message about very many values is replaced', async () => {
    const body = JSON.stringify(Array.from({ length: 2_000 }, (_, index) => `secret-${index}`));
    const [problem] = await problemsOf(refusing({ message: `wrong: ${body}` }), body);
    expect(problem).toBe('is not what the schema asks for');
  });
});

describe('of several tasks in a file', () => {
  const one = defineTask({ name: 'one', schema: z.object({ n: z.number() }), run: () => undefined });
  const two = defineTask({ name: 'two', run: () => undefined });

  it('the body’s field `task` chooses, and the chosen one’s schema looks at it', async () => {
    expect(await validateInput([one, two], '{"task":"two","anything":true}')).toEqual({ ok: true });
    expect(await problemsOf([one, two], '{"task":"one","n":"x"}')).toEqual([
      'n: Invalid input: expected number, received string',
    ]);
  });

  it.each(['{"task":"hunter2"}', '{}', 'null', '"one"', 'one', '{"task":["one"]}'])(
    'none is chosen by %s, and the answer names those there are (C-10)',
    async (body) => {
      expect(await problemsOf([one, two], body)).toEqual([
        'its field `task` names none of the tasks of the file: "one", "two"',
      ]);
    },
  );

  it('a task alone in its file may use the field `task` for itself', async () => {
    expect(await validateInput(two, '{"task":"something of its own"}')).toEqual({ ok: true });
  });
});
