/** Writes XML as AWS answers it: elements without attributes, lists as repeated children. */

export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | null
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Characters XML 1.0 cannot hold at all, not even escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const UNREPRESENTABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

export const escapeXml = (text: string): string =>
  text.replace(UNREPRESENTABLE, '').replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

export interface XmlOptions {
  /** The element of a list's entries: `member` in Query services, `item` in EC2, absent for lists written flat (S3). */
  readonly listItem?: string;
}

/** One element with its content; nothing for an absent value. */
export const xmlElement = (name: string, value: XmlValue, options: XmlOptions = { listItem: 'member' }): string => {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value)) return listElement(name, value, options);
  if (typeof value === 'object') return `<${name}>${xmlChildren(value as Record<string, XmlValue>, options)}</${name}>`;
  return `<${name}>${escapeXml(String(value))}</${name}>`;
};

const listElement = (name: string, values: readonly XmlValue[], options: XmlOptions): string => {
  const { listItem } = options;
  if (listItem === undefined) return values.map((value) => xmlElement(name, value, options)).join('');
  return `<${name}>${values.map((value) => xmlElement(listItem, value, options)).join('')}</${name}>`;
};

export const xmlChildren = (
  object: Readonly<Record<string, XmlValue>>,
  options: XmlOptions = { listItem: 'member' },
): string =>
  Object.entries(object)
    .map(([name, value]) => xmlElement(name, value, options))
    .join('');
