import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const COMMAND = fileURLToPath(new URL('../../bin/spothop.ts', import.meta.url));

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-replay-'));
  mkdirSync(join(folder, 'frontiercs-cbl'));
  const packed = (name: string, content: unknown): void =>
    writeFileSync(join(folder, 'frontiercs-cbl', name), gzipSync(JSON.stringify(content)));
  packed('single_region_availability.json.gz', { gap_seconds: 600, availability_rle: { k80: [[1, 600]] } });
  packed('single_region_windows.json.gz', {
    start_by_window_index: [0],
    adrs_leaderboard_30_window_ids: [0],
    adrs_envs: ['k80'],
  });
  const trace = JSON.stringify({ metadata: { gap_seconds: 3_600 }, data: [1, 0, 1, 1, 1, 1] });
  writeFileSync(join(folder, 'plain.json'), trace);
  writeFileSync(join(folder, 'packed.json.gz'), gzipSync(trace));
  writeFileSync(join(folder, 'cut.json.gz'), gzipSync(trace).subarray(0, 30));
  writeFileSync(join(folder, 'empty.json'), '');
});

afterAll(() => rmSync(folder, { recursive: true }));

const spothop = (...words: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [COMMAND, 'replay', ...words], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
};

const JOB = [
  ...['--job-hours', '3', '--deadline-hours', '6', '--changeover-hours', '0.25'],
  ...['--price', '0.3', '--on-demand-price', '1', '--policy', 'greedy'],
];

describe('spothop replay, as a process', () => {
  it('ends on exactly one line with --json, from threads', () => {
    const words = ['--suite', 'adrs', '--traces', '.', '--json', '--policy', 'greedy', 'uniform-progress', 'on-demand'];
    const { status, stdout, stderr } = spothop(...words);
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout.split('\n')).toHaveLength(2);
    const { suite, policies } = JSON.parse(stdout);
    expect(suite).toBe('adrs');
    expect(Object.keys(policies)).toEqual(['uniform-progress', 'greedy', 'on-demand', 'optimum']);
    // 289 whole ticks of ten minutes at 0.9731 dollars an hour.
    expect(policies.greedy).toMatchObject({ cost: 46.870983, ratioToOptimum: 1, misses: 0, launches: 1, runs: 6 });
    expect(policies.greedy.cells[0]).toMatchObject({
      name: '52 h, start-up 0.02 h',
      cost: 46.870983,
      ratioToOptimum: 1,
      misses: 0,
    });
  });

  it('reads a trace packed by gzip as one that is not', () => {
    const plain = spothop('--trace', 'plain.json', ...JOB, '--json');
    const packed = spothop('--trace', 'packed.json.gz', ...JOB, '--json');
    expect(plain.status).toBe(0);
    expect(packed.stdout).toBe(plain.stdout);
  });

  it('names every file that it cannot use, and answers 1', () => {
    const { status, stdout, stderr } = spothop('--trace', 'cut.json.gz', 'empty.json', 'none.json', '.', ...JOB);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'cut.json.gz: it begins as gzip and cannot be unpacked; fetch it again',
      expect.stringMatching(/^none\.json: there is no such file; /),
      expect.stringMatching(/^\.: it is a directory; /),
      expect.stringMatching(/^empty\.json: the file: it is not JSON /),
    ]);
  });

  it('answers 2 to a command line that it does not understand', () => {
    const { status, stderr } = spothop('--suite', 'luck', '--seed', 'x');
    expect(status).toBe(2);
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  });
});
