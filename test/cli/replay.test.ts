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
    const both = await run(['replay', '--trace', 'a.json', ...tight], files);
    expect([both.code, both.stderr]).toEqual([
      1,
      "--deadline-hours: on-demand alone needs 3.25 h with one changeover, and the deadline's whole ticks are 3.00 h; " +
        'give it at least --job-hours and --changeover-hours together\n' +
        '--trace: the trace has 2.00 h, too few for a run with its whole deadline; ' +
        'give a longer trace, a nearer deadline or an earlier start\n',
    ]);
    expect((await run(['replay', '--trace', 'a.json', ...JOB], files)).stderr).toMatch(
      /^--trace: the trace has 2.00 h/,
    );
  });
});

describe('a single run', () => {
  const hours = [1, 0, 1, 1, 1, 1, 0, 1];
  const words = ['replay', '--trace', 'a.json', ...JOB, '--start-hours', '1', '--policy', 'greedy', 'on-demand'];

  it('is drawn tick by tick below its table', async () => {
    const { stdout } = await run(words, { 'a.json': trace(hours) });
    expect(stdout.slice(stdout.indexOf('From')).split('\n')).toEqual([
      'From hour 1 to the deadline, 6 h later; a column is 1 h.',
      'a a.json    ████',
      'greedy     ·aaaa',
      'on-demand  DDDD',
      '█ spot could be had throughout, ░▒▓ part of the time; a, b, … runs on spot of that pool,',
      'D on demand, · waits.',
      '',
    ]);
  });

  it('is in the object of --json, in runs of equal ticks', async () => {
    const { stdout } = await run([...words, '--json'], { 'a.json': trace(hours) });
    expect(JSON.parse(stdout).timeline).toEqual({
      tickSeconds: 3_600,
      startTick: 1,
      deadlineTicks: 6,
      pools: {
        'a.json': [
          [0, 1],
          [1, 4],
          [0, 1],
        ],
      },
      policies: {
        greedy: [
          ['idle', 1],
          ['a.json', 4],
        ],
        'on-demand': [['on-demand', 4]],
      },
    });
  });

  it('fits eighty columns however long it is', async () => {
    const long = trace(Array.from({ length: 500 }, (_, tick) => (tick % 9 < 5 ? 1 : 0)));
    const job = ['--job-hours', '300', '--deadline-hours', '500', '--changeover-hours', '0.25', '--price', '0.3'];
    const args = [
      'replay',
      '--trace',
      'a.json',
      ...job,
      '--on-demand-price',
      '1',
      '--start-hours',
      '0',
      '--policy',
      'greedy',
    ];
    const lines = (await run(args, { 'a.json': long })).stdout.split('\n');
    expect(lines.find((line) => /^greedy +[a·D]/.test(line))!.length).toBeLessThanOrEqual(80);
    expect(lines.find((line) => line.startsWith('From'))).toContain('a column is 8 h');
  });
});

describe('prices of a trace', () => {
  const priced = (prices: readonly unknown[]): string =>
    JSON.stringify({ metadata: { gap_seconds: 3_600 }, data: [1, 1, 1, 1, 1, 1], prices });
  const words = [
    'replay',
    '--trace',
    'a.json',
    ...JOB.filter((_, index) => index < 6 || index > 7),
    '--json',
    '--policy',
    'greedy',
  ];

  it('are what each tick costs, and spot is not offered where nobody knows them', async () => {
    // The changeover and three hours at 0.2, 0.4, 0.4 and a quarter at 0.4.
    const all = JSON.parse((await run(words, { 'a.json': priced([0.2, 0.4, 0.4, 0.4, 9, 9]) })).stdout);
    expect(all.policies.greedy.cost).toBe(1.1);
    // One hour waits for want of a price, and then everything is at 0.4.
    const some = JSON.parse((await run(words, { 'a.json': priced([null, 0.4, 0.4, 0.4, 0.4, 9]) })).stdout);
    expect(some.policies.greedy).toMatchObject({ cost: 1.3, launches: 1 });
    const none = JSON.parse((await run(words, { 'a.json': priced(Array.from({ length: 6 }, () => null)) })).stdout);
    expect(none.policies.greedy).toMatchObject({ cost: 3.25, misses: 0 });
  });

  it('are asked for where neither the trace nor the command line has them', async () => {
    const { code, stderr } = await run(words, { 'a.json': trace([1, 1, 1, 1, 1, 1]) });
    expect([code, stderr]).toEqual([1, 'a.json: the trace has no prices; give the price of spot with --price\n']);
  });

  it.each([
    [[1, 2], 'a.json: prices: it has 2 values, data has 6'],
    [[0, 1, 1, 1, 1, 1], 'a.json: prices[0]: it is 0'],
    [['x', 1, 1, 1, 1, 1], 'a.json: prices[0]: it is "x"'],
  ])('%j are refused', async (prices, what) => {
    const { code, stderr } = await run(words, { 'a.json': priced(prices) });
    expect(code).toBe(1);
    expect(stderr).toContain(what);
  });
});

describe('pools of a trace', () => {
  const files = {
    'all.json': '{"gap_seconds":3600,"availability_rle":{"east-1":[[1,6]],"east-2":[[0,6]],"west":[[1,6]]}}',
  };
  const words = ['replay', '--trace', 'all.json', ...JOB, '--start-hours', '0', '--policy', 'greedy', '--json'];

  it('are chosen by how their names begin', async () => {
    const { timeline } = JSON.parse((await run([...words, '--pool', 'east'], files)).stdout);
    expect(Object.keys(timeline.pools)).toEqual(['east-1', 'east-2']);
  });

  it('that are not there are named, with those that are', async () => {
    const { code, stderr } = await run([...words, '--pool', 'north', 'west'], files);
    expect([code, stderr]).toEqual([
      1,
      '--pool north: no pool of the traces has such a name; there are east-1, east-2, west\n',
    ]);
  });
});

describe('wrong estimates', () => {
  const files = { 'a.json': trace([0, 1, 1, 0, 1, 1, 1, 1]) };
  const costAt = async (factor: string): Promise<readonly [number, number]> => {
    const words = ['replay', '--trace', 'a.json', ...JOB, '--start-hours', '0', '--json', '--estimate-factor', factor];
    const { greedy } = JSON.parse((await run(words, files)).stdout).policies;
    return [greedy.cost, greedy.misses];
  };

  it('change what is bought, and lose no deadline', async () => {
    // Told the truth, greedy waits an hour, works two on spot, waits one more, and is done after one and a half.
    expect(await costAt('1')).toEqual([1.05, 0]);
    // It believes that twice the work is left: on demand from the first tick.
    expect(await costAt('2')).toEqual([3.25, 0]);
    expect((await costAt('0.5'))[1]).toBe(0);
  });
});

it('everything that is wrong with a command line is told at once', async () => {
  const { code, stderr } = await run([
    'replay',
    '--trace',
    'a.json',
    '--job-hours',
    'x',
    '--seed',
    '-1',
    '--policy',
    'luck',
  ]);
  expect(code).toBe(2);
  expect(stderr.trimEnd().split('\n')).toEqual([
    'usage: a job on a trace also needs --deadline-hours, --changeover-hours, --on-demand-price; add --help to see what is accepted',
    'usage: --job-hours x is not a number above 0 and at most 876600; add --help to see what is accepted',
    'usage: --seed -1 is not a whole number below 4294967296; add --help to see what is accepted',
    'usage: there is no policy luck; there are spothop, uniform-progress, greedy, on-demand, optimum; add --help to see what is accepted',
  ]);
});

describe('spothop replay --suite', () => {
  it('replays fleets on counts of the user', async () => {
    const counts = trace(
      Array.from({ length: 24 }, (_, tick) => (tick % 6 === 0 ? 2 : 20)),
      300,
    );
    const words = ['replay', '--suite', 'fleet', '--trace', 'a.json', '--json', '--policy', 'spothop', 'on-demand'];
    const { code, stdout } = await run(words, {
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
    [['--trace', 'a.json', '--job-hours', '3'], '--deadline-hours, --changeover-hours, --on-demand-price'],
    [['--suite', 'adrs', '--traces', 'x', '--policy', 'luck'], 'there is no policy luck'],
    [['--trace', 'a.json', '--job-hours', '-1'], 'above 0'],
    [['--suite', 'adrs', '--seed', 'x'], 'whole number'],
    [['--suite', 'adrs', '--traces', 'x', '--price', '1'], '--price cannot go with --suite adrs'],
    [
      ['--suite', 'adrs', '--traces', 'x', '--estimate-factor', '0'],
      '--estimate-factor 0 is not a number from 0.1 to 10',
    ],
    [['--trace', 'a.json', ...JOB, '--traces', 'x'], '--traces is the folder of a suite'],
    [['--trace', 'a.json', ...JOB, '--start-hours', '1e'], '--start-hours 1e is not a number from 0'],
    [['--trace', 'a.json', ...JOB, '--frobnicate'], "unknown option '--frobnicate'"],
  ])('explains %j', async (words, what) => {
    const { code, stderr } = await run(['replay', ...words]);
    expect(code).toBe(2);
    expect(stderr).toContain(what);
  });
});
