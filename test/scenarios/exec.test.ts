import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../lib/cli/start/summary.ts';
import { runStart } from './support/run-start.ts';

/** Workers of the user's own, in the form of a program that reads JSON and writes JSON. */

/** Bounds a hang and nothing else: a busy machine takes several times as long as an idle one. */
const RUN_SECONDS_MAX = 600;

const WORKER = `
let input = '';
for await (const chunk of process.stdin) input += chunk;
const { files } = JSON.parse(input);
if (files.length === 0) throw new Error('nothing to do');
process.stdout.write(JSON.stringify({ files: files.length, attempt: Number(process.env.SPOTHOP_ATTEMPT) }));
`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-exec-'));
  writeFileSync(join(folder, 'worker.mjs'), WORKER);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const startWith = async (command: string, ...words: readonly string[]) => {
  const limits = ['--instances', '2', '--seconds', String(RUN_SECONDS_MAX / 2)];
  const run = await runStart(['--exec', command, ...limits, '--no-script', '--json', ...words]);
  return { ...run, summary: JSON.parse(run.stdout) as RunSummary };
};

describe("a worker of the user's own", () => {
  it(
    'gets each task as JSON on its standard input, and what it prints is committed once',
    async () => {
      const { code, summary } = await startWith(`node ${join(folder, 'worker.mjs')}`, '--tasks', '8');
      expect(summary.problems).toEqual([]);
      expect(code).toBe(0);
      expect(summary.tasks).toMatchObject({ submitted: 8, done: 8, dead: 0, lost: 0, doubleCommits: 0 });
      expect(summary.result).toEqual({
        verified: true,
        check: '8 of 8 tasks have one committed result, each matching its stored digest',
      });
    },
    RUN_SECONDS_MAX * 1_000,
  );

  it(
    'that always fails leaves dead tasks with its own reason, and the run says so',
    async () => {
      const { code, summary } = await startWith('echo no such frame >&2; exit 3', '--tasks', '3');
      expect(code).toBe(1);
      expect(summary.tasks).toMatchObject({ submitted: 3, done: 0, dead: 3, lost: 0, reclaims: 0, attempts: 9 });
      expect(summary.problems[0]).toBe(
        '3 tasks failed for good: exit code 3: no such frame (3 ×). They lie in the dead-letter queue',
      );
    },
    RUN_SECONDS_MAX * 1_000,
  );
});
