import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { InvalidEventPattern, matchesPattern } from '../../../lib/local/events/event-pattern.ts';

const warning = {
  version: '0',
  id: '1e5527d7-bb36-4607-3370-4164db56a40e',
  'detail-type': 'EC2 Spot Instance Interruption Warning',
  source: 'aws.ec2',
  account: '123456789012',
  region: 'us-east-1',
  resources: ['arn:aws:ec2:us-east-1b:instance/i-0b662ef9931388ba0'],
  detail: {
    'instance-id': 'i-0b662ef9931388ba0',
    'instance-action': 'terminate',
    'c-count': 5,
    'd-count': 3,
    'x-limit': 301.8,
    flagged: true,
    nothing: null,
    empty: [],
    'source-ip': '10.0.0.17',
    FileName: 'dir/image.PNG',
    affectedEntities: [
      { entityValue: 'i-1', status: 'OPEN' },
      { entityValue: 'i-2', status: 'CLOSED' },
    ],
  },
};

type Row = readonly [rule: string, detailPattern: Record<string, unknown>, matches: boolean];

const rows: readonly Row[] = [
  ['an exact text', { 'instance-action': ['terminate'] }, true],
  ['one of several texts', { 'instance-action': ['stop', 'terminate'] }, true],
  ['another text', { 'instance-action': ['stop'] }, false],
  ['a text is case-sensitive', { 'instance-action': ['Terminate'] }, false],
  ['a number', { 'c-count': [5] }, true],
  ['a number is not its text', { 'c-count': ['5'] }, false],
  ['a boolean', { flagged: [true] }, true],
  ['null is matched by null', { nothing: [null] }, true],
  ['null does not match the absent', { missing: [null] }, false],
  ['prefix', { 'instance-id': [{ prefix: 'i-0b' }] }, true],
  ['prefix of another text', { 'instance-id': [{ prefix: 'i-1b' }] }, false],
  ['prefix ignoring case', { FileName: [{ prefix: { 'equals-ignore-case': 'DIR/' } }] }, true],
  ['suffix', { FileName: [{ suffix: '.PNG' }] }, true],
  ['suffix is case-sensitive', { FileName: [{ suffix: '.png' }] }, false],
  ['suffix ignoring case', { FileName: [{ suffix: { 'equals-ignore-case': '.png' } }] }, true],
  ['equals-ignore-case', { 'instance-action': [{ 'equals-ignore-case': 'TERMINATE' }] }, true],
  ['anything-but a text', { 'instance-action': [{ 'anything-but': 'stop' }] }, true],
  ['anything-but the value', { 'instance-action': [{ 'anything-but': 'terminate' }] }, false],
  ['anything-but a list', { 'instance-action': [{ 'anything-but': ['stop', 'terminate'] }] }, false],
  ['anything-but numbers', { 'x-limit': [{ 'anything-but': [100, 200] }] }, true],
  ['anything-but needs the field', { missing: [{ 'anything-but': 'x' }] }, false],
  ['anything-but prefix', { 'instance-id': [{ 'anything-but': { prefix: 'i-0' } }] }, false],
  ['anything-but prefixes', { 'instance-id': [{ 'anything-but': { prefix: ['x', 'y'] } }] }, true],
  ['anything-but suffix', { FileName: [{ 'anything-but': { suffix: '.txt' } }] }, true],
  [
    'anything-but ignoring case',
    { 'instance-action': [{ 'anything-but': { 'equals-ignore-case': ['TERMINATE'] } }] },
    false,
  ],
  ['anything-but wildcard', { FileName: [{ 'anything-but': { wildcard: '*/*.PNG' } }] }, false],
  ['numeric range, both ends', { 'c-count': [{ numeric: ['>', 0, '<=', 5] }] }, true],
  ['numeric, one end, outside', { 'd-count': [{ numeric: ['<', 3] }] }, false],
  ['numeric equality', { 'x-limit': [{ numeric: ['=', 3.018e2] }] }, true],
  ['numeric refuses text', { 'instance-id': [{ numeric: ['>', 0] }] }, false],
  ['cidr inside', { 'source-ip': [{ cidr: '10.0.0.0/24' }] }, true],
  ['cidr outside', { 'source-ip': [{ cidr: '10.0.1.0/24' }] }, false],
  ['exists', { 'c-count': [{ exists: true }] }, true],
  ['exists, absent', { missing: [{ exists: true }] }, false],
  ['does not exist', { missing: [{ exists: false }] }, true],
  ['does not exist, present', { 'c-count': [{ exists: false }] }, false],
  ['an empty array holds no value', { empty: [{ exists: false }] }, true],
  ['exists looks at leaves only', { affectedEntities: [{ exists: true }] }, false],
  ['does not exist below an absent parent', { absent: { child: [{ exists: false }] } }, true],
  ['does not exist or has this value', { missing: ['x', { exists: false }] }, true],
  ['wildcard', { FileName: [{ wildcard: 'dir/*.PNG' }] }, true],
  ['wildcard, star at both ends', { FileName: [{ wildcard: '*image*' }] }, true],
  ['wildcard, escaped star is a star', { FileName: [{ wildcard: 'dir/\\*' }] }, false],
  ['nested in an array of objects', { affectedEntities: { entityValue: ['i-2'] } }, true],
  ['fields of one array element together', { affectedEntities: { entityValue: ['i-1'], status: ['OPEN'] } }, true],
  [
    'fields of different array elements do not add up',
    { affectedEntities: { entityValue: ['i-1'], status: ['CLOSED'] } },
    false,
  ],
  ['absence in an array means in every element', { affectedEntities: { status: [{ exists: false }] } }, false],
  ['$or, second branch', { $or: [{ 'c-count': [1] }, { 'd-count': [3] }] }, true],
  ['$or, no branch', { $or: [{ 'c-count': [1] }, { 'd-count': [1] }] }, false],
  ['$or and another field', { 'instance-action': ['stop'], $or: [{ 'c-count': [5] }, { 'd-count': [3] }] }, false],
  ['inherited properties are not fields', { constructor: [{ exists: true }] }, false],
];

describe('a pattern matches an event by', () => {
  test.each(rows)('%s', (_rule, detail, matches) => {
    expect(matchesPattern({ detail }, warning)).toBe(matches);
  });

  it('any element of an array in the event', () => {
    expect(matchesPattern({ resources: [{ suffix: 'i-0b662ef9931388ba0' }] }, warning)).toBe(true);
    expect(matchesPattern({ labels: [{ 'anything-but': 'a' }] }, { labels: ['a', 'b'] })).toBe(true);
    expect(matchesPattern({ labels: [{ 'anything-but': 'a' }] }, { labels: ['a'] })).toBe(false);
  });

  it('fields on every level', () => {
    const pattern = { source: ['aws.ec2'], account: ['123456789012'], detail: { 'instance-action': ['terminate'] } };
    expect(matchesPattern(pattern, warning)).toBe(true);
    expect(matchesPattern(pattern, { ...warning, account: '999999999999' })).toBe(false);
  });

  it('nothing at all when the event is no object', () => {
    for (const event of [null, undefined, 7, 'text', [], [[]]])
      expect(matchesPattern({ source: ['aws.ec2'] }, event)).toBe(false);
  });
});

describe('a pattern is refused', () => {
  test.each([
    ['a bare value', { source: 'aws.ec2' }],
    ['no fields', {}],
    ['an empty list', { source: [] }],
    ['an unknown operator', { source: [{ startsWith: 'aws' }] }],
    ['two operators in one object', { source: [{ prefix: 'a', suffix: 'b' }] }],
    ['consecutive stars', { source: [{ wildcard: 'a**b' }] }],
    ['a bad range', { detail: { count: [{ numeric: ['<', 5, '>', 1] }] } }],
    ['a bad network', { detail: { ip: [{ cidr: '10.0.0.0/33' }] } }],
    ['a list as a pattern', ['aws.ec2']],
  ])('for %s', (_name, pattern) => {
    expect(() => matchesPattern(pattern, warning)).toThrow(InvalidEventPattern);
  });
});

describe('for every event', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '*', '\\', '/'), maxLength: 8 });

  it('a wildcard answers as the regular expression of the same meaning', () => {
    const piece = fc.constantFrom(
      { wild: '*', regular: '.*' },
      { wild: 'a', regular: 'a' },
      { wild: 'b', regular: 'b' },
      { wild: '\\*', regular: '\\*' },
      { wild: '\\\\', regular: '\\\\' },
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), word, (pieces, value) => {
        const stars = pieces.filter((one, index) => !(one.wild === '*' && pieces[index - 1]?.wild === '*'));
        const pattern = { value: [{ wildcard: stars.map((one) => one.wild).join('') }] };
        const expected = new RegExp(`^${stars.map((one) => one.regular).join('')}$`, 's').test(value);
        expect(matchesPattern(pattern, { value })).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('anything-but is the opposite of the list, where the field is present', () => {
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), word, (listed, value) => {
        expect(matchesPattern({ value: [{ 'anything-but': listed }] }, { value })).toBe(!listed.includes(value));
      }),
    );
  });

  it('adding an alternative never takes a match away, adding a field never adds one', () => {
    const event = fc.record({ a: word, b: word });
    fc.assert(
      fc.property(event, word, word, (value, first, second) => {
        const narrow = matchesPattern({ a: [first] }, value);
        if (narrow) expect(matchesPattern({ a: [first, second] }, value)).toBe(true);
        if (matchesPattern({ a: [first], b: [second] }, value)) expect(narrow).toBe(true);
      }),
    );
  });

  it('exists true and exists false are opposites, whatever the event is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const present = matchesPattern({ a: { b: [{ exists: true }] } }, value);
        expect(matchesPattern({ a: { b: [{ exists: false }] } }, value)).toBe(!present);
      }),
      { numRuns: 300 },
    );
  });
});
