import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
} from 'yaml';
import { FILE_CHARACTERS_MAX, NESTING_MAX, VALUES_MAX } from './bounds.ts';
import { errorAt, type Finding, type Path, quoted } from './problem.ts';
import { positionOfOffset, readSyntaxErrors } from './yaml-errors.ts';

export interface Position {
  readonly line: number;
  readonly column: number;
}

export type PlacedFinding = Finding & Position;

/** The plain values of a YAML text, and where each was written. */
export interface YamlDocument {
  readonly data: unknown;
  /** The key or list item that the path names; for one that is not there, the nearest above it that is. */
  readonly positionOf: (path: Path) => Position;
  /** What is wrong with the text as YAML. With `isReadable` false the values mean nothing. */
  readonly findings: readonly PlacedFinding[];
  readonly isReadable: boolean;
}

const TOP: Position = { line: 1, column: 1 };

const placeKey = (path: Path): string => JSON.stringify(path);

/** Ends a walk that a small text made endless. */
class TooMuch extends Error {}

/**
 * Turns nodes into plain values and notes where each one stands. Aliases are followed here and not by the library, so
 * that one budget covers all they expand to. Objects have no prototype: a key called `constructor` is only a key.
 */
class Walk {
  readonly places = new Map<string, number>();
  readonly errors: { path: Path; offset: number; finding: Finding }[] = [];
  readonly #anchors = new Map<string, unknown>();
  #values = 0;

  value(node: unknown, path: Path, offset: number, isAliased = false): unknown {
    this.#values += 1;
    if (this.#values > VALUES_MAX) throw new TooMuch(`holds more than ${VALUES_MAX} values`);
    if (path.length > NESTING_MAX) throw new TooMuch(`is nested deeper than ${NESTING_MAX} levels`);
    this.places.set(placeKey(path), offset);
    if (isAlias(node)) return this.#aliased(node.source, path, offset);
    if (!isAliased && (isScalar(node) || isCollection(node)) && node.anchor) this.#anchors.set(node.anchor, node);
    if (isMap(node)) return this.#map(node.items, path, offset, isAliased);
    if (isSeq(node)) return this.#list(node.items, path, offset, isAliased);
    return isScalar(node) ? node.value : null;
  }

  #aliased(anchor: string, path: Path, offset: number): unknown {
    const target = this.#anchors.get(anchor);
    if (target !== undefined) return this.value(target, path, offset, true);
    this.#report(
      path,
      offset,
      `refers to ${quoted(anchor)}, which nothing above it is called`,
      `put &${anchor} on a value above`,
    );
    return undefined;
  }

  #list(items: readonly unknown[], path: Path, offset: number, isAliased: boolean): unknown[] {
    return items.map((item, index) => this.value(item, [...path, index], offsetOf(item, offset), isAliased));
  }

  #map(pairs: readonly Pair[], path: Path, offset: number, isAliased: boolean): object {
    const map: Record<string, unknown> = Object.create(null);
    for (const pair of pairs) this.#pair(map, pair, path, offset, isAliased);
    return map;
  }

  #pair(map: Record<string, unknown>, pair: Pair, path: Path, mapOffset: number, isAliased: boolean): void {
    const offset = offsetOf(pair.key, mapOffset);
    if (!isScalar(pair.key) || typeof pair.key.value === 'object') {
      this.#report(path, offset, 'has a key that is not a word', 'write `key: value` with a plain word as the key');
      return;
    }
    const key = String(pair.key.value);
    const here = [...path, key];
    if (key in map) {
      this.#report(here, offset, 'is written twice', 'keep one of the two');
      return;
    }
    map[key] = this.value(pair.value, here, offset, isAliased);
  }

  #report(path: Path, offset: number, reason: string, fix: string): void {
    this.errors.push({ path, offset, finding: errorAt(path, reason, fix) });
  }
}

const offsetOf = (node: unknown, otherwise: number): number =>
  (isScalar(node) || isCollection(node) || isAlias(node) ? node.range?.[0] : undefined) ?? otherwise;

const unreadable = (findings: readonly PlacedFinding[]): YamlDocument => ({
  data: undefined,
  positionOf: () => TOP,
  findings,
  isReadable: false,
});

const atTop = (reason: string, fix: string): PlacedFinding => ({ ...errorAt([], reason, fix), ...TOP });

const walkDocument = (document: Document.Parsed, lines: LineCounter): YamlDocument => {
  const walk = new Walk();
  const data = walk.value(document.contents, [], 0);
  const positionOf = (path: Path): Position => {
    for (let length = path.length; length > 0; length -= 1) {
      const offset = walk.places.get(placeKey(path.slice(0, length)));
      if (offset !== undefined) return positionOfOffset(lines, offset);
    }
    return TOP;
  };
  const findings = walk.errors.map(({ finding, offset }) => ({ ...finding, ...positionOfOffset(lines, offset) }));
  return { data, positionOf, findings, isReadable: true };
};

/** Reads one YAML 1.2 document. Never throws, whatever the text: size, nesting and aliases are bounded. */
export const readYaml = (text: string): YamlDocument => {
  if (text.length > FILE_CHARACTERS_MAX) {
    const reason = `the file is ${text.length} characters long; at most ${FILE_CHARACTERS_MAX} are read`;
    return unreadable([atTop(reason, 'keep fleets only in this file, and move long commands into scripts')]);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: 'error',
  });
  const syntax = readSyntaxErrors(document, lines);
  if (syntax.length > 0) return unreadable(syntax);
  try {
    return walkDocument(document, lines);
  } catch (error) {
    if (!(error instanceof TooMuch)) throw error;
    return unreadable([
      atTop(`the file ${error.message}`, 'write the fleets out plainly, without aliases that multiply'),
    ]);
  }
};
