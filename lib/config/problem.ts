/** The keys and list positions that lead from the top of the fleet file to one value. */
export type Path = readonly (string | number)[];

/** Something wrong with the fleet file, found by its meaning alone: where in the text it stands is added later. */
export interface Finding {
  /** An error stops the deployment; a warning is shown and nothing else. */
  readonly severity: 'error' | 'warning';
  readonly path: Path;
  readonly reason: string;
  readonly fix: string;
}

/** A finding with its place in the text. Lines and columns count from 1, as editors do. */
export interface Problem {
  readonly line: number;
  readonly column: number;
  /** `fleets.index.zones[1]`; empty for the document as a whole. */
  readonly path: string;
  readonly reason: string;
  readonly fix: string;
}

const findingOf =
  (severity: Finding['severity']) =>
  (path: Path, reason: string, fix: string): Finding => ({ severity, path, reason, fix });

export const errorAt = findingOf('error');
export const warningAt = findingOf('warning');

const SHOWN_CHARACTERS_MAX = 60;
/** Control, format (direction marks among them) and separator characters. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const PLAIN_KEY = /^[\w.:/@-]+$/;

const shorten = (text: string): string =>
  text.length <= SHOWN_CHARACTERS_MAX ? text : `${text.slice(0, SHOWN_CHARACTERS_MAX - 1)}…`;

/** Text from the file, escaped and bounded, so that it cannot forge a line on a terminal. */
export const quoted = (text: string): string =>
  shorten(JSON.stringify(text.slice(0, SHOWN_CHARACTERS_MAX)).replace(UNPRINTABLE, '?'));

/** A value from the file, as a person would name it. */
export const described = (value: unknown): string => {
  if (value === undefined || value === null) return 'nothing';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value !== 'object') return String(value);
  return Object.keys(value).length === 0 ? 'an empty set of keys' : 'a set of keys';
};

const pathStep = (step: string | number): string => {
  if (typeof step === 'number') return `[${step}]`;
  return PLAIN_KEY.test(step) ? `.${shorten(step)}` : `.${quoted(step)}`;
};

export const pathText = (path: Path): string => path.map(pathStep).join('').replace(/^\./, '');

const byPlace = (a: Problem, b: Problem): number =>
  a.line - b.line || a.column - b.column || (a.path < b.path ? -1 : Number(a.path > b.path));

export const sortProblems = (problems: readonly Problem[]): readonly Problem[] => [...problems].sort(byPlace);

/** One problem a line: `spothop.yml:12:5  fleets.index.capacity.min: is missing; …; fix: …`. */
export const formatProblems = (file: string, problems: readonly Problem[]): string =>
  sortProblems(problems)
    .map(
      ({ line, column, path, reason, fix }) =>
        `${file}:${line}:${column}  ${path && `${path}: `}${reason}; fix: ${fix}`,
    )
    .join('\n');
