import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandRunner } from './support/command.ts';
import { runWorker } from './support/run-worker.ts';

const PIPELINE = fileURLToPath(new URL('../../examples/shell-pipeline/pipeline.sh', import.meta.url));

/** POSIX cksum of three texts, computed by its specification. */
const SUMS = ['3015617425 6 a.txt', '1576634217 6 b c.txt', '4294967295 0 empty'];

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'spothop-pipeline-'));
  writeFileSync(join(root, 'a.txt'), 'hello\n');
  writeFileSync(join(root, 'b c.txt'), 'world\n');
  writeFileSync(join(root, 'empty'), '');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const pipeline = (environment: Record<string, string> = {}) => commandRunner(`exec sh ${PIPELINE}`, environment);
const input = (...files: string[]) => ({ files, root });

describe('the shell pipeline', () => {
  it('prints the sums of all files, and its checkpoint is what it has so far', async () => {
    const run = runWorker(pipeline({ FILES_PER_CHECKPOINT: '20' }), { input: input('b c.txt', 'a.txt', 'empty') });
    expect(await run.outcome).toEqual({ kind: 'done', result: `${SUMS.toSorted().join('\n')}\n` });
    expect(run.checkpoints.at(-1)).toBe(`${[SUMS[1], SUMS[0], SUMS[2]].join('\n')}\n`);
  });

  it('goes on after the last line of the checkpoint', async () => {
    const run = runWorker(pipeline(), {
      input: input('never-read', 'a.txt'),
      resume: '1 2 never-read\n',
      attempt: 2,
    });
    expect(await run.outcome).toEqual({ kind: 'done', result: `1 2 never-read\n${SUMS[0]}\n` });
  });

  it('stores what it has and hands itself back when it is asked to stop, and is then finished by the next attempt', async () => {
    const files = Array.from({ length: 200 }, () => 'a.txt');
    const first = runWorker(pipeline({ FILES_PER_CHECKPOINT: '1' }), { input: input(...files) });
    await first.stored(1);
    first.stop();
    expect(await first.outcome).toMatchObject({ kind: 'hand-back' });
    const lines = first.checkpoints.at(-1)!.trimEnd().split('\n');
    expect(lines.length).toBeLessThan(200);
    const second = runWorker(pipeline(), { input: input(...files), attempt: 2, resume: first.checkpoints.at(-1) });
    expect(await second.outcome).toEqual({ kind: 'done', result: `${SUMS[0]}\n`.repeat(200) });
  });

  it('fails with the reason on its last line', async () => {
    const run = runWorker(pipeline(), { input: input('a.txt', 'no-such-file') });
    expect(await run.outcome).toEqual({ kind: 'failed', reason: 'exit code 1: cannot read no-such-file' });
  });
});
