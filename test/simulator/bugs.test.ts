import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { plant } from '../../lib/simulator/bugs/bug.ts';
import { BUGS } from '../../lib/simulator/bugs/bugs.ts';
import { applyPatch, parseUnifiedDiff } from '../../lib/simulator/bugs/unified-diff.ts';

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
    expect(patch!.file).toBe('lib/a.ts');
    expect(applyPatch(patch!, 'one\ntwo\nthree\nfour\nfive')).toBe('one\ntwo\ndrei\nfour\nfive');
  });

  it('is applied although the text has moved', () => {
    const [patch] = parseUnifiedDiff(DIFF);
    expect(applyPatch(patch!, '0\n0\n0\none\ntwo\nthree\nfour')).toBe('0\n0\n0\none\ntwo\ndrei\nfour');
  });

  it('that fits nowhere is refused', () => {
    const [patch] = parseUnifiedDiff(DIFF);
    expect(() => applyPatch(patch!, 'something else')).toThrow('does not fit lib/a.ts');
  });

  it('without a change is refused', () => {
    expect(() => parseUnifiedDiff('nothing')).toThrow('no change');
  });
});
