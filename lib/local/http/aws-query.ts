/**
 * The AWS Query protocol's way of writing structures into a form: `Tags.member.1.Key=a`, `InstanceId.1=i-1`.
 */

export type QueryValue = string | QueryObject | readonly QueryValue[];
export interface QueryObject {
  readonly [name: string]: QueryValue;
}

/** Deeper names than this do not occur in any AWS operation, and would only serve to exhaust the stack. */
const NESTING_MAX = 16;

/** Words that only announce a list or a map and carry no name of their own. */
const LIST_WORDS = new Set(['member', 'entry']);

type Draft = Map<string, Draft | string>;

const segmentsOf = (name: string): string[] => {
  const segments = name.split('.');
  return segments.filter((segment, index) => !(LIST_WORDS.has(segment) && /^\d+$/.test(segments[index + 1] ?? '')));
};

const place = (draft: Draft, segments: readonly string[], value: string): void => {
  const [first = '', ...rest] = segments;
  if (rest.length === 0) {
    draft.set(first, value);
    return;
  }
  const existing = draft.get(first);
  const child: Draft = existing instanceof Map ? existing : new Map();
  draft.set(first, child);
  place(child, rest, value);
};

const isList = (draft: Draft): boolean => draft.size > 0 && [...draft.keys()].every((key) => /^\d+$/.test(key));

const finish = (draft: Draft | string): QueryValue => {
  if (typeof draft === 'string') return draft;
  if (isList(draft)) {
    return [...draft].sort(([one], [other]) => Number(one) - Number(other)).map(([, value]) => finish(value));
  }
  return finishObject(draft);
};

const finishObject = (draft: Draft): QueryObject => {
  const object: Record<string, QueryValue> = Object.create(null);
  for (const [name, value] of draft) object[name] = finish(value);
  return object;
};

/** The form as a nested object. Lists come in the order of their numbers, whether or not they are written with `member`. */
export const parseAwsQuery = (form: string | Buffer): QueryObject => {
  const draft: Draft = new Map();
  for (const [name, value] of new URLSearchParams(form.toString())) {
    const segments = segmentsOf(name);
    if (segments.length <= NESTING_MAX) place(draft, segments, value);
  }
  return finishObject(draft);
};

export const queryString = (object: QueryObject, name: string): string | undefined => {
  const value = object[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

/** A list by its name; an absent or empty one is `[]`. */
export const queryList = (object: QueryObject, name: string): readonly QueryValue[] => {
  const value = object[name];
  return Array.isArray(value) ? value : [];
};

export const queryObjects = (object: QueryObject, name: string): readonly QueryObject[] =>
  queryList(object, name).filter((entry): entry is QueryObject => typeof entry === 'object' && !Array.isArray(entry));
