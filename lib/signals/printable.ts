const PRINTED_CHARACTERS_MAX = 80;
const CUT = '...';

const escaped = (character: string): string => {
  if (character === '\\') return '\\\\';
  if (character >= ' ' && character <= '~') return character;
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
};

/**
 * Text from outside, made safe for a log line, a metric or a terminal: everything but printable ASCII is escaped, so no
 * control code, line break or direction mark survives, and the result never exceeds `charactersMax`.
 */
export const printable = (text: string, charactersMax: number = PRINTED_CHARACTERS_MAX): string => {
  let shown = '';
  for (const character of text) {
    const next = shown + escaped(character);
    if (next.length > charactersMax) return `${shown.slice(0, charactersMax - CUT.length)}${CUT}`;
    shown = next;
  }
  return shown;
};

/** A value of any kind, for a sentence about it: text is quoted, anything larger is only named. */
export const described = (value: unknown): string => {
  if (typeof value === 'string') return `"${printable(value, PRINTED_CHARACTERS_MAX - 2)}"`;
  if (value === undefined) return 'missing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? 'an object' : `the ${typeof value} ${String(value)}`;
};
