import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { REGRESSIONS, type Regression } from './regressions.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const simulate = (...args: readonly string[]): Promise<Answer> =>
  new Promise((resolve) => {
    execFile(process.execPath, ['bin/simulate.ts', ...args], { cwd: ROOT }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
  });

interface Figures {
  readonly seeds: number;
  readonly violations: Readonly<Record<string, number>>;
  readonly medians: Readonly<Record<'hours' | 'machines' | 'tasks' | 'reclaims' | 'crashes', number>>;
}

const hashOf = ({ stdout }: Answer): string => (JSON.parse(stdout) as { traceHash: string }).traceHash;

/** A large campaign of its own is `npm run simulate`; this many seeds are played with every change. */
const SEEDS = 500;

/** Alone on two cores all of this file takes a minute; the limits leave room for a machine that does other things too. */
const LONG_MS = 900_000;
const SHORT_MS = 300_000;

const flagsOf = ({ life = 'manage', fault }: Regression): string =>
  fault === undefined ? `--life ${life}` : `--life ${life} --fault ${fault}`;

const REGRESSIONS_BY_FLAGS = [...Map.groupBy(REGRESSIONS, flagsOf)];

describe('the simulator', () => {
  it(`keeps every promise in ${SEEDS} seeds`, { timeout: LONG_MS }, async () => {
    const { code, stdout, stderr } = await simulate('--seeds', `1..${SEEDS}`, '--json');
    expect(stderr).toBe(`seeds 1..${SEEDS}\n`);
    expect(code).toBe(0);
    const { seeds, violations, medians } = JSON.parse(stdout) as Figures;
    expect({ seeds, violations }).toEqual({ seeds: SEEDS, violations: {} });
    expect(medians.hours).toBeGreaterThanOrEqual(1);
    expect(medians.machines).toBeGreaterThanOrEqual(4);
    expect(medians.tasks).toBeGreaterThanOrEqual(40);
    expect(medians.reclaims).toBeGreaterThanOrEqual(3);
    expect(medians.crashes).toBeGreaterThanOrEqual(1);
  });

  it.each(REGRESSIONS_BY_FLAGS)('keeps what was broken once: %s', { timeout: SHORT_MS }, async (flags, some) => {
    const seeds = some.map(({ seed }) => seed).join(',');
    const { code, stdout, stderr } = await simulate('--seeds', seeds, ...flags.split(' '), '--json');
    expect(stderr).toBe(`seeds ${seeds}\n`);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ seeds: some.length, violations: {} });
  });

  it('is a canary: with the fence gone it fails, says which promise, and how to see it again', {
    timeout: SHORT_MS,
  }, async () => {
    const { code, stderr } = await simulate('--seeds', '1..12', '--bug', 'take-what-runs');
    expect(code).toBe(12);
    expect(stderr).toContain('broken: at most one accepted commit for each attempt and each task');
    expect(stderr).toMatch(/play it again: npm run simulate -- --seeds (\d+)\.\.\1 --bug take-what-runs --trace/);
  });

  it('is the same life again for the same seed, whatever was played before it', { timeout: SHORT_MS }, async () => {
    const [one, other, backwards] = await Promise.all([
      simulate('--seeds', '3..8', '--json'),
      simulate('--seeds', '3..8', '--json'),
      simulate('--seeds', '6..8,3..5', '--json'),
    ]);
    expect(hashOf(other)).toBe(hashOf(one));
    expect(hashOf(backwards)).toBe(hashOf(one));
  });

  it.each([['--seeds', 'many'], ['--fault', 'F999'], ['--bug', 'none'], ['--life', 'none'], ['--wrong']])(
    'refuses %s %s as a command line',
    async (...args) => {
      expect((await simulate(...args.filter((arg) => arg !== undefined))).code).toBe(2);
    },
  );
});
