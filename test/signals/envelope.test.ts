import { describe, expect, it } from 'vitest';
import { ANY } from '../../lib/signals/origin.ts';
import { parseSignal } from '../../lib/signals/parse-signal.ts';
import { changed, fixture, NOW, parseIn } from './support.ts';

const parseWarning = (fields: Record<string, unknown>, detail: Record<string, unknown> = {}) =>
  parseIn('us-east-2', changed('spot-interruption', fields, detail));

const RECOGNISED = { kind: 'signals', signals: [{ instanceId: 'i-1234567890abcdef0' }] };

describe('the envelope', () => {
  it.each([
    ['no version', { version: undefined }],
    ['resources as one string', { resources: 'arn:aws:ec2:us-east-2b:instance/i-0fffffffffffffff0' }],
    ['no resources', { resources: undefined }],
    ['resources of nonsense', { resources: { a: [null] } }],
    ['no id', { id: undefined }],
    ['unknown fields', { 'replay-name': 'yesterday', communicationId: 'c' }],
    ['a fraction of a second', { time: '2026-01-01T00:00:00.123Z' }],
    ['a time of long ago', { time: '1970-01-01T00:00:00Z' }],
    ['a time a little ahead of our clock', { time: '2026-06-01T23:59:59Z' }],
  ])('%s is accepted, and the id is the one in the detail', (_, fields) => {
    expect(parseWarning(fields)).toMatchObject(RECOGNISED);
  });

  it.each([
    ['another source', { source: 'aws.ec2 ' }],
    ['a look-alike source', { source: 'aws.еc2' }],
    ['a source of its own', { source: 'my.aws.ec2' }],
    ['a source in capitals', { source: 'AWS.EC2' }],
    ['a source that continues', { source: 'aws.ec2.evil' }],
    ['a list for a source', { source: ['aws.ec2'] }],
    ['a prototype key for a source', { source: '__proto__' }],
    ['another detail-type', { 'detail-type': 'EC2 Spot Instance Interruption Warning!' }],
    ['the detail-type of another source', { source: 'aws.health' }],
    ['a prototype key for a detail-type', { 'detail-type': 'constructor' }],
    ['no account', { account: undefined }],
    ['an account that is a number', { account: 123456789012 }],
    ['no region', { region: '' }],
    ['no time', { time: undefined }],
    ['an empty time', { time: '' }],
    ['a time in seconds', { time: 1767225600 }],
    ['a day that does not exist', { time: '2026-02-31T00:00:00Z' }],
    ['a time with a zone', { time: '2026-01-01T00:00:00+02:00' }],
    ['a time more than a day ahead', { time: '2026-06-02T00:00:01Z' }],
    ['no detail', { detail: undefined }],
    ['a list for a detail', { detail: [] }],
    ['null for a detail', { detail: null }],
  ])('%s is not recognised', (_, fields) => {
    expect(parseWarning(fields)).toMatchObject({ kind: 'unrecognised' });
  });

  it.each([
    undefined,
    null,
    '',
    'i-',
    'i-1234567890ABCDEF0',
    'i-12345',
    'i-1234567890abcdef0\n',
    'i-1234567890abcdef0\u0000',
    ' i-1234567890abcdef0',
    'arn:aws:ec2:us-east-2:123456789012:instance/i-1234567890abcdef0',
    ['i-1234567890abcdef0'],
    { toString: 'i-1234567890abcdef0' },
  ])('%j is no instance id, whatever the ARN says', (instanceId) => {
    expect(parseWarning({}, { 'instance-id': instanceId })).toMatchObject({ kind: 'unrecognised' });
  });

  it.each(['', 'null', '7', '"text"', '[]', '{}', '[{}]', '{"detail":{}}', 'not json', '{"source":"aws.ec2"'])(
    'the body %s is not recognised',
    (body) => {
      expect(parseIn('us-east-2', body)).toMatchObject({ kind: 'unrecognised' });
    },
  );

  it('an event id that could forge a log line is left out, the signal stays', () => {
    const parsed = parseWarning({ id: 'a\nERROR all is lost' });
    expect(parsed).toMatchObject(RECOGNISED);
    expect(parsed).not.toHaveProperty('eventId');
  });
});

describe('where an event comes from', () => {
  it('another account is refused', () => {
    expect(parseWarning({ account: '210987654321' })).toEqual({
      kind: 'refused',
      because: 'from account "210987654321", which is not ours',
    });
  });

  it('another region is refused', () => {
    expect(parseWarning({ region: 'eu-central-1' })).toEqual({
      kind: 'refused',
      because: 'from region "eu-central-1", which is not ours',
    });
  });

  it('a check by hand may say that it takes any', () => {
    const parsed = parseSignal(fixture('spot-interruption'), { account: ANY, region: ANY }, NOW);
    expect(parsed).toMatchObject(RECOGNISED);
  });
});
