/** The changes that a unified diff makes to one file. */
export interface FilePatch {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly hunks: readonly Hunk[];
}

interface Hunk {
  /** Line at which the old text begins, from 1. */
  readonly start: number;
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

const pathOf = (line: string): string =>
  line
    .slice(4)
    .split('\t')[0]!
    .replace(/^[ab]\//, '');

const readHunk = (lines: readonly string[], at: number): { readonly hunk: Hunk; readonly next: number } => {
  const [, start, beforeCount = '1', afterCount = '1'] = HUNK.exec(lines[at]!)!;
  const before: string[] = [];
  const after: string[] = [];
  let next = at + 1;
  while (before.length < Number(beforeCount) || after.length < Number(afterCount)) {
    const line = lines[next];
    if (line === undefined) throw new Error('The diff ends in the middle of a hunk.');
    next += 1;
    const text = line.slice(1);
    if (line.startsWith('-')) before.push(text);
    else if (line.startsWith('+')) after.push(text);
    else if (!line.startsWith('\\')) {
      before.push(text);
      after.push(text);
    }
  }
  return { hunk: { start: Number(start), before, after }, next };
};

/** Reads what `diff -u` and `git diff` write. Files that are made or deleted are refused: a bug changes what is there. */
export const parseUnifiedDiff = (text: string): readonly FilePatch[] => {
  const lines = text.split('\n');
  const patches: { file: string; hunks: Hunk[] }[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    if (line.startsWith('+++ ')) {
      const file = pathOf(line);
      if (file === '/dev/null') throw new Error('The diff deletes a file; a bug changes one that stays.');
      patches.push({ file, hunks: [] });
    }
    if (!HUNK.test(line)) {
      at += 1;
      continue;
    }
    const { hunk, next } = readHunk(lines, at);
    const current = patches.at(-1);
    if (current === undefined) throw new Error('The diff has a hunk before it names a file.');
    current.hunks.push(hunk);
    at = next;
  }
  if (patches.length === 0) throw new Error('There is no change in this diff.');
  return patches;
};

const standsAt = (lines: readonly string[], at: number, before: readonly string[]): boolean =>
  before.every((text, index) => lines[at + index]?.trimEnd() === text.trimEnd());

/** Where the hunk's old text stands, as near as possible to where the diff says. */
const placeOf = (lines: readonly string[], { start, before }: Hunk, shift: number): number => {
  const guess = Math.max(0, start - 1 + shift);
  for (let distance = 0; distance <= lines.length; distance += 1) {
    for (const at of [guess + distance, guess - distance]) if (at >= 0 && standsAt(lines, at, before)) return at;
  }
  return -1;
};

/** @throws when a hunk's old text does not stand in the source */
export const applyPatch = ({ file, hunks }: FilePatch, source: string): string => {
  const lines = source.split('\n');
  let shift = 0;
  for (const hunk of hunks) {
    const at = placeOf(lines, hunk, shift);
    if (at < 0) throw new Error(`The diff does not fit ${file} any more, at line ${hunk.start}.`);
    lines.splice(at, hunk.before.length, ...hunk.after);
    shift = at - (hunk.start - 1) + hunk.after.length - hunk.before.length;
  }
  return lines.join('\n');
};
