import { describe, expect, test } from 'vitest';
import { type AwsErrorClass, classifyAwsError, unlessRefused } from '../../lib/aws/errors.ts';

/** Errors as version 3 of the SDK throws them. */
const serviceError = (name: string, httpStatusCode: number): Error =>
  Object.assign(new Error('…'), { name, $fault: 'client', $metadata: { httpStatusCode, attempts: 1 } });
const socketError = (code: string): Error => Object.assign(new Error('…'), { code });

const EXPECTED: readonly (readonly [string, Error, AwsErrorClass])[] = [
  ['RequestLimitExceeded (I1)', serviceError('RequestLimitExceeded', 503), 'throttle'],
  ['Throttling (I2)', serviceError('Throttling', 400), 'throttle'],
  ['ThrottlingException (I2)', serviceError('ThrottlingException', 400), 'throttle'],
  ['EC2ThrottledException (I2)', serviceError('EC2ThrottledException', 503), 'throttle'],
  ['an unknown code with status 429 (I2)', serviceError('HoldYourHorses', 429), 'throttle'],
  ['ProvisionedThroughputExceededException', serviceError('ProvisionedThroughputExceededException', 400), 'throttle'],
  ['ETIMEDOUT (I3)', socketError('ETIMEDOUT'), 'network'],
  ['ECONNRESET (I3)', socketError('ECONNRESET'), 'network'],
  ['TimeoutError (I3)', Object.assign(new Error('…'), { name: 'TimeoutError' }), 'network'],
  ['InternalServerError', serviceError('InternalServerError', 500), 'server'],
  ['an unknown code with status 502', serviceError('BadGateway', 502), 'server'],
  ['InvalidInstanceID.NotFound (I7)', serviceError('InvalidInstanceID.NotFound', 400), 'not-found'],
  ['ResourceNotFoundException', serviceError('ResourceNotFoundException', 400), 'not-found'],
  ['ConditionalCheckFailedException', serviceError('ConditionalCheckFailedException', 400), 'conditional'],
  ['PreconditionFailed', serviceError('PreconditionFailed', 412), 'conditional'],
  ['UnauthorizedOperation (I8)', serviceError('UnauthorizedOperation', 403), 'authorisation'],
  ['AuthFailure.Unauthorised (I8)', serviceError('AuthFailure.Unauthorised', 401), 'authorisation'],
  ['AccessDeniedException (I8)', serviceError('AccessDeniedException', 400), 'authorisation'],
  ['ValidationException', serviceError('ValidationException', 400), 'other'],
  ['an error that is not of AWS', new TypeError('…'), 'other'],
];

test.each(EXPECTED)('%s', (_name, error, expected) => {
  expect(classifyAwsError(error)).toBe(expected);
});

test('what is thrown need not be an error', () => {
  expect(classifyAwsError(undefined)).toBe('other');
  expect(classifyAwsError('text')).toBe('other');
});

describe('a conditional write', () => {
  test('answers undefined when its condition did not hold', async () => {
    const refused = () => Promise.reject(serviceError('ConditionalCheckFailedException', 400));
    expect(await unlessRefused(refused)).toBeUndefined();
  });

  test('throws everything else', async () => {
    for (const [name, error] of EXPECTED.filter(([, , of]) => of !== 'conditional'))
      await expect(
        unlessRefused(() => Promise.reject(error)),
        name,
      ).rejects.toBe(error);
  });
});
