import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { firstFailingTest } from '../../bin/simulate/suites.ts';
import { plant } from '../../lib/simulator/bugs/bug.ts';
import { BUGS } from '../../lib/simulator/bugs/bugs.ts';
import { readBugsFolder } from '../../lib/simulator/bugs/bugs-folder.ts';
import { isPlayed, suitesOf } from '../../lib/simulator/bugs/suites.ts';
import { applyPatch, parseUnifiedDiff, pathsOf } from '../../lib/simulator/bugs/unified-diff.ts';

const read = (file: string): string => readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8');

describe('planted bugs', () => {
  it('are at least forty, each under its own name', () => {
    expect(BUGS.length).toBeGreaterThanOrEqual(40);
    expect(new Set(BUGS.map(({ name }) => name)).size).toBe(BUGS.length);
  });

  it.each(BUGS)('$name still fits the product', (bug) => {
    const source = read(bug.file);
    expect(plant(bug, source)).not.toBe(source);
  });

  it('that no longer fit say so', () => {
    expect(() => plant({ name: 'gone', file: 'a.ts', find: 'x', replace: 'y' }, 'abc')).toThrow('0 times');
  });
});

const DIFF = `diff --git a/lib/a.ts b/lib/a.ts
--- a/lib/a.ts
+++ b/lib/a.ts
@@ -2,3 +2,3 @@
 two
-three
+drei
 four
`;

describe('a unified diff', () => {
  it('is applied where its old text stands', () => {
    const [patch] = parseUnifiedDiff(DIFF);
    expect(pathsOf(patch!)).toContain('lib/a.ts');
    expect(applyPatch(patch!, 'one\ntwo\nthree\nfour\nfive')).toBe('one\ntwo\ndrei\nfour\nfive');
  });

  it('is applied although the text has moved', () => {
    const [patch] = parseUnifiedDiff(DIFF);
    expect(applyPatch(patch!, '0\n0\n0\none\ntwo\nthree\nfour')).toBe('0\n0\n0\none\ntwo\ndrei\nfour');
  });

  it('is read with other line ends, without prefixes, and with everything that git writes around it', () => {
    const written = DIFF.replaceAll('a/lib', 'lib').replaceAll('b/lib', 'lib').replaceAll('\n', '\r\n');
    const mailed = `From 1234\r\nSubject: a bug\r\n---\r\n 1 file changed\r\n\r\nindex 12..34 100644\r\n${written}-- \r\n2.40.0\r\n`;
    const [patch] = parseUnifiedDiff(mailed);
    expect(patch!.file).toBe('lib/a.ts');
    expect(applyPatch(patch!, 'one\ntwo\nthree\nfour')).toBe('one\ntwo\ndrei\nfour');
  });

  it('changes several places of several files', () => {
    const second = '@@ -9,2 +9,2 @@\n nine\n-ten\n+zehn\n';
    const other = '--- a/lib/b.ts\n+++ b/lib/b.ts\n@@ -1 +1,2 @@\n one\n+more\n';
    const patches = parseUnifiedDiff(`${DIFF}${second}${other}`);
    expect(patches.map(({ file, hunks }) => [file, hunks.length])).toEqual([
      ['b/lib/a.ts', 2],
      ['b/lib/b.ts', 1],
    ]);
    expect(applyPatch(patches[0]!, 'one\ntwo\nthree\nfour\nnine\nten')).toBe('one\ntwo\ndrei\nfour\nnine\nzehn');
    expect(applyPatch(patches[1]!, 'one\ntwo')).toBe('one\nmore\ntwo');
  });

  it('is applied although its header miscounts, its blanks differ, or a line around it has changed', () => {
    const [miscounted] = parseUnifiedDiff(DIFF.replace('-2,3 +2,3', '-2,9 +2,1'));
    expect(applyPatch(miscounted!, 'one\ntwo\nthree\nfour')).toBe('one\ntwo\ndrei\nfour');
    const [patch] = parseUnifiedDiff(DIFF);
    expect(applyPatch(patch!, 'one\n  two\n  three\n  four')).toBe('one\n  two\ndrei\n  four');
    expect(applyPatch(patch!, 'one\n2\nthree\nfour')).toBe('one\n2\ndrei\nfour');
  });

  it('that only adds lines puts them where it says', () => {
    const [patch] = parseUnifiedDiff('--- a/x.ts\n+++ b/x.ts\n@@ -1,0 +2,1 @@\n+new\n');
    expect(applyPatch(patch!, 'one\ntwo')).toBe('one\nnew\ntwo');
  });

  it('that makes or deletes a file is refused', () => {
    expect(() => parseUnifiedDiff('--- /dev/null\n+++ b/x.ts\n@@ -0,0 +1 @@\n+new\n')).toThrow('makes b/x.ts');
    expect(() => parseUnifiedDiff('--- a/x.ts\n+++ /dev/null\n@@ -1 +0,0 @@\n-old\n')).toThrow('deletes a/x.ts');
  });

  it('that fits nowhere is refused', () => {
    const [patch] = parseUnifiedDiff(DIFF);
    expect(() => applyPatch(patch!, 'something else')).toThrow(
      'does not fit b/lib/a.ts: "three", said to be near line 2, is not there',
    );
  });

  it('without a change is refused', () => {
    expect(() => parseUnifiedDiff('nothing')).toThrow('no change');
  });
});

describe('a folder of diffs', () => {
  it('is read whole: a diff that cannot be is named with the reason, and the others are planted', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bugs-'));
    try {
      const of = (file: string): string => DIFF.replaceAll('lib/a.ts', file);
      writeFileSync(join(folder, '1.diff'), of('lib/fleet/ids.ts'));
      writeFileSync(join(folder, '2.patch'), of('lib/no-such-file.ts'));
      writeFileSync(join(folder, '3.diff'), 'nothing');
      writeFileSync(join(folder, '4.diff'), of('lib/aws/tasks.ts'));
      writeFileSync(join(folder, '5.diff'), of('lib/telemetry/names.ts'));
      writeFileSync(join(folder, 'notes.txt'), 'not a diff');
      const found = await readBugsFolder(folder);
      expect(found.map(({ name }) => name)).toEqual(['1.diff', '2.patch', '3.diff', '4.diff', '5.diff']);
      expect(found[0]!.patches![0]!.file).toBe('lib/fleet/ids.ts');
      expect(found[1]!.problem).toContain('no file b/lib/no-such-file.ts');
      expect(found[2]!.problem).toContain('no change');
      expect(found[3]!.patches![0]!.file).toBe('lib/aws/tasks.ts');
      expect(found[4]!.problem).toContain('No simulation plays anything of lib/telemetry/names.ts');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('what no simulation plays', () => {
  it('has the tests that hold it to the models with which simulations play', () => {
    expect(isPlayed('lib/workflows/sweep.ts')).toBe(true);
    expect(suitesOf(['lib/workflows/sweep.ts'])).toEqual([]);
    expect(isPlayed('lib/aws/tasks.ts')).toBe(false);
    expect(suitesOf(['lib/aws/tasks.ts', 'lib/aws/queues.ts', 'lib/config/bounds.ts'])).toEqual([
      'test/contracts',
      'test/aws',
      'test/config',
    ]);
  });

  const UPDATES = 'lib/aws/task-updates.ts';
  const RETENTION = ['test/aws/task-retention.test.ts'];

  it('is changed in a copy, where the first test that fails is named', async () => {
    const before = read(UPDATES);
    const milliseconds = {
      file: UPDATES,
      to: (source: string) => source.replace('Math.ceil(finishedAt / 1_000)', 'finishedAt'),
    };
    expect(await firstFailingTest([milliseconds], RETENTION)).toMatch(
      /^test\/aws\/task-retention\.test\.ts › a finished row outlives every message/,
    );
    expect(read(UPDATES)).toBe(before);
  });

  it('is as good as before where all of them pass', async () => {
    const remarked = { file: UPDATES, to: (source: string) => `${source}// a remark\n` };
    expect(await firstFailingTest([remarked], RETENTION)).toBeUndefined();
  });

  it('is not tried with a change that does not fit', async () => {
    const unfitting = {
      file: UPDATES,
      to: (): string => {
        throw new Error('does not fit');
      },
    };
    await expect(firstFailingTest([unfitting], RETENTION)).rejects.toThrow('does not fit');
  });
});
