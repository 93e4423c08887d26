import type { LocalResponse } from '../service.ts';

/** A value of an answer: absent values leave no element, lists become `<item>` elements. */
export type XmlValue =
  | string
  | number
  | boolean
  | undefined
  | readonly XmlValue[]
  | { readonly [name: string]: XmlValue };

const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';
const DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeXml = (text: string): string =>
  text
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character]!)
    // XML 1.0 has no way to write other control characters.
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd');

const content = (value: XmlValue): string => {
  if (value === undefined) return '';
  if (Array.isArray(value)) return (value as readonly XmlValue[]).map((item) => element('item', item)).join('');
  if (typeof value === 'object') {
    return Object.entries(value)
      .map(([name, child]) => element(name, child))
      .join('');
  }
  return escapeXml(String(value));
};

const element = (name: string, value: XmlValue): string => {
  if (value === undefined) return '';
  const inner = content(value);
  return inner === '' ? `<${name}/>` : `<${name}>${inner}</${name}>`;
};

const HEADERS = { 'content-type': 'text/xml;charset=UTF-8', 'cache-control': 'no-cache, no-store' };

export const xmlAnswer = (
  action: string,
  requestId: string,
  fields: Readonly<Record<string, XmlValue>>,
  recorded?: Readonly<Record<string, unknown>>,
): LocalResponse => ({
  status: 200,
  headers: { ...HEADERS, 'x-amzn-requestid': requestId },
  body: `${DECLARATION}<${action}Response xmlns="${NAMESPACE}">${content({ requestId, ...fields })}</${action}Response>`,
  ...(recorded === undefined ? {} : { recorded }),
});

/** EC2's own form of an error, which differs from the other Query services: `Errors` around it, `RequestID` in capitals. */
export const xmlError = (status: number, code: string, message: string, requestId: string): LocalResponse => ({
  status,
  headers: { ...HEADERS, 'x-amzn-requestid': requestId },
  body: `${DECLARATION}<Response>${content({ Errors: { Error: { Code: code, Message: message } }, RequestID: requestId })}</Response>`,
});

/** Instants as EC2 writes them, in UTC with milliseconds. */
export const xmlTime = (instant: number): string => new Date(instant).toISOString();

export const tagItems = (tags: Readonly<Record<string, string>>): XmlValue =>
  Object.entries(tags).map(([key, value]) => ({ key, value }));
