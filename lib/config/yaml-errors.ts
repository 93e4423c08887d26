import type { Document, LineCounter, YAMLError } from 'yaml';
import { NESTING_MAX } from './bounds.ts';
import { errorAt } from './problem.ts';
import type { PlacedFinding, Position } from './yaml-document.ts';

/** One slip often breaks every line below it; more than this many say nothing new. */
const SYNTAX_ERRORS_SHOWN_MAX = 50;

const FIXES: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  TAB_AS_INDENT: 'indent with spaces',
  BAD_INDENT: 'line it up with its neighbours, two spaces a level',
  BLOCK_AS_IMPLICIT_KEY: 'put the second key on a line of its own, or quote text that holds ": "',
  MULTIPLE_DOCS: 'keep one document: remove the line `---` and what is after it',
  MISSING_CHAR: 'close the quote or bracket',
  BAD_SCALAR_START: 'put the text in quotes',
  BAD_ALIAS: 'write the value out',
  TAG_RESOLVE_FAILED: 'remove the tag, the word that begins with !',
  RESOURCE_EXHAUSTION: `nest at most ${NESTING_MAX} levels`,
};

/** The library speaks of its own stack; the user wants to know about the file. */
const reasonOf = (error: YAMLError): string => {
  if (error.code === 'RESOURCE_EXHAUSTION') return 'the file is nested too deep to be read';
  return `is not YAML here: ${error.message.split('\n')[0]!.slice(0, 200)}`;
};

export const positionOfOffset = (lines: LineCounter, offset: number): Position => {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
};

const toFinding = (error: YAMLError, lines: LineCounter): PlacedFinding => ({
  ...errorAt(
    [],
    reasonOf(error),
    FIXES[error.code] ?? 'correct the line; a string with special characters needs quotes',
  ),
  ...positionOfOffset(lines, error.pos[0]),
});

const isFirstOfItsLine = (finding: PlacedFinding, index: number, all: readonly PlacedFinding[]): boolean =>
  finding.line !== all[index - 1]?.line;

/** What the YAML parser refused, or could read only by guessing: the first on each line, as the rest only follows from it. */
export const readSyntaxErrors = (document: Document.Parsed, lines: LineCounter): readonly PlacedFinding[] =>
  [...document.errors, ...document.warnings]
    .map((error) => toFinding(error, lines))
    .sort((a, b) => a.line - b.line || a.column - b.column)
    .filter(isFirstOfItsLine)
    .slice(0, SYNTAX_ERRORS_SHOWN_MAX);
