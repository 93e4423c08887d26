/**
 * The comparisons an EventBridge pattern may hold for one value, each compiled once into a test of a leaf.
 * Source: EventBridge user guide, "Comparison operators for use in event patterns".
 *
 * Not modelled: the limits on how complex a pattern may be, and the numeric range of ±5·10⁹.
 */
import { BlockList, isIP } from 'node:net';

/** A leaf of an event: what stands at the end of a path, or in an array there. */
export type Leaf = string | number | boolean | null;
export type LeafTest = (leaf: Leaf) => boolean;

/** Why a pattern is refused, in the words after AWS's `Event pattern is not valid. Reason: `. */
export class InvalidEventPattern extends Error {
  constructor(reason: string) {
    super(`Event pattern is not valid. Reason: ${reason}`);
    this.name = 'InvalidEventPattern';
  }
}

type JsonObject = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const isLeaf = (value: unknown): value is Leaf =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';

const textOf = (value: unknown, operator: string): string => {
  if (typeof value !== 'string' || value === '')
    throw new InvalidEventPattern(`${operator} match pattern must be a non-empty string`);
  return value;
};

const sole = (operators: JsonObject): readonly [string, unknown] => {
  const entries = Object.entries(operators);
  const only = entries[0];
  if (only === undefined || entries.length > 1)
    throw new InvalidEventPattern('Only one key allowed in match expression');
  return only;
};

const onText =
  (test: (text: string) => boolean): LeafTest =>
  (leaf) =>
    typeof leaf === 'string' && test(leaf);

const equalsIgnoringCase = (value: unknown): LeafTest => {
  const wanted = textOf(value, 'equals-ignore-case').toLowerCase();
  return onText((text) => text.toLowerCase() === wanted);
};

/** `prefix` and `suffix` take a text, or `{"equals-ignore-case": text}`. */
const affix = (operator: 'prefix' | 'suffix', value: unknown): LeafTest => {
  const has = operator === 'prefix' ? 'startsWith' : 'endsWith';
  if (!isObject(value)) {
    if (typeof value !== 'string') throw new InvalidEventPattern(`${operator} match pattern must be a string`);
    return onText((text) => text[has](value));
  }
  const [inner, wanted] = sole(value);
  if (inner !== 'equals-ignore-case') throw new InvalidEventPattern(`Unsupported ${operator} pattern: ${inner}`);
  const lower = textOf(wanted, operator).toLowerCase();
  return onText((text) => text.toLowerCase()[has](lower));
};

/** `*` stands for any text, `\*` for a star and `\\` for a backslash; two stars together are refused. */
const wildcard = (value: unknown): LeafTest => {
  const pattern = textOf(value, 'wildcard');
  const pieces: readonly string[] = pattern.match(/\\[*\\]|[^\\]|\\/gs) ?? [];
  if (pieces.includes('\\')) throw new InvalidEventPattern('Invalid escape character');
  if (pieces.some((piece, index) => piece === '*' && pieces[index + 1] === '*')) {
    throw new InvalidEventPattern('Consecutive wildcard characters');
  }
  return onText(wildcardTest(pieces));
};

/** Greedy from the left, so a hostile text costs at most its length times the pattern's pieces. */
const wildcardTest = (pieces: readonly string[]): ((text: string) => boolean) => {
  const runs: string[] = [''];
  for (const piece of pieces) {
    if (piece === '*') runs.push('');
    else runs[runs.length - 1] += piece.length === 2 ? piece.slice(1) : piece;
  }
  const first = runs[0] ?? '';
  const last = runs[runs.length - 1] ?? '';
  if (runs.length === 1) return (text) => text === first;
  const middle = runs.slice(1, -1);
  return (text) => {
    if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    const end = text.length - last.length;
    let at = first.length;
    for (const run of middle) {
      const found = text.indexOf(run, at);
      if (found < 0 || found + run.length > end) return false;
      at = found + run.length;
    }
    return true;
  };
};

const comparisons: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '=': (left, right) => left === right,
  '>=': (left, right) => left >= right,
  '>': (left, right) => left > right,
};

/** `["=", n]`, one bound, or a lower bound followed by an upper one. */
const numeric = (value: unknown): LeafTest => {
  if (!Array.isArray(value) || value.length === 0) throw new InvalidEventPattern('Value of numeric must be an array');
  if (value.length !== 2 && value.length !== 4) throw new InvalidEventPattern('Bad numeric range');
  if (value.length === 4 && !(String(value[0]).startsWith('>') && String(value[2]).startsWith('<'))) {
    throw new InvalidEventPattern('Bad numeric range operator');
  }
  const tests: ((number: number) => boolean)[] = [];
  for (let index = 0; index < value.length; index += 2) {
    const compare = Object.hasOwn(comparisons, String(value[index])) ? comparisons[String(value[index])] : undefined;
    const bound: unknown = value[index + 1];
    if (compare === undefined)
      throw new InvalidEventPattern(`Unrecognized numeric range operator: ${String(value[index])}`);
    if (typeof bound !== 'number') throw new InvalidEventPattern(`Value of ${String(value[index])} must be numeric`);
    tests.push((number) => compare(number, bound));
  }
  return (leaf) => typeof leaf === 'number' && tests.every((test) => test(leaf));
};

const cidr = (value: unknown): LeafTest => {
  const [address = '', bits = ''] = textOf(value, 'cidr').split('/');
  const family = isIP(address);
  const bitCount = Number(bits);
  if (family === 0 || !/^\d+$/.test(bits) || bitCount > (family === 4 ? 32 : 128)) {
    throw new InvalidEventPattern(`Malformed CIDR, one '/' required: ${String(value)}`);
  }
  const block = new BlockList();
  block.addSubnet(address, bitCount, family === 4 ? 'ipv4' : 'ipv6');
  return onText((text) => isIP(text) === family && block.check(text, family === 4 ? 'ipv4' : 'ipv6'));
};

const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** The forms under `anything-but` that take one text or a list of them. */
const negatable: Readonly<Record<string, (value: unknown) => LeafTest>> = {
  prefix: (value) => affix('prefix', value),
  suffix: (value) => affix('suffix', value),
  wildcard,
  'equals-ignore-case': equalsIgnoringCase,
};

const refused = (value: unknown): readonly LeafTest[] => {
  if (!isObject(value)) {
    const values = asList(value);
    if (values.length === 0 || !values.every((item) => typeof item === 'string' || typeof item === 'number')) {
      throw new InvalidEventPattern(
        'Inside anything but list, either all values are number or string, mixed type is not supported',
      );
    }
    return values.map((item) => (leaf: Leaf) => leaf === item);
  }
  const [operator, wanted] = sole(value);
  const compile = Object.hasOwn(negatable, operator) ? negatable[operator] : undefined;
  if (compile === undefined) throw new InvalidEventPattern(`Unsupported anything-but pattern: ${operator}`);
  return asList(wanted).map(compile);
};

const anythingBut = (value: unknown): LeafTest => {
  const tests = refused(value);
  return (leaf) => !tests.some((test) => test(leaf));
};

const operators: Readonly<Record<string, (value: unknown) => LeafTest>> = {
  ...negatable,
  numeric,
  cidr,
  'anything-but': anythingBut,
};

/** One element of a pattern's array, `exists` aside: a plain value, or an object with one operator. */
export const compileLeafTest = (matcher: unknown): LeafTest => {
  if (isLeaf(matcher)) return (leaf) => leaf === matcher;
  if (!isObject(matcher)) throw new InvalidEventPattern('Match value must be String, number, true, false, or null');
  const [operator, value] = sole(matcher);
  const compile = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
  if (compile === undefined) throw new InvalidEventPattern(`Unrecognized match type ${operator}`);
  return compile(value);
};
