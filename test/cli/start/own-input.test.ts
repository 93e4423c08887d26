import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DEFAULTS, type StartOptions } from '../../../lib/cli/start/options.ts';
import { demonstrationFault, readInput } from '../../../lib/cli/start/own-input.ts';
import { taskId } from '../../../lib/fleet/ids.ts';
import { defineTask } from '../../../lib/worker/define-task.ts';

const OPTIONS: StartOptions = { ...DEFAULTS, json: false, script: true };

const DOUBLE = defineTask({
  name: 'double',
  schema: z.object({ n: z.number() }),
  run: (_context, { n }) => n * 2,
}) as never;

let file: string;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-input-'));
  file = join(folder, 'tasks.ndjson');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (lines: readonly string[], options: Partial<StartOptions> = {}, tasks?: never) => {
  writeFileSync(file, lines.join('\n'));
  return readInput(file, { ...OPTIONS, ...options }, tasks, new AbortController().signal);
};

const idsOf = async (...given: Parameters<typeof read>) => {
  const found = await read(...given);
  if (!found.ok) throw new Error(found.problems.join('; '));
  return found.tasks.map((task) => task.taskId);
};

const problemsOf = async (...given: Parameters<typeof read>) => {
  const found = await read(...given);
  return found.ok ? [] : found.problems.map((problem) => problem.replace(`${folder}/`, ''));
};

describe('the input of a run', () => {
  it("has its ids from the bodies' digests, as spothop submit makes them", async () => {
    // The first half of `printf '{"n":1}' | sha256sum`.
    expect(await idsOf(['{"n":1}'])).toEqual(['body-2bfd14f43d17fc7cea24e0917a8879b4']);
  });

  it('has its ids from the place in the bodies that is named', async () => {
    expect(await idsOf(['{"order":{"id":"a-1"}}', '{"order":{"id":"a-2"}}'], { idPath: 'order.id' })).toEqual([
      'a-1',
      'a-2',
    ]);
  });

  it('takes a line that stands there twice as one task, and blank lines as none', async () => {
    expect(await idsOf(['{"n":1}', '', '{"n":2}', '{"n":1}'])).toHaveLength(2);
  });

  it('is refused with every line that the schema refuses, none of its values among the words (S2)', async () => {
    expect(await problemsOf(['{"n":1}', '{"n":"secret"}', 'no JSON', '{}'], {}, DOUBLE)).toEqual([
      "tasks.ndjson:2: n: Invalid input: expected number, received string; correct it, or the task's schema",
      'tasks.ndjson:3: is not JSON; write one JSON value, text in double quotes',
      "tasks.ndjson:4: n: Invalid input: expected number, received undefined; correct it, or the task's schema",
    ]);
  });

  it('is refused when two bodies have one id', async () => {
    expect(await problemsOf(['{"id":"a","n":1}', '{"id":"a","n":2}'], { idPath: 'id' })).toEqual([
      `tasks.ndjson:2: has the id of ${file}:1 and another body; give each task its own id`,
    ]);
  });

  it('is refused when it is empty, or more than one machine can play through', async () => {
    expect(await problemsOf([''])).toEqual(['--input tasks.ndjson has no task; write one JSON body a line']);
    const many = Array.from({ length: 20_001 }, (_, n) => `{"n":${n}}`);
    expect(await problemsOf(many)).toEqual([
      '--input tasks.ndjson has more than 20000 tasks, which is what one machine can play through',
    ]);
  });
});

describe("the demonstration's tasks", () => {
  it('are refused for a worker that takes none of them', async () => {
    const body = '{"files":["a.ts"]}';
    expect(await demonstrationFault(DOUBLE, [{ taskId: taskId('index-1'), body }])).toEqual([
      "--task takes none of the demonstration's tasks (n: Invalid input: expected number, received undefined); give it its own with --input FILE",
    ]);
    expect(await demonstrationFault(undefined, [{ taskId: taskId('index-1'), body }])).toEqual([]);
  });
});
