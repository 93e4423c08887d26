import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

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

const hashOf = ({ stdout }: Answer): string => (JSON.parse(stdout) as { traceHash: string }).traceHash;

/** A large campaign of its own is `npm run simulate`; this many seeds are played with every change. */
const SEEDS = 500;

describe('the simulator', () => {
  it(`keeps every promise in ${SEEDS} seeds`, { timeout: 900_000 }, async () => {
    const { code, stdout, stderr } = await simulate('--seeds', `1..${SEEDS}`, '--json');
    expect(stderr).toBe(`seeds 1..${SEEDS}\n`);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ seeds: SEEDS, violations: {} });
  });

  it('is a canary: with the fence gone it fails, says which promise, and how to see it again', {
    timeout: 300_000,
  }, async () => {
    const { code, stderr } = await simulate('--seeds', '1..25', '--bug', 'take-what-runs');
    expect(code).toBe(12);
    expect(stderr).toContain('broken: at most one accepted commit for each attempt and each task');
    expect(stderr).toMatch(/play it again: npm run simulate -- --seeds (\d+)\.\.\1 --bug take-what-runs --trace/);
  });

  it('is the same life again for the same seed', { timeout: 300_000 }, async () => {
    const [one, other] = await Promise.all([
      simulate('--seeds', '3..10', '--json'),
      simulate('--seeds', '3..10', '--json'),
    ]);
    expect(hashOf(one)).toBe(hashOf(other));
  });

  it.each([['--seeds', 'many'], ['--fault', 'F999'], ['--bug', 'none'], ['--wrong']])(
    'refuses %s %s as a command line',
    async (...args) => {
      expect((await simulate(...args.filter((arg) => arg !== undefined))).code).toBe(2);
    },
  );
});
