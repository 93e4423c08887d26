/**
 * Whether an event matches an EventBridge pattern.
 * Source: EventBridge user guide, "Creating Amazon EventBridge event patterns".
 *
 * Not modelled: arrays inside arrays, and the limits on a pattern's size.
 */
import { compileLeafTest, InvalidEventPattern, isLeaf, type Leaf, type LeafTest } from './value-matchers.ts';

export { InvalidEventPattern } from './value-matchers.ts';

type JsonObject = Readonly<Record<string, unknown>>;
export type EventTest = (event: unknown) => boolean;

/** `siblings` are what the other elements of the same array hold here: a field "does not exist" only if none has it. */
type FieldTest = (value: unknown, siblings: readonly unknown[]) => boolean;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Own properties only: an event with a key `__proto__` or a pattern for `constructor` gets no help from the language. */
const valueAt = (container: unknown, key: string): unknown =>
  isObject(container) && Object.hasOwn(container, key) ? container[key] : undefined;

/** The values at the end of a path. An object, an empty array and an absent key have none: they do not "exist". */
const leavesOf = (value: unknown): readonly Leaf[] => {
  if (isLeaf(value)) return [value];
  return Array.isArray(value) ? value.flatMap((element) => (isLeaf(element) ? [element] : [])) : [];
};

const existsWanted = (matcher: unknown): boolean | undefined => {
  if (!isObject(matcher) || !Object.hasOwn(matcher, 'exists')) return undefined;
  if (typeof matcher['exists'] !== 'boolean')
    throw new InvalidEventPattern('exists match pattern must be either true or false.');
  return matcher['exists'];
};

/** An array of matchers: one of them must hold for one of the values. */
const compileAlternatives = (matchers: readonly unknown[]): FieldTest => {
  if (matchers.length === 0) throw new InvalidEventPattern('Empty arrays are not allowed');
  const existence = matchers.map(existsWanted);
  const acceptsPresent = existence.includes(true);
  const acceptsAbsent = existence.includes(false);
  const tests: LeafTest[] = matchers.filter((_, index) => existence[index] === undefined).map(compileLeafTest);
  return (value, siblings) => {
    const leaves = leavesOf(value);
    if (leaves.length === 0) return acceptsAbsent && siblings.every((sibling) => leavesOf(sibling).length === 0);
    return acceptsPresent || leaves.some((leaf) => tests.some((test) => test(leaf)));
  };
};

const compileEither = (branches: unknown): FieldTest => {
  if (!Array.isArray(branches) || branches.length === 0)
    throw new InvalidEventPattern('$or must be an array of patterns');
  const tests = branches.map(compileObject);
  return (container, siblings) => tests.some((test) => test(container, siblings));
};

/** Against an array of objects, all fields of the nested pattern must be met by the same element. */
const compileNested = (pattern: JsonObject): FieldTest => {
  const test = compileObject(pattern);
  return (value, siblings) => {
    if (!Array.isArray(value)) return test(value, siblings.flat());
    return value.length === 0 ? test(undefined, siblings.flat()) : value.some((element) => test(element, value));
  };
};

const overKey =
  (key: string, test: FieldTest): FieldTest =>
  (container, siblings) =>
    test(
      valueAt(container, key),
      siblings.map((sibling) => valueAt(sibling, key)),
    );

const compileField = ([key, wanted]: readonly [string, unknown]): FieldTest => {
  if (key === '$or') return compileEither(wanted);
  if (Array.isArray(wanted)) return overKey(key, compileAlternatives(wanted));
  if (isObject(wanted)) return overKey(key, compileNested(wanted));
  throw new InvalidEventPattern(`"${key}" must be an object or an array`);
};

const compileObject = (pattern: unknown): FieldTest => {
  if (!isObject(pattern)) throw new InvalidEventPattern('Filter is not an object');
  const fields = Object.entries(pattern).map(compileField);
  if (fields.length === 0) throw new InvalidEventPattern('Empty objects are not allowed');
  return (container, siblings) => fields.every((test) => test(container, siblings));
};

/** Compiles a pattern once, for many events. Throws `InvalidEventPattern` for what AWS would refuse at PutRule. */
export const compilePattern = (pattern: unknown): EventTest => {
  const test = compileObject(pattern);
  return (event) => test(event, []);
};

/** Whether `event` matches `pattern`: every field named must match, by any one of its alternatives. */
export const matchesPattern = (pattern: unknown, event: unknown): boolean => compilePattern(pattern)(event);
