/**
 * IAM's patterns: `*` and `?`, and policy variables such as `${aws:userid}`
 * (docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html).
 *
 * A variable's value is literal: a wildcard inside it matches only itself. To keep the two apart, a compiled pattern
 * writes its own wildcards as two private characters.
 */

const ANY_TEXT = '\ue000';
const ANY_CHARACTER = '\ue001';

const VARIABLE = /\$\{([^}]*)\}/g;
const LITERAL_VARIABLES: Readonly<Record<string, string>> = { '*': '*', '?': '?', $: '$' };

/** The value of a context key when it has exactly one; a variable has no meaning for several. */
export type ReadVariable = (key: string) => string | undefined;

export interface PatternOptions {
  readonly wildcards: boolean;
  /** Absent where variables have no meaning: actions, principals, and documents of before 2012-10-17. */
  readonly readVariable?: ReadVariable;
}

const markWildcards = (text: string): string => text.replaceAll('*', ANY_TEXT).replaceAll('?', ANY_CHARACTER);

const variableValue = (inner: string, readVariable: ReadVariable): string | undefined => {
  const literal = LITERAL_VARIABLES[inner];
  if (literal !== undefined) return literal;
  const [key = '', fallback] = inner.split(/\s*,\s*'/);
  return readVariable(key.trim()) ?? fallback?.replace(/'\s*$/, '');
};

/** The pattern with its variables filled in; undefined when one has no value, which makes its statement match nothing. */
export const compilePattern = (pattern: string, options: PatternOptions): string | undefined => {
  const mark = options.wildcards ? markWildcards : (text: string) => text;
  const { readVariable } = options;
  if (readVariable === undefined || !pattern.includes('${')) return mark(pattern);
  let compiled = '';
  let after = 0;
  for (const match of pattern.matchAll(VARIABLE)) {
    const value = variableValue(match[1] ?? '', readVariable);
    if (value === undefined) return undefined;
    compiled += mark(pattern.slice(after, match.index)) + value;
    after = match.index + match[0].length;
  }
  return compiled + mark(pattern.slice(after));
};

/** Whether a compiled pattern matches a text whole. Linear in practice: it only ever returns to the last `*`. */
export const matchesPattern = (compiled: string, text: string): boolean => {
  let at = 0;
  let patternAt = 0;
  let starAt = -1;
  let starTextAt = 0;
  while (at < text.length) {
    const wanted = compiled[patternAt];
    if (wanted === ANY_TEXT) {
      starAt = patternAt;
      starTextAt = at;
      patternAt += 1;
    } else if (wanted !== undefined && (wanted === ANY_CHARACTER || wanted === text[at])) {
      patternAt += 1;
      at += 1;
    } else if (starAt >= 0) {
      patternAt = starAt + 1;
      starTextAt += 1;
      at = starTextAt;
    } else {
      return false;
    }
  }
  while (compiled[patternAt] === ANY_TEXT) patternAt += 1;
  return patternAt === compiled.length;
};

/** Actions ignore case and know no variables. */
export const matchesAction = (pattern: string, action: string): boolean =>
  matchesPattern(markWildcards(pattern.toLowerCase()), action.toLowerCase());
