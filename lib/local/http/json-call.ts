/** Reads calls of AWS's JSON protocols, and answers REST JSON. */
import { AwsError, type LocalRequest, type LocalResponse } from '../service.ts';

/** The operation of a JSON 1.0 or 1.1 call: the part of `X-Amz-Target` after the point; empty when there is none. */
export const jsonTarget = (request: LocalRequest): string =>
  (request.headers['x-amz-target'] ?? '').split('.')[1] ?? '';

/** The body as an object; an empty body is `{}`. Throws SerializationException for anything else. */
export const jsonBody = (request: LocalRequest): Readonly<Record<string, unknown>> => {
  if (request.body.length === 0) return {};
  try {
    const parsed: unknown = JSON.parse(request.body.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return parsed as Record<string, unknown>;
  } catch {
    // Answered below, as for any other body that is no object.
  }
  throw new AwsError(400, 'SerializationException', 'The request body is not a JSON object.');
};

export const restJsonAnswer = (value: unknown, status = 200): LocalResponse => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

export const unknownOperation = (service: string, operation: string): AwsError =>
  new AwsError(
    400,
    'UnknownOperationException',
    `The local cloud's ${service} does not know ${operation === '' ? 'this call' : operation}. Make it against AWS, or add it to lib/local.`,
  );
