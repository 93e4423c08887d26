import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { indexFiles, mergeIndexes, type SourceIndex } from '../../examples/index-sources/index-files.ts';
import task, { type IndexSourcesCheckpoint } from '../../examples/index-sources/task.ts';
import type { TaskContext } from '../../lib/worker/define-task.ts';

const FILES: Readonly<Record<string, string>> = {
  'a.js': 'const Sum = (a, b) => a + b; // sum, größe\n',
  'lib/b.ts': 'export const constructor = "__proto__";\nconstructor;\n',
  'lib/c.ts': '',
  'd.md': 'one two Two $three three_3 3rd\n',
};
const NAMES = Object.keys(FILES);

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'spothop-index-'));
  mkdirSync(join(root, 'lib'));
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(root, name), text);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The task stores its checkpoints itself, so the other form is never asked for. */
const storing = (store: (value: IndexSourcesCheckpoint) => Promise<void>) =>
  store as TaskContext<IndexSourcesCheckpoint>['checkpoint'];

const contextWith = (
  changes: Partial<TaskContext<IndexSourcesCheckpoint>> = {},
): TaskContext<IndexSourcesCheckpoint> => ({
  taskId: 't',
  attempt: 1,
  signal: new AbortController().signal,
  notice: new AbortController().signal,
  deadline: undefined,
  resume: undefined,
  checkpoint: storing(async () => undefined),
  progress: () => undefined,
  commit: async () => undefined,
  ...changes,
});

describe('indexing sources', () => {
  it('counts identifiers in lower case, and says what was read', async () => {
    const index = await indexFiles(root, ['d.md']);
    expect(index.words).toEqual({ $three: 1, one: 1, rd: 1, three_3: 1, two: 2 });
    const sha256 = createHash('sha256').update(FILES['d.md']!).digest('hex');
    expect(index.files).toEqual({ 'd.md': { bytes: 31, sha256 } });
  });

  it('counts words that are names of an object’s own members like any other', async () => {
    const { words } = await indexFiles(root, ['lib/b.ts']);
    expect(Object.entries(words)).toEqual([
      ['__proto__', 1],
      ['const', 1],
      ['constructor', 2],
      ['export', 1],
    ]);
  });

  it('adds up to the same bytes however the files were divided and in whatever order they came', async () => {
    const whole = mergeIndexes([await indexFiles(root, NAMES)]);
    const parts: SourceIndex[] = [];
    for (const name of NAMES.toReversed()) parts.push(JSON.parse(JSON.stringify(await indexFiles(root, [name]))));
    expect(mergeIndexes(parts).equals(whole)).toBe(true);
  });

  it('has a checkpoint inside every task, and goes on from each of them to the same result', async () => {
    const whole = await indexFiles(root, NAMES);
    const checkpoints: IndexSourcesCheckpoint[] = [];
    const checkpoint = async (value: IndexSourcesCheckpoint): Promise<void> => void checkpoints.push(value);
    expect(await task.run(contextWith({ checkpoint: storing(checkpoint) }), { files: NAMES, root })).toEqual(whole);
    expect(checkpoints.map(({ nextIndex }) => nextIndex)).toEqual([2, 4]);
    for (const resume of checkpoints) {
      expect(await task.run(contextWith({ resume }), { files: NAMES, root })).toEqual(whole);
    }
  });

  it('has one even when a task is a single file', async () => {
    let count = 0;
    const checkpoint = async (): Promise<void> => {
      count += 1;
    };
    await task.run(contextWith({ checkpoint: storing(checkpoint) }), { files: ['a.js'], root });
    expect(count).toBe(1);
  });

  it('stops between files when it is asked to', async () => {
    const run = async () => task.run(contextWith({ signal: AbortSignal.abort() }), { files: NAMES, root });
    await expect(run()).rejects.toThrow();
  });

  it('writes one more checkpoint when it is asked to stop, however long it would have rested', async () => {
    const asked = new AbortController();
    const checkpoints: IndexSourcesCheckpoint[] = [];
    const checkpoint = async (value: IndexSourcesCheckpoint): Promise<void> => void checkpoints.push(value);
    const context = contextWith({ checkpoint: storing(checkpoint), signal: asked.signal });
    const running = task.run(context, { files: NAMES, root, restMs: 3_600_000 });
    asked.abort();
    await expect(running).rejects.toThrow();
    expect(checkpoints).toEqual([{ nextIndex: 1, index: await indexFiles(root, NAMES.slice(0, 1)) }]);
  });
});
