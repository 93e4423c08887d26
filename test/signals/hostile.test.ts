import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printable } from '../../lib/signals/printable.ts';
import { changed, fixture, parseIn } from './support.ts';

const ANSWER_MS_MAX = 50;
const KIB = 1_024;
const LIMIT = 256 * KIB;
const INSTANCE_ID = /^i-[0-9a-f]{6,32}$/;

/** The best of three: other work on the machine may slow one run, never every one. */
const bestMs = (run: () => unknown): number =>
  Math.min(
    ...[1, 2, 3].map(() => {
      const startedAt = performance.now();
      run();
      return performance.now() - startedAt;
    }),
  );

const filled = (start: string, unit: string, end: string, bytes: number): string =>
  start + unit.repeat(Math.floor((bytes - start.length - end.length) / unit.length)) + end;

const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;

const HOSTILE: readonly [name: string, body: string][] = [
  ['256 KiB of blanks', ' '.repeat(LIMIT)],
  ['256 KiB of brackets', '['.repeat(LIMIT)],
  ['256 KiB of objects that never close', '{"a":'.repeat(LIMIT / 5)],
  ['256 KiB of backslashes in a string', filled('"', '\\\\', '"', LIMIT)],
  ['256 KiB of quotes', '"'.repeat(LIMIT)],
  ['256 KiB of one number', '9'.repeat(LIMIT)],
  ['an array of 128 Ki numbers', filled('[', '1,', '1]', LIMIT)],
  ['an object of 20 Ki prototype keys', filled('{', '"__proto__":1,', '"a":1}', LIMIT)],
  ['a megabyte more than allowed', 'x'.repeat(LIMIT + KIB * KIB)],
  ['multi-byte text that is too large only in bytes', 'é'.repeat(LIMIT - 1)],
  ['1,000 levels', deep(1_000)],
  ['100,000 levels', deep(100_000)],
  ['1,000 levels inside a warning', changed('spot-interruption', {}).replace('"terminate"', deep(1_000))],
  ['SNS that wraps 100,000 levels', JSON.stringify({ Type: 'Notification', Message: deep(100_000) })],
  ['a source of 200 KiB', changed('spot-interruption', { source: 'aws.ec2'.repeat(28 * KIB) })],
  ['a time of 200 KiB', changed('spot-interruption', { time: '2026-01-01T00:00:00.'.padEnd(200 * KIB, '0') })],
  [
    'a state of 200 KiB of controls',
    changed('state-change-stopping', { region: 'us-east-2' }, { state: '\u001b'.repeat(30 * KIB) }),
  ],
  [
    '10,000 evicted machines',
    changed(
      'bid-evicted',
      { region: 'us-east-2' },
      { serviceEventDetails: { instanceIdSet: Array(10_000).fill('i-12345678') } },
    ),
  ],
  ['an unpaired surrogate', '{"source":"\\ud800"}'],
];

describe('hostile bodies', () => {
  it.each(HOSTILE)('%s: not recognised, within 50 ms', (_, body) => {
    expect(parseIn('us-east-2', body)).toMatchObject({ kind: 'unrecognised' });
    expect(bestMs(() => parseIn('us-east-2', body))).toBeLessThan(ANSWER_MS_MAX);
  });

  it('a body of exactly 256 KiB is read, one more byte is not', () => {
    const body = fixture('spot-interruption');
    expect(parseIn('us-east-2', body.padEnd(LIMIT))).toMatchObject({ kind: 'signals' });
    expect(parseIn('us-east-2', body.padEnd(LIMIT + 1))).toMatchObject({ because: 'larger than 256 KiB' });
    const largeInBytesOnly = changed('spot-interruption', {}, { more: 'é'.repeat(LIMIT / 2) });
    expect(parseIn('us-east-2', largeInBytesOnly)).toMatchObject({ because: 'larger than 256 KiB' });
  });

  it('64 levels are read, one more is not, and brackets inside text do not count', () => {
    const padded = (levels: number) => changed('spot-interruption', {}, { more: JSON.parse(deep(levels)) });
    expect(parseIn('us-east-2', padded(62))).toMatchObject({ kind: 'signals' });
    expect(parseIn('us-east-2', padded(63))).toMatchObject({ because: 'nested deeper than 64 levels' });
    const text = changed('spot-interruption', {}, { more: `\\"${'[{'.repeat(500)}` });
    expect(parseIn('us-east-2', text)).toMatchObject({ kind: 'signals' });
  });

  it('prototype keys change neither the answer nor any other object', () => {
    const polluted = fixture('spot-interruption').replace(
      '{',
      '{"__proto__":{"account":"210987654321","polluted":true},"constructor":{"prototype":{"polluted":true}},',
    );
    expect(parseIn('us-east-2', polluted)).toMatchObject({ kind: 'signals' });
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    const inherited = `{"__proto__":${fixture('spot-interruption')}}`;
    expect(parseIn('us-east-2', inherited)).toMatchObject({ kind: 'unrecognised' });
  });

  it('a reason never carries control codes or line breaks, nor more than a line of foreign text', () => {
    const forged = `\u001b[2J\r\n2026-01-01 INFO all is well \u202e${'x'.repeat(1_000)}`;
    for (const body of [
      changed('spot-interruption', { source: forged }),
      changed('spot-interruption', { 'detail-type': forged }),
      changed('spot-interruption', { time: forged }),
      changed('spot-interruption', {}, { 'instance-id': forged }),
      changed('state-change-stopping', { region: 'us-east-2' }, { state: forged }),
      changed('scheduled-change', {}, { eventRegion: forged }),
    ]) {
      const parsed = parseIn('us-east-2', body);
      const because = parsed.kind === 'signals' ? '' : parsed.because;
      expect(because).toMatch(/^[\x20-\x7e]{10,240}$/);
    }
  });
});

describe('printable', () => {
  it('escapes everything but printable ASCII', () => {
    expect(printable('a\n\u001b[31m\\é\u{1f600}')).toBe('a\\u{a}\\u{1b}[31m\\\\\\u{e9}\\u{1f600}');
  });

  it('cuts at 80 characters and says so', () => {
    expect(printable('x'.repeat(80))).toBe('x'.repeat(80));
    expect(printable('x'.repeat(81))).toBe(`${'x'.repeat(77)}...`);
  });
});

const idsIn = (body: string): readonly string[] => {
  const parsed = parseIn('us-east-2', body);
  return parsed.kind === 'signals' ? parsed.signals.map(({ instanceId }) => instanceId) : [];
};

const field = fc.constantFrom(
  'version',
  'id',
  'source',
  'detail-type',
  'account',
  'time',
  'region',
  'resources',
  'detail',
);
const detailField = fc.constantFrom('instance-id', 'instance-action', 'EC2InstanceId', 'state', '__proto__', 'extra');

describe('any input at all', () => {
  it('any text is answered, and a signal never has an invalid id', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (body) => {
        for (const id of idsIn(body)) expect(id).toMatch(INSTANCE_ID);
      }),
      { numRuns: 500 },
    );
  });

  it('any JSON value in any field of any event is answered, and a signal never has an invalid id', () => {
    const names = fc.constantFrom('spot-interruption', 'bid-evicted', 'scheduled-change', 'lifecycle-terminating');
    fc.assert(
      fc.property(
        names,
        fc.dictionary(field, fc.jsonValue()),
        fc.dictionary(detailField, fc.jsonValue()),
        (...change) => {
          for (const id of idsIn(changed(...change))) expect(id).toMatch(INSTANCE_ID);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('a warning with one character changed names the same machine or is not acted on as one of its own', () => {
    const original = JSON.stringify(JSON.parse(fixture('spot-interruption')));
    // The id's own digits are left out: another valid id there is another machine, and no parser can know.
    const digits = original.indexOf('"i-1234567890abcdef0"') + '"i-'.length;
    const outside = fc.nat({ max: original.length - 1 }).filter((at) => at < digits || at >= digits + 17);
    fc.assert(
      fc.property(outside, fc.string({ unit: 'binary-ascii', minLength: 0, maxLength: 2 }), (at, replacement) => {
        const ids = idsIn(original.slice(0, at) + replacement + original.slice(at + 1));
        expect([[], ['i-1234567890abcdef0']]).toContainEqual(ids);
      }),
      { numRuns: 2_000 },
    );
  });
});
