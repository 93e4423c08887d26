import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { halveImage } from '../../examples/resize-images/halve-image.ts';
import type { TaskRunner } from '../../lib/agent/runner.ts';
import { hostedRunner } from './support/hosted.ts';
import { runWorker } from './support/run-worker.ts';

const TASK = fileURLToPath(new URL('../../examples/resize-images/task.ts', import.meta.url));

/** Two pixels high, four wide: each half one mean. */
const PICTURE = Buffer.concat([
  Buffer.from('P6\n4 2\n255\n'),
  Buffer.from([0, 0, 0, 4, 4, 4, 100, 0, 0, 100, 0, 0]),
  Buffer.from([8, 8, 8, 12, 12, 12, 200, 0, 0, 200, 0, 0]),
]);
const HALVED = Buffer.concat([Buffer.from('P6 2 1 255\n'), Buffer.from([6, 6, 6, 150, 0, 0])]);

let folder: string;
let runner: TaskRunner;
let images: string[];
let to: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-resize-'));
  to = join(folder, 'small');
  mkdirSync(to);
  images = ['a.ppm', 'b.ppm', 'c.ppm'].map((name) => join(folder, name));
  for (const image of images) writeFileSync(image, PICTURE);
  runner = await hostedRunner(TASK);
});
afterAll(async () => {
  await runner.close?.();
  rmSync(folder, { recursive: true, force: true });
});

describe('halving a picture', () => {
  it('takes the mean of four pixels for each', () => {
    expect(halveImage(PICTURE)).toEqual(HALVED);
  });

  it.each([
    ['another kind of picture', Buffer.from('P5 4 2 255\n'), /not a binary portable pixmap/],
    ['a picture that was cut off', PICTURE.subarray(0, -1), /ends too early/],
  ])('refuses %s', (_name, picture, words) => {
    expect(() => halveImage(picture)).toThrow(words);
  });
});

describe('the resizing task', () => {
  it('makes every copy, and says how far it is', async () => {
    const run = runWorker(runner, { input: { images, to } });
    expect(await run.outcome).toEqual({ kind: 'done', result: '{"resized":3}' });
    expect(run.checkpoints).toEqual(['{"nextIndex":1}', '{"nextIndex":2}', '{"nextIndex":3}']);
    expect(run.shares).toEqual([1 / 3, 2 / 3, 1]);
    expect(readFileSync(join(to, 'c.ppm'))).toEqual(HALVED);
  });

  it('goes on after the last picture that an earlier attempt made', async () => {
    rmSync(join(to, 'a.ppm'), { force: true });
    const run = runWorker(runner, { input: { images, to }, resume: '{"nextIndex":1}', attempt: 2 });
    expect(await run.outcome).toMatchObject({ kind: 'done' });
    expect(run.checkpoints).toEqual(['{"nextIndex":2}', '{"nextIndex":3}']);
    expect(() => readFileSync(join(to, 'a.ppm'))).toThrow();
  });

  it('is handed back between two pictures when it is asked to stop', async () => {
    const run = runWorker(runner, { input: { images, to }, onCheckpoint: () => run.stop() });
    expect(await run.outcome).toEqual({ kind: 'hand-back', reason: 'it stopped when asked to' });
    expect(run.checkpoints).toEqual(['{"nextIndex":1}']);
  });

  it('is dead at once for an input that it can never work on, with none of it in the reason', async () => {
    const run = runWorker(runner, { input: { images: 'secret', to } });
    const outcome = await run.outcome;
    expect(outcome).toMatchObject({ kind: 'failed', isFinal: true });
    expect(JSON.stringify(outcome)).toContain('images');
    expect(JSON.stringify(outcome)).not.toContain('secret');
  });
});
