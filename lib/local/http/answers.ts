/** The forms in which AWS services answer and refuse: Query XML, EC2 XML, REST XML, JSON 1.0 and 1.1, REST JSON. */
import type { LocalResponse } from '../service.ts';
import { type XmlValue, xmlChildren, xmlElement } from './xml.ts';

/** The request id in every answer. Nothing reads it; clients demand that it is there. */
export const REQUEST_ID = '00000000-0000-4000-8000-000000000000';

const XML_TYPE = { 'content-type': 'text/xml' };

/** `<ActionResponse><ActionResult>…</ActionResult>…`, as CloudFormation, STS and SNS answer. */
export const queryAnswer = (
  action: string,
  namespace: string,
  result: Readonly<Record<string, XmlValue>>,
): LocalResponse => ({
  status: 200,
  headers: { ...XML_TYPE },
  body:
    `<${action}Response xmlns="${namespace}"><${action}Result>${xmlChildren(result)}</${action}Result>` +
    `<ResponseMetadata><RequestId>${REQUEST_ID}</RequestId></ResponseMetadata></${action}Response>`,
});

export const queryError = (status: number, code: string, message: string): LocalResponse => ({
  status,
  headers: { ...XML_TYPE },
  body: `<ErrorResponse>${xmlElement('Error', { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message })}<RequestId>${REQUEST_ID}</RequestId></ErrorResponse>`,
});

export const restXmlError = (status: number, code: string, message: string): LocalResponse => ({
  status,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>${xmlElement('Error', { Code: code, Message: message, RequestId: REQUEST_ID })}`,
});

export type JsonVersion = '1.0' | '1.1';

export const jsonAnswer = (value: unknown, version: JsonVersion = '1.0', status = 200): LocalResponse => ({
  status,
  headers: { 'content-type': `application/x-amz-json-${version}` },
  body: JSON.stringify(value),
});

export const jsonError = (
  status: number,
  code: string,
  message: string,
  version: JsonVersion = '1.0',
): LocalResponse => ({
  status,
  headers: { 'content-type': `application/x-amz-json-${version}`, 'x-amzn-errortype': code },
  body: JSON.stringify({ __type: code, message }),
});

/** Lambda, Scheduler and SES v2 name the error in a header. */
export const restJsonError = (status: number, code: string, message: string): LocalResponse => ({
  status,
  headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
  body: JSON.stringify({ message, Message: message }),
});

/** AWS's error code in an answer, whatever its form; `ok` for success. */
export const outcomeOf = (response: LocalResponse): string => {
  if (response.status < 400) return 'ok';
  const header = response.headers['x-amzn-query-error'] ?? response.headers['x-amzn-errortype'];
  if (header !== undefined) return header.split(';')[0] ?? header;
  const body = response.body.toString();
  const named = /"__type"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
  return named?.split('#').at(-1) ?? `HTTP ${response.status}`;
};
