import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexFiles } from '../../examples/index-sources/index-files.ts';
import { StaleAttempt } from '../../lib/worker/errors.ts';
import { commandRunner, hasPython, inPython } from './support/command.ts';
import { runWorker } from './support/run-worker.ts';

const FOLDER = fileURLToPath(new URL('../../examples/python-worker/', import.meta.url));
const WORKER = join(FOLDER, 'worker.py');
const NAMES = ['a.js', 'lib/b.ts', 'lib/c.ts', 'd.md'];

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'spothop-python-'));
  mkdirSync(join(root, 'lib'));
  writeFileSync(join(root, 'a.js'), 'const Sum = (a, b) => a + b; // sum, größe\n');
  writeFileSync(join(root, 'lib/b.ts'), 'export const constructor = "__proto__";\n');
  writeFileSync(join(root, 'lib/c.ts'), '');
  writeFileSync(join(root, 'd.md'), 'one two Two $three three_3 3rd\n');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const worker = () => commandRunner(`exec python3 ${WORKER}`);

describe.runIf(hasPython)(inPython('the worker in Python'), () => {
  it('gives the same result as the one in TypeScript', async () => {
    const outcome = await runWorker(worker(), { input: { files: NAMES, root } }).outcome;
    expect(outcome.kind === 'done' && JSON.parse(outcome.result)).toEqual(await indexFiles(root, NAMES));
  });

  it('goes on from each of its checkpoints to the same result', async () => {
    const whole = runWorker(worker(), { input: { files: NAMES, root } });
    const outcome = await whole.outcome;
    expect(whole.checkpoints.map((text) => JSON.parse(text).nextIndex)).toEqual([2, 4]);
    for (const resume of whole.checkpoints) {
      const run = runWorker(worker(), { input: { files: NAMES, root }, resume, attempt: 2 });
      expect(await run.outcome).toEqual(outcome);
    }
  });

  it('stores what it has and hands itself back when it is asked to stop', async () => {
    const files = Array.from({ length: 30 }, () => 'a.js');
    const first = runWorker(worker(), {
      input: { files, root, restMs: 20 },
      onCheckpoint: () => first.stop(),
    });
    expect(await first.outcome).toMatchObject({ kind: 'hand-back' });
    const { nextIndex } = JSON.parse(first.checkpoints.at(-1)!);
    expect(nextIndex).toBeGreaterThanOrEqual(10);
    expect(nextIndex).toBeLessThan(30);
    const second = runWorker(worker(), { input: { files, root }, attempt: 2, resume: first.checkpoints.at(-1) });
    const outcome = await second.outcome;
    expect(outcome.kind === 'done' && JSON.parse(outcome.result).words.sum).toBe(60);
  });

  it('stops when another machine has the task', async () => {
    const run = runWorker(worker(), {
      input: { files: NAMES, root },
      onCheckpoint: () => {
        throw new StaleAttempt();
      },
    });
    expect(await run.outcome).toMatchObject({ kind: 'hand-back' });
    expect(run.checkpoints).toEqual([]);
  });

  it('fails with the reason on its last line', async () => {
    const run = runWorker(worker(), { input: { files: ['none'], root } });
    expect(await run.outcome).toMatchObject({ kind: 'failed', reason: expect.stringContaining('FileNotFoundError') });
  });

  it('runs on a laptop as well, without Spothop', async () => {
    const input = JSON.stringify({ files: NAMES, root });
    const { stdout, status } = spawnSync('python3', [WORKER], { input, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual(await indexFiles(root, NAMES));
  });
});

describe.runIf(hasPython)(inPython('the client file for Python'), () => {
  const python = (program: string) => commandRunner(`cd ${FOLDER} && exec python3 -c '${program}'`);

  it('tells the fence, the notice and what to go on from', async () => {
    const program = 'import json, spothop; print(json.dumps([spothop.fence(), spothop.notice(), spothop.resume(7)]))';
    const run = runWorker(python(program), { input: {}, attempt: 3, task: 'sum-1' });
    const outcome = await run.outcome;
    expect(outcome.kind === 'done' && JSON.parse(outcome.result)).toEqual([
      { spothop_task: 'sum-1', spothop_attempt: 3 },
      null,
      7,
    ]);
  });

  it('sees the notice while it runs', async () => {
    const program = `import time, spothop
spothop.checkpoint("begun")
while spothop.notice() is None: time.sleep(0.01)
print(spothop.notice()["deadline"], spothop.notice()["reason"])`;
    const run = runWorker(python(program), { input: {} });
    await run.stored(1);
    run.notice();
    expect(await run.outcome).toEqual({ kind: 'done', result: '2026-01-01T00:00:00.000Z spot-interruption\n' });
  });

  it('raises when a checkpoint is refused', async () => {
    const program = `import spothop
try: spothop.checkpoint("x" * 2_000_000)
except ValueError as error: print(error)`;
    const outcome = await runWorker(python(program), { input: {} }).outcome;
    expect(outcome).toMatchObject({ kind: 'done', result: expect.stringContaining('refused') });
  });
});
