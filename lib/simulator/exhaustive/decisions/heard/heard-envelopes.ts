import {
  eventBody,
  type Fields,
  type HeardCase,
  heardTable,
  isHeardAs,
  MACHINE,
  REFUSED,
  UNRECOGNISED,
} from './event-heard.ts';

const RECOMMENDED = `rebalance-recommendation of ${MACHINE} at -60000`;
const DETAIL_TYPE = 'EC2 Instance Rebalance Recommendation';

const event = (fields: Fields): string => eventBody('aws.ec2', DETAIL_TYPE, { 'instance-id': MACHINE }, fields);

/** Heard at 2027-01-15T08:00:00Z: it may be old, and not more than a day ahead. */
const TIMES: readonly (readonly [time: unknown, ms: number | undefined])[] = [
  ['2027-01-15T08:00:00Z', 0],
  ['2027-01-15T07:59:59.123Z', -877],
  ['1970-01-01T00:00:00Z', -1_800_000_000_000],
  ['2024-02-29T23:59:59Z', 1_709_251_199_000 - 1_800_000_000_000],
  ['2027-01-16T08:00:00Z', 86_400_000],
  ['2027-01-16T08:00:00.001Z', undefined],
  ['2026-02-29T00:00:00Z', undefined],
  ['2026-04-31T00:00:00Z', undefined],
  ['2026-13-01T00:00:00Z', undefined],
  ['2026-01-01T24:00:00Z', undefined],
  ['2026-01-01T00:60:00Z', undefined],
  ['2026-01-01T00:00:00', undefined],
  ['2026-01-01T00:00:00+02:00', undefined],
  ['2026-01-01 00:00:00Z', undefined],
  ['2026-01-01', undefined],
  ['x2026-01-01T00:00:00Z', undefined],
  ['2026-01-01T00:00:00Zx', undefined],
  ['', undefined],
  [1_767_225_600_000, undefined],
  [undefined, undefined],
];

const FIELDS: readonly (readonly [fields: Fields, meaning: string])[] = [
  [{}, RECOMMENDED],
  [{ version: undefined }, RECOMMENDED],
  [{ version: '1' }, RECOMMENDED],
  [{ resources: undefined }, RECOMMENDED],
  [{ resources: `arn:aws:ec2:us-east-1b:instance/i-0fffffffffffffff0` }, RECOMMENDED],
  [{ resources: { a: [null] } }, RECOMMENDED],
  [{ id: undefined }, RECOMMENDED],
  [{ id: 'a\nERROR all is lost' }, RECOMMENDED],
  [{ 'replay-name': 'yesterday', communicationId: 'c' }, RECOMMENDED],
  [{ account: '210987654321' }, REFUSED],
  [{ region: 'us-east-2' }, REFUSED],
  [{ region: 'us-gov-west-1' }, REFUSED],
  [{ region: 'us-isob-east-1' }, REFUSED],
  // Only of Health's events does the detail say whom they are about.
  [{ detail: { 'instance-id': MACHINE, affectedAccount: '210987654321', eventRegion: 'us-east-2' } }, RECOMMENDED],
  [{ account: '210987654321', detail: { 'instance-id': MACHINE, affectedAccount: '123456789012' } }, REFUSED],
  [{ account: undefined }, UNRECOGNISED],
  [{ account: 123_456_789_012 }, UNRECOGNISED],
  [{ account: '12345678901' }, UNRECOGNISED],
  [{ account: '1234567890123' }, UNRECOGNISED],
  [{ account: ['123456789012'] }, UNRECOGNISED],
  [{ region: undefined }, UNRECOGNISED],
  [{ region: '' }, UNRECOGNISED],
  [{ region: 'us-east' }, UNRECOGNISED],
  [{ region: 'us-east-1b' }, UNRECOGNISED],
  [{ region: 'US-EAST-1' }, UNRECOGNISED],
  [{ source: undefined }, UNRECOGNISED],
  [{ source: ['aws.ec2'] }, UNRECOGNISED],
  [{ source: 'aws.ec2 ' }, UNRECOGNISED],
  [{ source: 'AWS.EC2' }, UNRECOGNISED],
  [{ source: 'aws.\u0435c2' }, UNRECOGNISED],
  [{ source: 'aws.ec2.evil' }, UNRECOGNISED],
  [{ source: 'aws.ec2fleet' }, UNRECOGNISED],
  [{ source: 'aws.health' }, UNRECOGNISED],
  [{ source: 'aws.autoscaling' }, UNRECOGNISED],
  [{ source: 'spothop' }, UNRECOGNISED],
  [{ source: '__proto__' }, UNRECOGNISED],
  [{ 'detail-type': undefined }, UNRECOGNISED],
  [{ 'detail-type': 'EC2 Instance Rebalance Recommendation!' }, UNRECOGNISED],
  [{ 'detail-type': 'EC2 Instance Launch Unsuccessful' }, UNRECOGNISED],
  [{ 'detail-type': 'EC2 Spot Instance Request Fulfilment' }, UNRECOGNISED],
  [{ 'detail-type': 'operator-drain' }, UNRECOGNISED],
  [{ 'detail-type': 'constructor' }, UNRECOGNISED],
  [{ detail: undefined }, UNRECOGNISED],
  [{ detail: null }, UNRECOGNISED],
  [{ detail: [] }, UNRECOGNISED],
  [{ detail: JSON.stringify({ 'instance-id': MACHINE }) }, UNRECOGNISED],
  [{ detail: {} }, UNRECOGNISED],
];

const BODIES = [
  '',
  'null',
  '7',
  'true',
  '"text"',
  '[]',
  '{}',
  '[{}]',
  '{"detail":{}}',
  'not json',
  '{"source":"aws.ec2"',
];

/** As deep as said, with the two levels of its envelope; a bracket within quotes is none. */
const deep = (levels: number): string =>
  event({ more: 'MORE' }).replace('"MORE"', `${'['.repeat(levels - 1)}"]\\"]"${']'.repeat(levels - 1)}`);

const KIBIBYTES_256 = 262_144;

/** Filled up to so many bytes, by letters of one byte or of two. */
const large = (bytes: number, letter: 'x' | 'é'): string => {
  const room = bytes - Buffer.byteLength(event({ more: '' }));
  const letters = Math.floor(room / Buffer.byteLength(letter));
  const more = `${letter.repeat(letters)}${'x'.repeat(room - letters * Buffer.byteLength(letter))}`;
  return event({ more: 'MORE' }).replace('"MORE"', () => `"${more}"`);
};

function* all(): Generator<HeardCase> {
  for (const [time, ms] of TIMES) {
    const recommended = `rebalance-recommendation of ${MACHINE} at ${ms}`;
    yield isHeardAs(event({ time }), ms === undefined ? UNRECOGNISED : recommended);
  }
  for (const [fields, meaning] of FIELDS) yield isHeardAs(event(fields), meaning);
  for (const body of BODIES) yield isHeardAs(body, UNRECOGNISED);
  yield isHeardAs(deep(64), RECOMMENDED);
  yield isHeardAs(deep(65), UNRECOGNISED);
  yield isHeardAs('['.repeat(100_000), UNRECOGNISED);
  yield isHeardAs(event({ more: '['.repeat(100) }), RECOMMENDED);
  yield isHeardAs(event({ more: `"${'['.repeat(100)}` }), RECOMMENDED);
  yield isHeardAs(event({ more: Array(100).fill({}) }), RECOMMENDED);
  yield isHeardAs(large(KIBIBYTES_256, 'x'), RECOMMENDED);
  yield isHeardAs(large(KIBIBYTES_256 + 1, 'x'), UNRECOGNISED);
  yield isHeardAs(large(KIBIBYTES_256 + 1, 'é'), UNRECOGNISED);
}

/** What has to hold of every event, whatever it is about: where it comes from, when, how large (peers, C; F70 to F76). */
export const heardEnvelopes = heardTable({ name: 'an event that is heard', promise: 'S1' }, all);
