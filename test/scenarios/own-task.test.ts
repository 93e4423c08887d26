import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../lib/cli/start/summary.ts';
import { runStart } from './support/run-start.ts';

/** A task file of the user's own, somewhere on the disk, on tasks of the user's own. */

/** Bounds a hang and nothing else: a busy machine takes several times as long as an idle one. */
const RUN_SECONDS_MAX = 600;

const TASK = `
import { defineTask } from 'spothop';
import { z } from 'zod';
import { twice } from './parts/twice.ts';

export default defineTask({
  name: 'double',
  schema: z.object({ order: z.object({ id: z.string(), n: z.number() }) }),
  failuresMax: 1,
  run(context, { order }) {
    if (order.n === 3) throw new Error('three is out');
    return { twice: twice(order.n), attempt: context.attempt };
  },
});
`;

let folder: string;
let summary: RunSummary;
let code: number | null;
let lines: readonly Record<string, unknown>[];

const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spothop own '));
  mkdirSync(file('parts'));
  writeFileSync(file('parts/twice.ts'), 'export const twice = (n: number): number => 2 * n;\n');
  writeFileSync(file('task.ts'), TASK);
  const orders = Array.from({ length: 8 }, (_, n) => JSON.stringify({ order: { id: `order-${n}`, n } }));
  writeFileSync(file('orders.ndjson'), orders.join('\n'));
  const words = ['--task', file('task.ts'), '--input', file('orders.ndjson'), '--results', file('results.ndjson')];
  const run = await runStart([
    ...words,
    '--id-path',
    'order.id',
    '--concurrency',
    '3',
    '--instances',
    '1',
    '--seconds',
    String(RUN_SECONDS_MAX / 2),
    '--no-script',
    '--json',
  ]);
  summary = JSON.parse(run.stdout) as RunSummary;
  code = run.code;
  lines = readFileSync(file('results.ndjson'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}, RUN_SECONDS_MAX * 1_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("a task file of the user's own", () => {
  it('runs on machines with what it imports, wherever it lies', () => {
    expect(summary.tasks).toMatchObject({ submitted: 8, done: 7, dead: 1, lost: 0, doubleCommits: 0 });
    expect(summary.result).toEqual({
      verified: true,
      check: '8 of 8 tasks have one end (done 7, dead 1, cancelled 0); 7 results match their stored digests',
    });
  });

  it('has the result of each task in a file, in the order of the input', () => {
    expect(summary.results).toBe(file('results.ndjson'));
    expect(lines.map((line) => line['taskId'])).toEqual(Array.from({ length: 8 }, (_, n) => `order-${n}`));
    expect(lines[2]).toEqual({
      taskId: 'order-2',
      status: 'done',
      result: { twice: 4, attempt: 1 },
      attempts: 1,
      reclaims: 0,
    });
  });

  it('is told of each task that is dead, by its exit code too', () => {
    expect(lines[3]).toEqual({ taskId: 'order-3', status: 'dead', reason: 'three is out', attempts: 1, reclaims: 0 });
    expect(code).toBe(1);
    expect(summary.problems).toEqual([
      'One task failed for good: three is out (1 ×). It lies in the dead-letter queue: order-3 (line 4)',
    ]);
  });

  it('is refused before anything starts when the input does not fit its schema', async () => {
    writeFileSync(file('bad.ndjson'), '{"order":{"id":"a","n":"1"}}\n');
    const run = await runStart(['--task', file('task.ts'), '--input', file('bad.ndjson')]);
    expect({ code: run.code, stdout: run.stdout }).toEqual({ code: 2, stdout: '' });
    expect(run.stderr).toContain('bad.ndjson:1: order.n: Invalid input: expected number, received string');
  });
});
