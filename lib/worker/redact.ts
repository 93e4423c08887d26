/** Beyond this many values a message is not searched: it is replaced as a whole. */
const LEAVES_MAX = 1_000;
/** A shorter text without quotes is more likely a word of the message than a value of the payload. */
const BARE_CHARACTERS_MIN = 4;

const leavesOf = (value: unknown, leaves: (string | number)[] = []): (string | number)[] => {
  if (leaves.length > LEAVES_MAX) return leaves;
  if (typeof value === 'string' || typeof value === 'number') leaves.push(value);
  else if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) leavesOf(one, leaves);
  return leaves;
};

const formsOf = (leaf: string): string[] => [
  JSON.stringify(leaf),
  `"${leaf}"`,
  `'${leaf}'`,
  ...(leaf.length >= BARE_CHARACTERS_MIN ? [leaf] : []),
];

/** `1` is a value in "received 1", and none in "at least 10". */
const numberPattern = (value: number): RegExp =>
  new RegExp(`(?<![\\w.])${String(value).replaceAll(/[.+-]/g, '\\$&')}(?![\\w.])`, 'g');

const withoutLeaf = (message: string, leaf: string | number): string =>
  typeof leaf === 'number'
    ? message.replaceAll(numberPattern(leaf), '…')
    : formsOf(leaf).reduce((text, form) => text.replaceAll(form, '…'), message);

/**
 * A schema's message without the values it was given: some libraries quote what they received, and a payload belongs
 * into no log and no reason (design S2). What the message says of the expected stays.
 */
export const redact = (message: string, value: unknown): string => {
  const leaves = leavesOf(value);
  if (leaves.length > LEAVES_MAX) return 'is not what the schema asks for';
  const longestFirst = leaves.toSorted((a, b) => String(b).length - String(a).length);
  return longestFirst.reduce<string>(withoutLeaf, message);
};
