import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readFleetFile } from '../../lib/config/fleet-file.ts';
import { parseFleets } from '../../lib/config/parse-fleets.ts';
import { serialiseFleets } from '../../lib/config/serialise-fleets.ts';
import { SMALL_FILE } from './fleet-text.ts';

const fleetsIn = (text: string) => {
  const result = readFleetFile(text);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.fleets;
};

const ZONES = ['us-east-1a', 'us-east-1b', 'us-east-1c'];
const SUBNETS = ['subnet-0a1b2c3d4e5f60718', 'subnet-0b2c3d4e5f6071829', 'subnet-0c3d4e5f607182930'];

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const anyNetwork = fc.record({
  subnets: fc.constantFrom<unknown>(SUBNETS, Object.fromEntries(ZONES.map((zone, i) => [zone, SUBNETS[i]]))),
  securityGroups: fc.constant(['sg-0c3d4e5f60718293a']),
});

const anyQueue = fc.record({
  taskIdAttribute: maybe(fc.constant('JobId')),
  visibilitySeconds: maybe(fc.integer({ min: 30, max: 43_200 })),
  retryDelaySeconds: maybe(fc.integer({ min: 0, max: 900 })),
});

const anyReport = fc.record({
  recipients: maybe(fc.constant(['ops@example.com'])),
  from: fc.constant('spothop@example.com'),
  timeZone: maybe(fc.constantFrom('UTC', 'Asia/Tokyo')),
  currency: maybe(fc.constantFrom<unknown>('USD', { code: 'USD' }, { code: 'EUR', perUsd: 0.92 })),
});

/** Valid fleets, each part written or left to its default. */
const anyFleetAsDrawn = fc.record({
  mode: fc.constantFrom('manage', 'observe'),
  tier: maybe(fc.constantFrom('bulk', 'realtime')),
  windowHours: maybe(fc.constantFrom(1, 12, 336)),
  queue: maybe(anyQueue),
  instanceTypes: fc.constantFrom(['c7g.large'], ['c7i.large', 'm7i.large', 'c6a.large'], ['u-6tb1.56xlarge']),
  zones: fc.constant(ZONES),
  network: anyNetwork,
  capacity: fc.record({
    min: maybe(fc.nat(5)),
    max: fc.integer({ min: 5, max: 50 }),
    targetBacklog: maybe(fc.constantFrom(1, 10)),
  }),
  onDemand: maybe(
    fc.record({
      base: maybe(fc.nat(2)),
      fallback: maybe(fc.boolean()),
      max: maybe(fc.integer({ min: 2, max: 5 })),
      afterSeconds: maybe(fc.integer({ min: 0, max: 86_400 })),
    }),
  ),
  drain: maybe(
    fc.record({ marginSeconds: maybe(fc.integer({ min: 5, max: 54 })), waryMinutes: maybe(fc.constantFrom(7, 15)) }),
  ),
  report: maybe(anyReport),
  worker: fc.oneof(
    fc.record({
      task: fc.constant('./task.ts'),
      setup: maybe(fc.constant('echo "one"\necho two\n')),
      concurrency: maybe(fc.integer({ min: 1, max: 100 })),
    }),
    fc.record({ command: fc.constant('python3 worker.py --name "a b"'), concurrency: maybe(fc.constantFrom(1, 8)) }),
    fc.record({ supervise: fc.constant('prefect worker start --pool spot') }),
  ),
  upgrade: maybe(fc.constantFrom('on-replacement', 'rolling')),
  image: maybe(fc.constant('/team/images/worker')),
  tags: maybe(
    fc.dictionary(fc.stringMatching(/^[A-Za-z]{1,8}$/), fc.stringMatching(/^[A-Za-z0-9 ]{0,8}$/), { maxKeys: 3 }),
  ),
});

/** A supervised program needs a number of machines. */
const supervised = anyFleetAsDrawn.map((fleet) =>
  'supervise' in fleet.worker ? { ...fleet, capacity: { ...fleet.capacity, min: 1 } } : fleet,
);

/** How long spot is waited for is said once. */
const waits = ({
  onDemand,
}: {
  readonly onDemand?: { readonly afterSeconds: number | undefined } | undefined;
}): boolean => (onDemand?.afterSeconds ?? 0) > 0;

/** Only tasks of ours that may wait for spot have a window. */
const anyFleet = supervised.map(({ windowHours, ...fleet }) =>
  'supervise' in fleet.worker || fleet.tier === 'realtime' || windowHours === undefined || waits(fleet)
    ? fleet
    : { ...fleet, windowHours },
);

const anyFile = fc
  .dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,6}$/), anyFleet, { minKeys: 1, maxKeys: 2 })
  .map((fleets) => stringify({ version: 1, fleets }, { aliasDuplicateObjects: false }));

describe('fleets in the environment of a function', () => {
  it('are the fleets of the file, whatever was written and whatever left out', () => {
    fc.assert(
      fc.property(anyFile, (text) => {
        const fleets = fleetsIn(text);
        expect(parseFleets(serialiseFleets(fleets))).toEqual(fleets);
      }),
      { numRuns: 200 },
    );
  });

  it('take 600 bytes each in the example, so that several fit the 4 KB of a function', () => {
    const text = readFileSync(new URL('../../spothop.yml', import.meta.url), 'utf8');
    const fleets = fleetsIn(text);
    expect(Buffer.byteLength(serialiseFleets(fleets))).toBeLessThan(600 * fleets.length);
  });

  it('that would not fit are refused in the file already', () => {
    const setup = `    worker: { command: run, setup: "${'x'.repeat(1_900)}" }\n`;
    const fleet = SMALL_FILE.replace('version: 1\nfleets:\n', '').replace(/ {4}worker.*\n/, setup);
    const result = readFleetFile(`version: 1\nfleets:\n${fleet}${fleet.replace('jobs', 'more')}`);
    expect(result.ok ? [] : result.problems).toEqual([
      {
        line: 2,
        column: 1,
        path: 'fleets',
        reason: expect.stringMatching(/^need 4\d\d\d bytes of the functions' environment, which has 3300 for them$/),
        fix: 'move long commands into scripts, or fleets into a second deployment',
      },
    ]);
  });

  it('are as many as fit together with what a deployment says of each: Lambda takes 4,096 bytes in all', () => {
    const fleet = SMALL_FILE.replace('version: 1\nfleets:\n', '');
    const names = Array.from({ length: 30 }, (_, number) => `jobs${number}`);
    const accepted = names
      .map((_name, index) => names.slice(0, index + 1))
      .map((some) => ({
        some,
        file: `version: 1\nfleets:\n${some.map((name) => fleet.replace('jobs', name)).join('')}`,
      }))
      .filter(({ file }) => readFleetFile(file).ok);
    const host = 'https://sqs.ap-southeast-1.amazonaws.com/123456789012';
    const deployed = (name: string) => ({
      queueUrl: `${host}/spothop-production-${name}WorkQueue-ABCDEFGHIJKL`,
      launchTemplateId: 'lt-0123456789abcdef0',
      launchTemplateVersion: '12',
    });
    const bytes = accepted.map(({ some, file }) => {
      const resources = JSON.stringify(Object.fromEntries(some.map((name) => [name, deployed(name)])));
      return Buffer.byteLength(serialiseFleets(fleetsIn(file)) + resources);
    });
    // Names and values of the service's own variables, as the packaged template has them.
    expect(bytes.filter((each) => each + 760 > 4_096)).toEqual([]);
    expect(accepted.length).toBeGreaterThan(3);
  });

  it('of another form are left alone', () => {
    expect(() => parseFleets('{"form":2,"fleets":{}}')).toThrow(
      'The fleets in the environment are of form 2; this version reads form 1, so they are left alone. Run `serverless deploy`, so that functions and fleets are of one version.',
    );
  });

  it.each([
    '',
    'null',
    '[]',
    '"x"',
    '{"form":1}',
    '{"form":1,"fleets":{"a":{}}}',
    '{"form":1,"fleets":{"__proto__":{}}}',
  ])('that are %s stop the function with a reason', (json) => {
    expect(() => parseFleets(json)).toThrow(/^The fleets in the environment are .*Run `serverless deploy`/);
  });

  it('are checked as strictly as the file', () => {
    const json = serialiseFleets(fleetsIn(SMALL_FILE)).replace('"max":20', '"max":-1');
    expect(() => parseFleets(json)).toThrow(
      'fleets.jobs.capacity.max: must be a whole number of machines from 0 to 10000, not -1',
    );
  });
});
