import { describe, expect, it } from 'vitest';
import { MACHINES } from '../audit/support/histories.ts';
import * as line from '../audit/support/lines.ts';
import { run } from './support.ts';

const [ONE] = MACHINES;
let clock = 1_800_000_000_000;
const by = (caller: string): line.Made => {
  clock += 100;
  return { at: clock, caller };
};

const commit = line.commit({ at: 1_800_000_100_000, caller: line.agent(ONE) }, 'task-1', 1);
const GOOD = [
  line.item(by(line.RECONCILE), ONE),
  line.openSession(by(line.agent(ONE)), ONE),
  line.submit(by(line.PERSON), 'task-1'),
  line.submit(by(line.PERSON), 'task-2'),
  line.take(by(line.agent(ONE)), 'task-1', ONE),
  line.hold(by(line.agent(ONE)), ONE, 'task-1', 1),
  commit,
];

const text = (lines: readonly object[]): string => lines.map((one) => `${JSON.stringify(one)}\n`).join('');

const audit = (contents: string, ...words: string[]) =>
  run(['audit', '--trace', 'record.jsonl', ...words], { 'record.jsonl': contents });

describe('spothop audit of a record', () => {
  it('says that every step is allowed, and what was judged', async () => {
    expect(await audit(text(GOOD))).toEqual({
      code: 0,
      stdout: `record.jsonl: the protocol allows every step
  judged   7 steps of 2 tasks, 1 machine and 1 fleet, on 7 lines
  note     1 task not finished where it ends: that is no breach of its own
`.replace('1 fleet', '0 fleets'),
      stderr: '',
    });
  });

  it('names the first step that is not: its line, what, why, and what would have been', async () => {
    const { code, stdout, stderr } = await audit(text([...GOOD, commit, line.cancel(by(line.PERSON), 'task-1')]));
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    expect(stdout).toBe(`record.jsonl:8: commit of task-1 by ${ONE} is not allowed
  why      the task is done, and not ready or running
  promise  W2: at most one accepted commit for each attempt and each task
  allowed  nothing: the task is done
  at       2027-01-15T08:01:40.000Z
  and 1 more, which may follow from it: lines 9
  judged   9 steps of 2 tasks, 1 machine and 0 fleets, on 9 lines
  note     1 task not finished where it ends: that is no breach of its own
`);
  });

  it('tells programs the same in one line', async () => {
    const { code, stdout } = await audit(text([...GOOD, commit]), '--json');
    expect(code).toBe(1);
    expect(stdout.endsWith('\n') && stdout.trimEnd().includes('\n')).toBe(false);
    expect(JSON.parse(stdout)).toEqual({
      file: 'record.jsonl',
      form: 'record',
      readable: true,
      held: false,
      lines: 8,
      judged: {
        form: 'record',
        steps: 8,
        tasks: { ready: 1, running: 0, done: 1, dead: 0, cancelled: 0 },
        machines: 1,
        fleets: 0,
        unknownKinds: {},
      },
      cutOff: false,
      violations: 1,
      first: {
        line: 8,
        at: 1_800_000_100_000,
        promise: 'W2',
        what: `commit of task-1 by ${ONE}`,
        why: 'the task is done, and not ready or running',
        allowed: 'nothing: the task is done',
      },
      others: [],
    });
  });

  it('a last line that is cut off is told and judged by nobody; the rest counts', async () => {
    const cut = await audit(text(GOOD).slice(0, -40));
    expect(cut.code).toBe(0);
    expect(cut.stdout).toContain('note     line 7 is cut off; whoever wrote it was stopped');
    const { stdout } = await audit(text(GOOD).slice(0, -40), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ held: true, cutOff: true, lines: 6 });
  });

  it('a line inside that is no JSON is damage: what comes after it is not judged, and nobody says that all is well', async () => {
    const damaged = `${text(GOOD.slice(0, 3))}{"at":12,"kin\n${text(GOOD.slice(3))}`;
    const { code, stdout, stderr } = await audit(damaged);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      'record.jsonl:4: it is no JSON; what comes after it was not judged; mend or cut the file there\n',
    );
    expect(JSON.parse((await audit(damaged, '--json')).stdout)).toMatchObject({ readable: false, held: false });
  });

  it('kinds that it does not know are skipped, and said so', async () => {
    const { code, stdout } = await audit(text([...GOOD, { at: 1, kind: 'weather' }]));
    expect(code).toBe(0);
    expect(stdout).toContain('lines of kinds that this version does not know were skipped: 1 weather');
  });

  it.each([
    ['an empty file', ''],
    ['a file of something else', '{"name":"spothop"}\n'],
    ['a record in which nothing was asked of the service', text([{ at: 1, kind: 'mail' }])],
  ])('%s is no proof of anything', async (_name, contents) => {
    const { code, stdout, stderr } = await audit(contents);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('there is no step of the protocol in it; name a record');
  });

  it('a file that is not there is told from one that does not hold', async () => {
    expect(await run(['audit', '--trace', 'missing'])).toEqual({
      code: 1,
      stdout: '',
      stderr: 'missing: there is no such file; name a record, as npm start -- --record makes it, or a log of plans\n',
    });
  });

  it('without a file it does not begin', async () => {
    expect(await run(['audit'])).toMatchObject({ code: 2, stdout: '' });
  });

  it('that is stopped says nothing, and what a shell shows for that', async () => {
    const aborted = AbortSignal.abort();
    const stopped = await run(['audit', '--trace', '-'], { '-': text(GOOD) }, 0, {}, { interruption: () => aborted });
    expect(stopped).toEqual({ code: 130, stdout: '', stderr: '' });
  });

  it('shows how far it is where somebody watches, and takes that away again', async () => {
    let now = 0;
    const ticking = (): number => {
      now += 250;
      return now;
    };
    const { stderr } = await run(
      ['audit', '--trace', '-'],
      { '-': text(GOOD) },
      0,
      {},
      { isWatched: true, steadyMs: ticking },
    );
    expect(stderr).toContain('audited 7');
    expect(stderr.endsWith('\r\u001b[K')).toBe(true);
  });

  it('what a record says is never told raw', async () => {
    const hostile = line.commit({ at: 1_800_000_100_000, caller: line.agent(ONE) }, 'task\u001b[31m\n1', 1);
    const { stdout } = await audit(text([...GOOD, hostile]));
    expect(stdout).not.toContain('\u001b');
    expect(stdout.split('\n')[0]).toContain('is not allowed');
  });
});

describe('spothop audit of a log of plans', () => {
  const logged = (seconds: number, message: string, fields: object): object => ({
    level: 'INFO',
    message,
    timestamp: new Date(1_800_000_000_000 + seconds * 1_000).toISOString(),
    component: 'reconcile',
    ...fields,
  });
  const plan = (seconds: number, words: string, component = 'reconcile') =>
    logged(seconds, 'Plan', { plan: words, component });
  const released = (seconds: number, attempt: number, instanceId: string = ONE) =>
    logged(seconds, 'Released a task.', { taskId: 'task-1', attempt, instanceId, component: 'signals' });
  const recorded = (seconds: number, lifecycle: string) =>
    logged(seconds, 'Recorded a signal.', {
      instanceId: ONE,
      kind: 'rebalance-recommendation',
      lifecycle,
      component: 'signals',
    });

  const GOOD_LOG = [
    plan(0, 'fleet encode: launch 2 spot: 2 wanted, 0 had'),
    recorded(10, 'wary'),
    recorded(20, 'draining'),
    plan(
      21,
      `${ONE}: release 1 of ${ONE}: draining, and its agent is not heard; wake encode: ${ONE} is draining`,
      'signals',
    ),
    released(22, 1),
    released(23, 1),
    plan(90, `${ONE}: terminate ${ONE}: drained, silent, and not left to EC2`),
    released(120, 2, MACHINES[1]),
  ];

  it('says that it is allowed, as far as plans tell', async () => {
    const { code, stdout } = await audit(`START RequestId: 1\n${text(GOOD_LOG)}REPORT RequestId: 1\n`);
    expect(code).toBe(0);
    expect(stdout).toBe(`record.jsonl: the protocol allows every step
  judged   8 lines of plans, with 1 released task and 2 machines, on 10 lines
  note     2 other lines skipped: they tell nothing of plans
`);
  });

  it.each([
    ['an attempt that is released after a later one', [...GOOD_LOG, released(130, 1)], 9, 'W3'],
    ['an attempt that is taken from two machines', [...GOOD_LOG, released(130, 2, MACHINES[2])], 9, 'W2'],
    ['a machine that drains no more', [...GOOD_LOG, recorded(130, 'active')], 9, 'N5'],
    [
      'a machine that may stay though it drains',
      [...GOOD_LOG, plan(130, `fleet encode: stay ${ONE}: wanted`)],
      9,
      'N5',
    ],
    ['an end by a signal alone', [plan(0, `${ONE}: terminate ${ONE}: warned`, 'signals')], 1, 'N2'],
    ['a launch by a signal alone', [plan(0, 'fleet encode: launch 1 spot: lost one', 'signals')], 1, 'N3'],
  ])('finds %s', async (_name, lines, number, promise) => {
    const { code, stdout } = await audit(text(lines), '--json');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ form: 'plan-log', first: { line: number, promise } });
  });

  it('finds an intent that asks for another number the second time', async () => {
    const answered = (asked: number) =>
      logged(asked, 'EC2 answered a launch.', { fleet: 'encode', intentId: 'intent-1', asked, given: 1 });
    expect((await audit(text([answered(2), answered(2)]))).code).toBe(0);
    const { stdout } = await audit(text([answered(2), answered(3)]), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ first: { line: 2, promise: 'N4' } });
  });

  it('reads lines with a time and a stream before them, and items of the ledger in both of their forms', async () => {
    const at = 1_800_000_000_000;
    const words = 'fleet encode: launch 2 spot: 2 wanted, 0 had; alarm NoCapacity: nothing to be had';
    const lines = [
      `2027-01-15T08:00:00.000000+00:00 2027/01/15/[$LATEST]0 ${JSON.stringify(GOOD_LOG[0])}`,
      JSON.stringify({
        period: 'encode#2027-01-15',
        entry: 'plan#1',
        form: 1,
        fleet: 'encode',
        at,
        id: 'a',
        plan: words,
      }),
      JSON.stringify({ Item: { entry: { S: 'plan#2' }, at: { N: String(at) }, plan: { S: words } } }),
    ];
    const { code, stdout } = await audit(lines.join('\n'));
    expect({ code, first: stdout.split('\n')[1] }).toEqual({
      code: 0,
      first: '  judged   3 lines of plans, with 0 released tasks and 0 machines, on 3 lines',
    });
  });

  it('of two files one after the other is not in order, and says so', async () => {
    const { code, stderr } = await audit(text([...GOOD_LOG, ...GOOD_LOG]));
    expect(code).toBe(1);
    expect(stderr).toContain('record.jsonl:9: it is older than a line before it');
  });
});
