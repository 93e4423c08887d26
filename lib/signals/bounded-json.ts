/** An EventBridge event is at most 256 KB (https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html). */
export const BODY_BYTES_MAX = 256 * 1_024;

/** The deepest event of AWS's that we read has five levels; PutEvents would let a thousand through. */
export const NESTING_LEVELS_MAX = 64;

export type JsonObject = Readonly<Record<string, unknown>>;

export type ReadJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly because: string };

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const OPENERS = new Set(['[', '{'].map((bracket) => bracket.charCodeAt(0)));
const CLOSERS = new Set([']', '}'].map((bracket) => bracket.charCodeAt(0)));

/** The position of the quote that ends the string begun at `start`, or the end of the text. */
const endOfString = (text: string, start: number): number => {
  let position = start + 1;
  while (position < text.length && text.charCodeAt(position) !== QUOTE) {
    position += text.charCodeAt(position) === BACKSLASH ? 2 : 1;
  }
  return position;
};

/** Counts brackets without parsing, so that nothing recursive ever sees a text that is too deep. */
const isTooDeep = (text: string): boolean => {
  let levels = 0;
  for (let position = 0; position < text.length; position += 1) {
    const code = text.charCodeAt(position);
    if (code === QUOTE) position = endOfString(text, position);
    else if (OPENERS.has(code)) levels += 1;
    else if (CLOSERS.has(code)) levels -= 1;
    if (levels > NESTING_LEVELS_MAX) return true;
  }
  return false;
};

/** JSON from outside. What is too large is refused unread, what is too deep before it is parsed. Never throws. */
export const readBoundedJson = (text: string, bytesMax: number = BODY_BYTES_MAX): ReadJson => {
  if (text.length > bytesMax || Buffer.byteLength(text) > bytesMax) {
    return { ok: false, because: `larger than ${bytesMax / 1_024} KiB` };
  }
  if (isTooDeep(text)) return { ok: false, because: `nested deeper than ${NESTING_LEVELS_MAX} levels` };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    // The engine's own message quotes the text; ours must not.
    return { ok: false, because: 'not JSON' };
  }
};
