/** The changes that a unified diff makes to one file. */
export interface FilePatch {
  /** As the diff names it: with or without `a/`, from the root of the repository or from further up. */
  readonly file: string;
  readonly hunks: readonly Hunk[];
}

interface HunkLine {
  readonly does: 'keep' | 'drop' | 'add';
  readonly text: string;
}

export interface Hunk {
  /** Line at which the old text begins, from 1; a guess, because sources move. */
  readonly start: number;
  readonly lines: readonly HunkLine[];
}

const HUNK = /^@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@/;

const DOES: Readonly<Record<string, HunkLine['does']>> = { ' ': 'keep', '-': 'drop', '+': 'add' };

const NOWHERE = '/dev/null';

const pathOf = (line: string): string => line.slice(4).split('\t')[0]!.trim();

const isHeader = (lines: readonly string[], at: number): boolean =>
  lines[at]!.startsWith('--- ') && lines[at + 1]?.startsWith('+++ ') === true;

/** Where mail programs sign off: no removed line. */
const isSignature = (line: string): boolean => line === '-- ' || line === '--';

/** Whether the hunk has as many lines as its header says. */
type Completeness = (read: readonly HunkLine[]) => boolean;

const completeness = (header: string): Completeness => {
  const [, , before = '1', after = '1'] = HUNK.exec(header) ?? [];
  return (read) =>
    read.filter(({ does }) => does !== 'add').length >= Number(before) &&
    read.filter(({ does }) => does !== 'drop').length >= Number(after);
};

/** Somebody who writes a diff by hand miscounts: what looks like a line of the hunk is one, whatever its header says. */
const isPartOf = (lines: readonly string[], at: number, isComplete: boolean): boolean => {
  const line = lines[at]!;
  if (isHeader(lines, at) || (isComplete && isSignature(line))) return false;
  // An empty line of context that lost its blank on the way.
  return line === '' ? !isComplete : DOES[line[0]!] !== undefined;
};

const isEmptyContext = (line: HunkLine | undefined): boolean => line?.does === 'keep' && line.text === '';

const readHunk = (lines: readonly string[], at: number): { readonly hunk: Hunk; readonly next: number } => {
  const [, start = '1'] = HUNK.exec(lines[at]!) ?? [];
  const isComplete = completeness(lines[at]!);
  const read: HunkLine[] = [];
  let next = at + 1;
  for (; next < lines.length; next += 1) {
    const line = lines[next]!;
    if (line.startsWith('\\')) continue;
    if (!isPartOf(lines, next, isComplete(read))) break;
    read.push({ does: DOES[line[0] ?? ' ']!, text: line.slice(1) });
  }
  while (!isComplete(read) && isEmptyContext(read.at(-1))) read.pop();
  return { hunk: { start: Number(start), lines: read }, next };
};

const nameOf = (oldName: string | undefined, newName: string): string => {
  if (newName === NOWHERE) throw new Error(`The diff deletes ${oldName}; a bug changes a file that stays.`);
  if (oldName === NOWHERE) throw new Error(`The diff makes ${newName}; a bug changes a file that is there.`);
  return newName;
};

/**
 * Reads what `diff -u` and `git diff` write, in any number of files and hunks, with any line ends.
 * @throws when there is no change in it, or when a file is made or deleted
 */
export const parseUnifiedDiff = (text: string): readonly FilePatch[] => {
  const lines = text.split(/\r?\n/);
  const patches = new Map<string, Hunk[]>();
  let current: Hunk[] | undefined;
  for (let at = 0; at < lines.length; ) {
    const line = lines[at]!;
    if (line.startsWith('+++ ')) {
      const before = lines[at - 1];
      const file = nameOf(before?.startsWith('--- ') ? pathOf(before) : undefined, pathOf(line));
      current = patches.get(file) ?? [];
      patches.set(file, current);
    }
    if (!line.startsWith('@@')) {
      at += 1;
      continue;
    }
    if (current === undefined) throw new Error('The diff has a hunk before it names a file.');
    const { hunk, next } = readHunk(lines, at);
    current.push(hunk);
    at = next;
  }
  const changed = [...patches].map(([file, hunks]) => ({ file, hunks }));
  if (changed.every(({ hunks }) => hunks.every(({ lines: read }) => read.every(({ does }) => does === 'keep')))) {
    throw new Error('There is no change in this diff.');
  }
  return changed;
};

/** `git diff` writes `a/` and `b/` before each path, and others whatever their folder was called. */
export const pathsOf = ({ file }: Pick<FilePatch, 'file'>): readonly string[] => {
  const parts = file.replaceAll('\\', '/').split('/');
  return parts.map((_, index) => parts.slice(index).join('/')).filter((path) => path !== '');
};

type Same = (one: string, other: string) => boolean;

const isSameButEnd: Same = (one, other) => one.trimEnd() === other.trimEnd();

const squeezed = (text: string): string => text.trim().replaceAll(/\s+/g, ' ');

const isSameButBlanks: Same = (one, other) => squeezed(one) === squeezed(other);

/** As near as possible to where the diff says. */
const placeOf = (lines: readonly string[], before: readonly string[], guess: number, isSame: Same): number => {
  const stands = (at: number): boolean =>
    before.every((text, index) => lines[at + index] !== undefined && isSame(lines[at + index]!, text));
  for (let distance = 0; distance <= lines.length; distance += 1) {
    for (const at of [guess + distance, guess - distance]) if (at >= 0 && stands(at)) return at;
  }
  return -1;
};

/** Lines of context that may differ at either end of a hunk, as in `patch`. */
const FUZZ_MAX = 2;

/** The hunk without so many lines of context at its ends. */
const withFuzz = ({ start, lines }: Hunk, fuzz: number): Hunk => {
  const first = lines.findIndex(({ does }) => does !== 'keep');
  const last = lines.findLastIndex(({ does }) => does !== 'keep');
  const head = Math.min(fuzz, first);
  const tail = Math.min(fuzz, lines.length - 1 - last);
  return { start: start + head, lines: lines.slice(head, lines.length - tail) };
};

interface Place {
  readonly hunk: Hunk;
  readonly at: number;
}

const beforeOf = ({ lines }: Hunk): string[] => lines.filter(({ does }) => does !== 'add').map(({ text }) => text);

/** Exactly first, then without regard to blanks, then with less and less of the context. */
const findPlace = (lines: readonly string[], asked: Hunk, shift: number): Place | undefined => {
  for (let fuzz = 0; fuzz <= FUZZ_MAX; fuzz += 1) {
    const hunk = withFuzz(asked, fuzz);
    const before = beforeOf(hunk);
    // Nothing to look for: the text goes in after the line that is named.
    if (before.length === 0) return fuzz > 0 ? undefined : { hunk, at: Math.min(lines.length, hunk.start + shift) };
    const guess = Math.max(0, hunk.start - 1 + shift);
    for (const isSame of [isSameButEnd, isSameButBlanks]) {
      const at = placeOf(lines, before, guess, isSame);
      if (at >= 0) return { hunk, at };
    }
  }
  return undefined;
};

/** Lines of context stay as they are in the source. */
const replaced = (lines: readonly string[], { hunk, at }: Place): readonly string[] => {
  let next = at;
  return hunk.lines.flatMap(({ does, text }) => {
    if (does === 'add') return [text];
    const kept = lines[next];
    next += 1;
    return does === 'keep' ? [kept!] : [];
  });
};

const didNotFit = (file: string, { start, lines }: Hunk): Error => {
  const removed = lines.find(({ does }) => does === 'drop')?.text.trim();
  const what = removed === undefined ? 'its context' : JSON.stringify(removed);
  return new Error(`The diff does not fit ${file}: ${what}, said to be near line ${start}, is not there.`);
};

/** @throws when a hunk's old text does not stand in the source */
export const applyPatch = ({ file, hunks }: FilePatch, source: string): string => {
  const lines = source.split('\n');
  let shift = 0;
  for (const hunk of hunks) {
    const place = findPlace(lines, hunk, shift);
    if (place === undefined) throw didNotFit(file, hunk);
    const after = replaced(lines, place);
    const before = beforeOf(place.hunk).length;
    lines.splice(place.at, before, ...after);
    shift = place.at - (place.hunk.start - 1) + after.length - before;
  }
  return lines.join('\n');
};
