import { types } from 'node:util';

/** Larger results and checkpoints belong into the worker's own store, with the text naming them. */
export const KEPT_BYTES_MAX = 1_048_576;

/** A value that a task wants kept, and that cannot be: the message says which part of it, and what to do. */
export class NotKeepable extends Error {
  override readonly name = 'NotKeepable';
}

/** What is nested deeper would not be read back everywhere. */
const LEVELS_MAX = 500;

interface Flaw {
  /** Such as `$.rows[0].seen`. */
  readonly path: string;
  readonly what: string;
}

const FLAWS_OF_OBJECTS: readonly (readonly [(value: object) => boolean, string])[] = [
  [types.isPromise, 'a Promise; is an `await` missing?'],
  [types.isMap, 'a Map; Object.fromEntries(map) can be kept'],
  [types.isSet, 'a Set; [...set] can be kept'],
  [types.isNativeError, 'an Error; its message can be kept'],
  [(value) => types.isDate(value) && Number.isNaN(value.getTime()), 'an invalid Date'],
  [ArrayBuffer.isView, 'binary data; write it to a store of your own and keep its name'],
  [types.isAnyArrayBuffer, 'binary data; write it to a store of your own and keep its name'],
];

const flawOfPrimitive = (value: unknown): string | undefined => {
  if (typeof value === 'bigint') return 'a bigint; String(value) can be kept';
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value === 'number' && !Number.isFinite(value)) return `${value}, which JSON does not know`;
  return undefined;
};

const childPath = (path: string, key: string, isArray: boolean): string =>
  isArray ? `${path}[${key}]` : `${path}.${key}`;

interface Convertible {
  toJSON?: unknown;
}

/** What JSON puts in the place of an object that says so itself; itself, where it does not. */
const convertedOf = (value: object): unknown => {
  const { toJSON } = value as Convertible;
  return typeof toJSON === 'function' ? toJSON.call(value, '') : value;
};

/** The first part of a value that JSON would lose, change in silence, or refuse. */
const flawIn = (value: unknown, path: string, above: readonly object[]): Flaw | undefined => {
  const what = flawOfPrimitive(value);
  if (what !== undefined) return { path, what };
  if (typeof value !== 'object' || value === null) return undefined;
  if (above.includes(value)) return { path, what: 'a circle: the value contains itself' };
  if (above.length >= LEVELS_MAX) return { path: '$', what: `something nested more than ${LEVELS_MAX} levels deep` };
  const flaw = FLAWS_OF_OBJECTS.find(([matches]) => matches(value));
  if (flaw !== undefined) return { path, what: flaw[1] };
  const aboveChildren = [...above, value];
  const converted = convertedOf(value);
  if (converted !== value) return flawIn(converted, path, aboveChildren);
  const isArray = Array.isArray(value);
  for (const [key, child] of Object.entries(value)) {
    const found = flawIn(child, childPath(path, key, isArray), aboveChildren);
    if (found !== undefined) return found;
  }
  return undefined;
};

const mebibytes = (bytes: number): string => (bytes / 1_048_576).toFixed(1);

/**
 * A task's value as the text that is kept. `undefined` is kept as `null`, and left out where a property has it, as in
 * JSON; what JSON would lose or change in silence is refused.
 * @param what `result` or `checkpoint`, for the message
 * @throws NotKeepable naming the part and what to do, or the size when it is above 1 MiB
 */
export const toJsonText = (value: unknown, what: 'result' | 'checkpoint'): string => {
  const flaw = flawIn(value, '$', []);
  if (flaw !== undefined) {
    throw new NotKeepable(`its ${what} cannot be kept as JSON: at ${flaw.path} is ${flaw.what}`);
  }
  const text = JSON.stringify(value) ?? 'null';
  const bytes = Buffer.byteLength(text, 'utf8');
  if (bytes <= KEPT_BYTES_MAX) return text;
  throw new NotKeepable(
    `its ${what} has ${bytes} bytes as JSON (${mebibytes(bytes)} MiB), and at most ${KEPT_BYTES_MAX} are kept: write it to a store of your own, such as S3, and give its name instead`,
  );
};
