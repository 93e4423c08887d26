/** DynamoDB's expressions as they are written: paths and placeholders, with what they stand for left to whoever reads. */

export type UpdateClause =
  | { readonly does: 'set'; readonly path: string; readonly value: string; readonly isFirstOnly: boolean }
  | { readonly does: 'grow'; readonly path: string; readonly by: string }
  | { readonly does: 'remove'; readonly path: string };

export type ConditionClause =
  | { readonly asks: 'one-of'; readonly path: string; readonly values: readonly string[] }
  | { readonly asks: 'absent' | 'exists'; readonly path: string }
  | { readonly asks: 'below' | 'absent-or'; readonly path: string; readonly value: string };

/** A program writes the same few texts over and over; what stands in them changes with names and values alone. */
const TEXTS_KEPT_MAX = 2_000;

const remembered = <Parsed>(parse: (text: string) => Parsed): ((text: string) => Parsed) => {
  const known = new Map<string, Parsed>();
  return (text) => {
    if (known.has(text)) return known.get(text)!;
    const parsed = parse(text);
    if (known.size < TEXTS_KEPT_MAX) known.set(text, parsed);
    return parsed;
  };
};

const PATH = '[#\\w-]+(?:\\.[#\\w-]+)*';
const GROWTH = new RegExp(`^(${PATH}) = (${PATH}) \\+ (:\\w+)$`);
const FIRST = new RegExp(`^(${PATH}) = if_not_exists\\(\\s*(${PATH})\\s*,\\s*(:\\w+)\\s*\\)$`);
const PLAIN = new RegExp(`^(${PATH}) = (:\\w+)$`);

/** Commas inside brackets part no clauses. */
const clausesOf = (text: string): string[] =>
  text
    .split(/,(?![^(]*\))/)
    .map((clause) => clause.trim())
    .filter((clause) => clause !== '');

const setClause = (clause: string): UpdateClause | undefined => {
  const grown = GROWTH.exec(clause);
  if (grown !== null && grown[1] === grown[2]) return { does: 'grow', path: grown[1]!, by: grown[3]! };
  const first = FIRST.exec(clause);
  if (first !== null && first[1] === first[2]) {
    return { does: 'set', path: first[1]!, value: first[3]!, isFirstOnly: true };
  }
  const plain = PLAIN.exec(clause);
  return plain === null ? undefined : { does: 'set', path: plain[1]!, value: plain[2]!, isFirstOnly: false };
};

/** Nothing where an update is of a kind that this version does not know. */
export const parseUpdate = remembered((text: string): readonly UpdateClause[] | undefined => {
  const sections = text.split(/\b(SET|REMOVE|ADD|DELETE) /).slice(1);
  const clauses: UpdateClause[] = [];
  for (let index = 0; index < sections.length; index += 2) {
    const kind = sections[index];
    if (kind !== 'SET' && kind !== 'REMOVE') return undefined;
    for (const written of clausesOf(sections[index + 1]!)) {
      const clause = kind === 'SET' ? setClause(written) : ({ does: 'remove', path: written } as const);
      if (clause === undefined) return undefined;
      clauses.push(clause);
    }
  }
  return clauses;
});

/** Brackets around the whole of a text, as they are put around each part of a condition. */
const unwrapped = (text: string): string => {
  const trimmed = text.trim();
  if (!trimmed.startsWith('(') || !trimmed.endsWith(')')) return trimmed;
  let depth = 0;
  for (let index = 0; index < trimmed.length - 1; index += 1) {
    if (trimmed[index] === '(') depth += 1;
    if (trimmed[index] === ')') depth -= 1;
    if (depth === 0) return trimmed;
  }
  return unwrapped(trimmed.slice(1, -1));
};

/** The parts of a text between a word that stands outside every bracket. */
const partsBetween = (text: string, word: 'AND' | 'OR'): string[] => {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '(') depth += 1;
    if (text[index] === ')') depth -= 1;
    if (depth === 0 && text.startsWith(` ${word} `, index)) {
      parts.push(text.slice(from, index));
      from = index + word.length + 2;
    }
  }
  return [...parts, text.slice(from)].map(unwrapped);
};

const ABSENT = new RegExp(`^attribute_not_exists\\(\\s*(${PATH})\\s*\\)$`);
const EXISTS = new RegExp(`^attribute_exists\\(\\s*(${PATH})\\s*\\)$`);
const BELOW = new RegExp(`^(${PATH}) < (:\\w+)$`);
const ONE_OF = new RegExp(`^(${PATH}) IN \\(([^)]*)\\)$`);

/** What is not understood asks for nothing, so that it excuses nothing. */
const singleClause = (part: string): readonly ConditionClause[] => {
  const equal = PLAIN.exec(part);
  if (equal !== null) return [{ asks: 'one-of', path: equal[1]!, values: [equal[2]!] }];
  const among = ONE_OF.exec(part);
  if (among !== null) {
    return [{ asks: 'one-of', path: among[1]!, values: among[2]!.split(',').map((name) => name.trim()) }];
  }
  const absent = ABSENT.exec(part);
  if (absent !== null) return [{ asks: 'absent', path: absent[1]! }];
  const exists = EXISTS.exec(part);
  if (exists !== null) return [{ asks: 'exists', path: exists[1]! }];
  const below = BELOW.exec(part);
  return below === null ? [] : [{ asks: 'below', path: below[1]!, value: below[2]! }];
};

/** `attribute_not_exists(a) OR a = :v`, and the same with `a.b < :v`. */
const eitherClause = ([first, second, ...others]: readonly string[]): readonly ConditionClause[] => {
  const absent = ABSENT.exec(first!)?.[1];
  if (absent === undefined || others.length > 0) return [];
  const equal = PLAIN.exec(second!);
  if (equal !== null && equal[1] === absent) return [{ asks: 'absent-or', path: absent, value: equal[2]! }];
  const [, path = '', value = ''] = BELOW.exec(second!) ?? [];
  return path.startsWith(`${absent}.`) ? [{ asks: 'below', path, value }] : [];
};

const conditionClauses = (text: string): readonly ConditionClause[] =>
  partsBetween(unwrapped(text), 'AND').flatMap((part) => {
    const choices = partsBetween(part, 'OR');
    if (choices.length > 1) return eitherClause(choices);
    return partsBetween(part, 'AND').length > 1 ? conditionClauses(part) : singleClause(part);
  });

/** The clauses that all have to hold. */
export const parseCondition = remembered(conditionClauses);
