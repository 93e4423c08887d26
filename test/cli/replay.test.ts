import { describe, expect, it } from 'vitest';
import { run } from './support.ts';

const trace = (data: readonly number[], gap = 3_600): string =>
  JSON.stringify({ metadata: { gap_seconds: gap }, data });

const JOB = [
  ...['--job-hours', '3', '--deadline-hours', '6', '--changeover-hours', '0.25'],
  ...['--price', '0.3', '--on-demand-price', '1'],
];

describe('spothop replay --trace', () => {
  it('answers on one line with the figures of every policy', async () => {
    const { code, stdout } = await run(['replay', '--trace', 'a.json', ...JOB, '--json'], {
      'a.json': trace([1, 0, 1, 1, 1, 1]),
    });
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    const { suite, policies } = JSON.parse(stdout);
    expect(suite).toBe('own');
    expect(policies.greedy).toMatchObject({
      cost: 1.05,
      score: null,
      misses: 0,
      launches: 2,
      ratioToOptimum: 1.076923,
    });
    expect(policies.optimum).toMatchObject({ cost: 0.975, ratioToOptimum: 1 });
    expect(policies['on-demand'].cost).toBe(3.25);
    expect(policies.greedy.cells).toHaveLength(1);
    expect(policies.greedy.cells[0]).toMatchObject({ cost: 1.05, ratioToOptimum: 1.076923, misses: 0 });
  });

  it('starts the job at every quarter of its deadline, or once where it is told to', async () => {
    const files = { 'a.json': trace(Array.from({ length: 12 }, () => 1)) };
    const runsOf = async (...words: readonly string[]): Promise<number> =>
      JSON.parse((await run(['replay', '--trace', 'a.json', ...JOB, '--json', ...words], files)).stdout).policies.greedy
        .runs;
    expect(await runsOf()).toBe(7);
    expect(await runsOf('--start-hours', '2')).toBe(1);
  });

  it('takes several files as several pools', async () => {
    const files = { 'a.json': trace([1, 0, 0, 0, 0, 0]), 'b.json': trace([0, 1, 1, 1, 1, 1]) };
    const words = ['replay', '--trace', 'a.json', 'b.json', ...JOB, '--json', '--policy', 'greedy'];
    const { policies } = JSON.parse((await run(words, files)).stdout);
    expect(Object.keys(policies)).toEqual(['greedy', 'optimum']);
    expect(policies.greedy).toMatchObject({ launches: 2, cost: 1.05 });
  });

  it('has a table for people', async () => {
    const { stdout } = await run(['replay', '--trace', 'a.json', ...JOB], { 'a.json': trace([1, 0, 1, 1, 1, 1]) });
    expect(stdout).toMatch(/^own: cost in dollars a job/);
    expect(stdout).toMatch(/greedy +1\.050/);
  });

  it('names every problem of every file at once', async () => {
    const { code, stderr } = await run(['replay', '--trace', 'a.json', 'b.json', 'c.json', 'd.json', ...JOB], {
      'a.json': trace([1, 2.5]),
      'b.json': 'no JSON',
      'd.json': '{"data":[1]}',
    });
    expect(code).toBe(1);
    expect(
      stderr
        .trimEnd()
        .split('\n')
        .map((line) => line.split(': ').slice(0, 2).join(': ')),
    ).toEqual(
      [
        'c.json: there is no such file; name a trace, {"metadata":{"gap_seconds":600},"data":[1,0,…]}, packed by gzip or not',
        'a.json: data[1]',
        'b.json: the file',
        'd.json: metadata.gap_seconds',
      ].map((line) => line.split(': ').slice(0, 2).join(': ')),
    );
  });

  it('says so when pools were looked at at different times', async () => {
    const files = { 'a.json': trace([1, 1]), 'b.json': trace([1, 1], 600) };
    const { code, stderr } = await run(['replay', '--trace', 'a.json', 'b.json', ...JOB], files);
    expect([code, stderr]).toEqual([
      1,
      'b.json: its gap_seconds is 600, that of a.json is 3600; bring both to the same gap, or replay them apart\n',
    ]);
  });

  it('says so when the job cannot be done, or the trace is too short', async () => {
    const files = { 'a.json': trace([1, 1]) };
    const tight = JOB.map((word) => (word === '6' ? '3' : word));
    expect((await run(['replay', '--trace', 'a.json', ...tight], files)).stderr).toMatch(/^--deadline-hours: not even/);
    expect((await run(['replay', '--trace', 'a.json', ...JOB], files)).stderr).toMatch(
      /^--trace: the trace has 2.00 h/,
    );
  });
});

describe('spothop replay --suite', () => {
  it('replays fleets on counts of the user', async () => {
    const counts = trace(Array.from({ length: 24 }, (_, hour) => (hour % 6 === 0 ? 2 : 20)));
    const { code, stdout } = await run(['replay', '--suite', 'fleet', '--trace', 'a.json', '--json'], {
      'a.json': counts,
    });
    const { suite, policies } = JSON.parse(stdout);
    expect([code, suite]).toEqual([0, 'fleet']);
    expect(policies.spothop.cells).toHaveLength(24);
    expect(policies.spothop.cost).toBeLessThan(policies['on-demand'].cost);
    expect(policies.optimum.throughput).toBe(1);
  });

  it('names the files that it does not find', async () => {
    const { code, stderr } = await run(['replay', '--suite', 'adrs', '--traces', 'nowhere']);
    expect(code).toBe(1);
    expect(stderr).toContain('nowhere/frontiercs-cbl/single_region_availability.json.gz: there is no such file');
    expect(stderr.trimEnd().split('\n')).toHaveLength(2);
  });

  it.each([
    [['--suite', 'none'], 'there is no suite none'],
    [[], 'name a suite with --suite'],
    [['--suite', 'adrs'], '--traces'],
    [['--suite', 'grid', '--trace', 'a.json'], 'only fleet takes --trace'],
    [['--trace', 'a.json', '--job-hours', '3'], '--deadline-hours, --changeover-hours, --price, --on-demand-price'],
    [['--suite', 'adrs', '--traces', 'x', '--policy', 'luck'], 'there is no policy luck'],
    [['--trace', 'a.json', '--job-hours', '-1'], 'above 0'],
    [['--suite', 'adrs', '--seed', 'x'], 'whole number'],
  ])('explains %j', async (words, what) => {
    const { code, stderr } = await run(['replay', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(what);
  });
});
