import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readFleetFile } from '../../lib/config/fleet-file.ts';
import { SMALL_FILE } from './fleet-text.ts';

const wholeFleet = () => ({
  mode: 'manage',
  tier: 'bulk',
  windowHours: 24,
  queue: {
    url: 'https://sqs.us-east-1.amazonaws.com/123456789012/jobs',
    arn: 'arn:aws:sqs:us-east-1:123456789012:jobs',
    taskIdPath: 'job.id',
    visibilitySeconds: 60,
    maxFailures: 3,
    retryDelaySeconds: 30,
  },
  instanceTypes: ['c7g.large', 'c6g.large', 'm7g.large'],
  zones: ['us-east-1a', 'us-east-1b'],
  allowSingleZone: false,
  network: {
    subnets: ['subnet-0a1b2c3d4e5f60718', 'subnet-0b2c3d4e5f6071829'],
    securityGroups: ['sg-0c3d4e5f60718293a'],
  },
  capacity: { min: 1, max: 20, targetBacklog: 10 },
  spot: { maxPercentOfOnDemand: 80, strategy: 'balanced' },
  onDemand: { base: 1, fallback: true, max: 5, afterSeconds: 0 },
  drain: { marginSeconds: 10, windowSeconds: 120, waryMinutes: 15, rebalance: 'wary' },
  report: {
    recipients: ['ops@example.com'],
    from: 'spothop@example.com',
    schedule: 'rate(7 days)',
    timeZone: 'Europe/Berlin',
    currency: { code: 'AUD', perUsd: 1.52 },
  },
  worker: { command: 'python3 worker.py', concurrency: 4, setup: 'dnf install -y python3.12', maximumAgeHours: 24 },
  upgrade: 'rolling',
  image: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64',
  architecture: 'arm64',
  tags: { team: 'data' },
});

/** Each field with values that it must not have; `undefined` leaves it out. */
const BREAKAGES: Readonly<Record<string, readonly unknown[]>> = {
  mode: ['watch', 1, null, undefined],
  tier: ['fast', true],
  windowHours: [0, 337, 1.5, '24'],
  'queue.url': ['ftp://example.com/x', 7],
  'queue.arn': ['arn:aws:sns:us-east-1:123456789012:jobs', null],
  'queue.taskIdPath': ['job..id', 'job id'],
  'queue.visibilitySeconds': [29, 43_201, '60'],
  'queue.maxFailures': [0, 2.5],
  'queue.retryDelaySeconds': [-1, 901],
  instanceTypes: [[], 'c7g.large', undefined],
  zones: [[], 5, undefined],
  allowSingleZone: ['no', 0],
  'network.subnets': [[], 5, undefined],
  'network.securityGroups': [[], 'sg-1', undefined],
  'capacity.min': [-1, 'few', 0.5],
  'capacity.max': [-1, 10_001, undefined],
  'capacity.targetBacklog': [0, 'many'],
  'spot.maxPercentOfOnDemand': [0, 1_001, '90 %'],
  'spot.strategy': ['lowest-price', true],
  'onDemand.base': [-1, null],
  'onDemand.fallback': ['yes', 1],
  'onDemand.max': [-5, 'all'],
  'onDemand.afterSeconds': [-1, 86_401, 1.5, '600'],
  'drain.marginSeconds': [4, 55],
  'drain.windowSeconds': [119, true],
  'drain.waryMinutes': [0, 1_441],
  'drain.rebalance': ['maybe', 3],
  'report.recipients': ['ops@example.com', 5],
  'report.from': ['Spothop <spothop@example.com>', 5],
  'report.schedule': ['weekly', 'at(2030-01-01T00:00:00)', 5],
  'report.timeZone': ['Mars/Olympus', '+02:00', 5],
  'report.currency.code': ['money', 5],
  'report.currency.perUsd': [0, 'two'],
  'worker.command': ['', ' ', 5],
  'worker.concurrency': [0, 101, 1.5, 'many'],
  'worker.setup': ['', 5],
  'worker.maximumAgeHours': [0, 337],
  upgrade: ['now', true],
  image: ['ami-0123456789abcdef0', '/', 5],
  architecture: ['arm', 64],
  'tags.team': [42, ['a']],
};

type Keys = Record<string, unknown>;

const replaceAt = (fleet: object, path: string, value: unknown): void => {
  const keys = path.split('.');
  const parent = keys.slice(0, -1).reduce((at, key) => at[key] as Keys, fleet as Keys);
  parent[keys.at(-1)!] = value;
};

const anyBreakages = fc
  .subarray(Object.keys(BREAKAGES), { minLength: 1 })
  .chain((paths) =>
    fc.tuple(...paths.map((path) => fc.constantFrom(...BREAKAGES[path]!).map((value) => [path, value] as const))),
  );

const problemsOf = (text: string) => {
  const result = readFleetFile(text);
  return result.ok ? [] : result.problems;
};

describe('whatever subset of fields is broken', () => {
  it('every broken field is named, and no other', () => {
    expect(problemsOf(stringify({ version: 1, fleets: { jobs: wholeFleet() } }))).toEqual([]);
    fc.assert(
      fc.property(anyBreakages, (breakages) => {
        const fleet = wholeFleet();
        for (const [path, value] of breakages) replaceAt(fleet, path, value);
        const named = problemsOf(stringify({ version: 1, fleets: { jobs: fleet } })).map(({ path }) => path);
        expect([...named].sort()).toEqual(breakages.map(([path]) => `fleets.jobs.${path}`).sort());
      }),
      { numRuns: 300 },
    );
  });

  it('each problem stands on the line of its key, in the order of the lines, with a fix', () => {
    fc.assert(
      fc.property(anyBreakages, (breakages) => {
        const fleet = wholeFleet();
        const written = breakages.filter(([, value]) => value !== undefined);
        for (const [path, value] of written) replaceAt(fleet, path, value);
        const text = stringify({ version: 1, fleets: { jobs: fleet } });
        const lines = text.split('\n');
        const problems = problemsOf(text);
        for (const { line, column, path, fix } of problems) {
          expect(lines[line - 1]!.slice(column - 1)).toMatch(new RegExp(`^${path.split('.').at(-1)}:`));
          expect(fix).not.toBe('');
        }
        expect(problems.map(({ line }) => line)).toEqual(problems.map(({ line }) => line).sort((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });
});

describe('whatever is typed into the file', () => {
  const anyEdit = fc.record({
    at: fc.nat(SMALL_FILE.length),
    removed: fc.nat(12),
    typed: fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom(
        '\t',
        ':',
        '- ',
        '[',
        '{',
        '}',
        '&a ',
        '*a',
        '!',
        '|',
        '>',
        '? ',
        '\n',
        '"',
        "'",
        '---\n',
        '__proto__: ',
      ),
    ),
  });

  it('it is answered with fleets, or with problems that are all inside the file', () => {
    fc.assert(
      fc.property(fc.array(anyEdit, { minLength: 1, maxLength: 4 }), (edits) => {
        const text = edits.reduce(
          (old, { at, removed, typed }) => old.slice(0, at) + typed + old.slice(at + removed),
          SMALL_FILE,
        );
        const result = readFleetFile(text);
        const problems = result.ok ? result.warnings : result.problems;
        expect(result.ok ? result.fleets.length : problems.length).toBeGreaterThan(0);
        const lineCount = text.split('\n').length;
        for (const { line, column } of problems) {
          expect(line >= 1 && line <= lineCount && column >= 1).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
