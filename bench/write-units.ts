/**
 * What a write costs in DynamoDB, on demand, in write units.
 *
 * The rules, from AWS's own pages:
 *
 * - a write costs one unit for each begun 1 KB of the item, as it was or as it is, whichever is larger; a write whose
 *   condition fails costs the item that is there, and one unit where there is none
 *   (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html);
 * - an index is written when its entry changes: one write for an entry that appears or goes, or whose projected attributes
 *   change; two, a delete and a put, when the entry's key changes; none when nothing projected changes
 *   (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html, Storage and write considerations);
 * - sizes are names and values in UTF-8, numbers a byte for two digits and one more, lists and maps three bytes and one for
 *   each element (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html).
 */

/** One value as the wire has it, such as `{ S: 'text' }`. */
export type WireValue = { readonly [type: string]: unknown };
export type WireItem = { readonly [name: string]: WireValue };

export interface IndexShape {
  readonly name: string;
  /** Attributes of the index's key; an item that lacks one of them is not in the index. */
  readonly key: readonly string[];
  /** Attributes projected besides the keys of index and table. */
  readonly projected: readonly string[];
}

export interface TableShape {
  readonly key: readonly string[];
  readonly indexes: readonly IndexShape[];
}

const UNIT_BYTES = 1_024;
const CONTAINER_BYTES = 3;
const ELEMENT_BYTES = 1;

const textBytes = (text: string): number => Buffer.byteLength(text, 'utf8');

/** Leading and trailing zeros, point and exponent are not significant. */
const numberBytes = (text: string): number => {
  const digits = text
    .replace(/[eE].*$/, '')
    .replace(/[^0-9]/g, '')
    .replace(/^0+|0+$/g, '');
  return Math.ceil(digits.length / 2) + 1 + (text.startsWith('-') ? 1 : 0);
};

const valueBytes = (value: WireValue): number => {
  const [[type, content] = ['NULL', true]] = Object.entries(value);
  if (type === 'S') return textBytes(String(content));
  if (type === 'N') return numberBytes(String(content));
  if (type === 'B') return Buffer.from(String(content), 'base64').length;
  if (type === 'L') {
    const elements = content as readonly WireValue[];
    return elements.reduce((bytes, element) => bytes + ELEMENT_BYTES + valueBytes(element), CONTAINER_BYTES);
  }
  if (type === 'M') {
    const members = Object.values(content as WireItem).length;
    return CONTAINER_BYTES + members * ELEMENT_BYTES + itemBytes(content as WireItem);
  }
  if (type === 'SS') return (content as readonly string[]).reduce((bytes, text) => bytes + textBytes(text), 0);
  if (type === 'NS') return (content as readonly string[]).reduce((bytes, text) => bytes + numberBytes(text), 0);
  return 1;
};

export const itemBytes = (item: WireItem): number =>
  Object.entries(item).reduce((bytes, [name, value]) => bytes + textBytes(name) + valueBytes(value), 0);

const unitsOf = (bytes: number): number => Math.max(1, Math.ceil(bytes / UNIT_BYTES));

const pick = (item: WireItem, names: readonly string[]): WireItem =>
  Object.fromEntries(names.flatMap((name) => (item[name] === undefined ? [] : [[name, item[name]]])));

/** The item as an index has it; `undefined` when it is not in it. */
const entryOf = (item: WireItem | undefined, table: TableShape, index: IndexShape): WireItem | undefined =>
  item === undefined || index.key.some((name) => item[name] === undefined)
    ? undefined
    : pick(item, [...table.key, ...index.key, ...index.projected]);

const isSame = (one: WireItem, other: WireItem): boolean => {
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])];
  return names.every((name) => JSON.stringify(one[name]) === JSON.stringify(other[name]));
};

const indexUnits = (before: WireItem | undefined, after: WireItem | undefined, key: readonly string[]): number => {
  if (before === undefined) return after === undefined ? 0 : unitsOf(itemBytes(after));
  if (after === undefined) return unitsOf(itemBytes(before));
  if (isSame(before, after)) return 0;
  if (!isSame(pick(before, key), pick(after, key))) return unitsOf(itemBytes(before)) + unitsOf(itemBytes(after));
  return unitsOf(Math.max(itemBytes(before), itemBytes(after)));
};

/** What one write cost that found the item as it was `before` and left it as it is `after`. */
export const writeUnits = (table: TableShape, before: WireItem | undefined, after: WireItem | undefined): number => {
  const ofTable = unitsOf(Math.max(before ? itemBytes(before) : 0, after ? itemBytes(after) : 0));
  return table.indexes.reduce(
    (units, index) => units + indexUnits(entryOf(before, table, index), entryOf(after, table, index), index.key),
    ofTable,
  );
};
