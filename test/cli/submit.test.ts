import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ByteSource } from '../../lib/cli/world.ts';
import { taskId } from '../../lib/fleet/ids.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import type { TaskLedger } from '../../lib/ports/tasks.ts';
import { defineTask } from '../../lib/worker/define-task.ts';
import { run, type Transcript } from './support.ts';
import { aRow, awsError, INDEX, type MemoryService, memoryService, onService, sentIds } from './task-service.ts';

const NOTHING = { submitted: 0, already: 0, conflicting: 0, refused: 0, toBeSwept: 0, failed: 0 };

const countsOf = ({ stdout }: Transcript) => {
  const { seconds: _seconds, perSecond: _perSecond, ...counts } = JSON.parse(stdout.trim().split('\n').at(-1)!);
  return counts;
};

const bytes = (pieces: Iterable<Uint8Array>, isRepeatable = true): ByteSource => ({
  isRepeatable,
  read: async function* () {
    yield* pieces;
  },
});

const digestId = (body: string): string => `body-${createHash('sha256').update(body).digest('hex').slice(0, 32)}`;

const submitFile = (service: MemoryService, text: string, more: readonly string[] = []) =>
  onService(service, ['submit', '--fleet', 'index', '--json', ...more, 'tasks.ndjson'], { 'tasks.ndjson': text });

/** The fleet's task, as `worker.task` of its fleet file names it. */
const FLEET_FILE = `
version: 1
fleets:
  index:
    mode: manage
    instanceTypes: [c7g.large, c6g.large, m7g.large]
    zones: [us-east-1a, us-east-1b]
    network:
      subnets: { us-east-1a: subnet-0a1b2c3d4e5f60718, us-east-1b: subnet-0b2c3d4e5f6071829 }
      securityGroups: [sg-0c3d4e5f60718293a]
    capacity: { max: 5 }
    worker: { task: ./resize.ts }
`;

/** A Standard Schema by hand: a body has a number of pages. */
const RESIZE = defineTask({
  name: 'resize',
  schema: {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof (value as { pages?: unknown }).pages === 'number'
          ? { value }
          : { issues: [{ message: 'expected a number', path: ['pages'] }] },
    },
  },
  run: () => 1,
});

describe('the lines of a file', () => {
  it('are bodies; without an id path their ids follow from what they say', async () => {
    const service = memoryService();
    const done = await submitFile(service, '{"n":1}\n{"n":2}\n');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 2 });
    expect([...service.tasks.rows.keys()]).toEqual([digestId('{"n":1}'), digestId('{"n":2}')]);
    expect(await sentIds(service.queue(INDEX))).toEqual([digestId('{"n":1}'), digestId('{"n":2}')]);
    expect(service.tasks.rows.get(taskId(digestId('{"n":1}')))?.body).toMatchObject({ inline: '{"n":1}' });
  });

  it('have their ids where --id-path says, or where the fleet does', async () => {
    const service = memoryService({ taskIdPath: 'id' });
    await submitFile(service, '{"id":"a","order":{"number":7}}');
    await submitFile(service, '{"id":"b","order":{"number":7}}', ['--id-path', 'order.number']);
    expect([...service.tasks.rows.keys()]).toEqual(['a', '7']);
  });

  it('may end in CRLF or nothing, follow a byte order mark, and be blank', async () => {
    const service = memoryService();
    const done = await submitFile(service, '\uFEFF{"n":1}\r\n\r\n   \n{"n":2}\n\n{"n":3}');
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 3 });
    const again = await submitFile(service, '{"n":1}\n{"n":2}\n{"n":3}\n');
    expect(countsOf(again)).toEqual({ ...NOTHING, already: 3 });
  });

  it('of an empty file are none, and that is no failure', async () => {
    const done = await submitFile(memoryService(), '\n\n');
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(countsOf(done)).toEqual(NOTHING);
  });

  it('that say the same are one task: the later ones count as there already', async () => {
    const service = memoryService();
    const done = await submitFile(service, '{"n":1}\n{"n":2}\n{"n":1}\n{"n":1}\n');
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 2, already: 2 });
    expect(await sentIds(service.queue(INDEX))).toHaveLength(2);
  });

  it('with one id and two bodies: the first has the id, the second is a conflict', async () => {
    const service = memoryService({ taskIdPath: 'id' });
    const done = await submitFile(service, '{"id":"a","n":1}\n{"id":"b"}\n{"id":"a","n":2}\n');
    expect(done.code).toBe(1);
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 2, conflicting: 1 });
    expect(done.stderr).toMatch(/^tasks\.ndjson:3: task a is there with another body; /);
    expect(service.tasks.rows.get(taskId('a'))?.body).toMatchObject({ inline: '{"id":"a","n":1}' });
  });

  it('that differ from what is there under their id are listed, change nothing, and stop no others', async () => {
    const service = memoryService({ taskIdPath: 'id' });
    await submitFile(service, '{"id":"a","n":1}');
    const done = await submitFile(service, '{"id":"x"}\n{"id":"a","n":2}\n{"id":"y"}');
    expect(done.code).toBe(1);
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 2, conflicting: 1 });
    expect(done.stderr).toContain('tasks.ndjson:2: task a is there with another body');
  });

  it.each([
    ['{"id":"a"', 'tasks.ndjson:2: is not JSON'],
    ['{"file":"secret.txt"}', 'tasks.ndjson:2: id: is missing; give every task its id there'],
    ['{"id":""}', 'tasks.ndjson:2: id: is no task id; write 1 to 256'],
    ['{"id":null}', 'tasks.ndjson:2: id: is no task id'],
    ['{"id":"two words"}', 'tasks.ndjson:2: id: is no task id'],
    ['{"id":"__proto__"}', 'tasks.ndjson:2: id: is no task id'],
    ['{"id":9007199254740993}', 'tasks.ndjson:2: id: is a number that JSON cannot keep exactly; write it in quotes'],
    [`{"id":"a","text":"${'x'.repeat(1_048_576)}"}`, 'tasks.ndjson:2: is longer than the 1 MiB'],
  ])('that are no task are refused by name, and nothing is sent', async (line, words) => {
    const service = memoryService({ taskIdPath: 'id' });
    const whole = { open: async () => bytes([Buffer.from(`{"id":"good"}\n${line}\n`)]) };
    const done = await onService(service, ['submit', '--fleet', 'index', '--json', 'tasks.ndjson'], {}, whole);
    expect(done.code).toBe(1);
    expect(done.stderr.startsWith(words)).toBe(true);
    expect(done.stderr).toContain('nothing was sent');
    expect(done.stderr).not.toContain('secret.txt');
    expect(countsOf(done)).toEqual({ ...NOTHING, refused: 1 });
    expect(service.tasks.rows.size).toBe(0);
  });

  it('that are not UTF-8 are refused by name', async () => {
    const invalid = Buffer.concat([Buffer.from('{"n":1}\n{"n":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}\n')]);
    const done = await onService(
      memoryService(),
      ['submit', '--fleet', 'index', 'tasks.ndjson'],
      {},
      {
        open: async () => bytes([invalid]),
      },
    );
    expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('tasks.ndjson:2: is not UTF-8; convert') });
  });

  it('without an end do not fill the memory', async () => {
    const piece = Buffer.alloc(1_048_576, 'x');
    const endless = function* () {
      for (let count = 0; count < 300; count += 1) yield piece;
      yield Buffer.from('\n{"n":1}\n');
    };
    const before = process.memoryUsage().rss;
    const done = await onService(
      memoryService(),
      ['submit', '--fleet', 'index', '--json', '--skip-refused', 'huge'],
      {},
      {
        open: async () => bytes(endless()),
      },
    );
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 1, refused: 1 });
    expect(done.stderr).toContain('huge:1: is longer than the 1 MiB');
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1_048_576);
  });

  it('that are refused are passed over where that is asked for', async () => {
    const service = memoryService();
    const done = await submitFile(service, '{"n":1}\nnonsense\n{"n":2}\n', ['--skip-refused']);
    expect(done).toMatchObject({ code: 0, stderr: expect.stringContaining('tasks.ndjson:2: is not JSON') });
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 2, refused: 1 });
  });

  it('refused by the hundred are shown by the twenty, and counted', async () => {
    const done = await submitFile(memoryService(), 'nonsense\n'.repeat(100));
    expect(countsOf(done)).toEqual({ ...NOTHING, refused: 100 });
    expect(done.stderr.split('\n')).toContain('and 80 more refusals');
  });
});

describe('the schema of the fleet’s task', () => {
  const good = (count: number) => Array.from({ length: count }, (_, index) => `{"pages":${index}}`);
  const files = (lines: readonly string[]) => ({ 'spothop.yml': FLEET_FILE, 'tasks.ndjson': lines.join('\n') });

  it('names line 37 where line 37 breaks it, and nothing is sent', async () => {
    const service = memoryService();
    const lines = [...good(36), '{"pages":"confidential"}', ...good(10)];
    const done = await onService(service, ['submit', '--fleet', 'index', 'tasks.ndjson'], files(lines), {
      loadTasks: async () => RESIZE,
    });
    expect(done.code).toBe(1);
    expect(done.stderr).toMatch(/^tasks\.ndjson:37: pages: expected a number; /);
    expect(done.stderr).not.toContain('confidential');
    expect(service.tasks.rows.size).toBe(0);
    expect(await sentIds(service.queue(INDEX))).toEqual([]);
  });

  it('is found beside the fleet file, and may be left out or chosen', async () => {
    const loaded: string[] = [];
    const loadTasks = async (path: string) => {
      loaded.push(path);
      return RESIZE;
    };
    const submitWith = (...more: string[]) =>
      onService(memoryService(), ['submit', '--fleet', 'index', ...more, 'tasks.ndjson'], files(good(1)), {
        loadTasks,
      });
    expect((await submitWith()).code).toBe(0);
    expect((await submitWith('--task', 'other.ts')).code).toBe(0);
    expect((await submitWith('--no-schema')).code).toBe(0);
    expect(loaded).toEqual(['./resize.ts', expect.stringMatching(/\/other\.ts$/)]);
  });

  it('has nothing to check where the fleet keeps another system’s program running: tasks sent there would wait for ever', async () => {
    const service = memoryService();
    const done = await onService(service, ['submit', '--fleet', 'index', 'tasks.ndjson'], {
      'spothop.yml': FLEET_FILE.replace('task: ./resize.ts', 'supervise: ./work').replace('max: 5', 'min: 1, max: 5'),
      'tasks.ndjson': good(1).join('\n'),
    });
    expect(done).toMatchObject({
      code: 1,
      stderr:
        'fleet: it keeps the program of another system running (worker.supervise), and takes no tasks; send them to that system, or name another fleet\n',
    });
    expect(service.tasks.rows.size).toBe(0);
  });

  it('that cannot be loaded stops everything, with what to do', async () => {
    const service = memoryService();
    const done = await onService(service, ['submit', '--fleet', 'index', 'tasks.ndjson'], files(good(1)), {
      loadTasks: () => Promise.reject(new Error('resize.ts exports no task')),
    });
    expect(done).toMatchObject({
      code: 1,
      stderr: 'schema: resize.ts exports no task; mend the file, or leave the check out with --no-schema\n',
    });
    expect(service.tasks.rows.size).toBe(0);
  });
});

describe('what can be read only once', () => {
  it('is sent up to its first refused line, which is named with how far it came', async () => {
    const service = memoryService();
    const done = await onService(service, ['submit', '--fleet', 'index', '--json', '-'], {
      '-': '{"n":1}\n{"n":2}\nnonsense\n{"n":3}\n',
    });
    expect(done.code).toBe(1);
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 2, refused: 1 });
    expect(done.stderr).toContain('standard input:3: is not JSON');
    expect(done.stderr).toContain('stopped at standard input:3: 2 submitted, the last one at standard input:2');
    expect(service.tasks.rows.size).toBe(2);
  });

  it('sends what came although the rest is long in coming', async () => {
    const service = memoryService();
    const aborting = new AbortController();
    const slow: ByteSource = {
      isRepeatable: false,
      read: async function* () {
        yield Buffer.from('{"n":1}\n');
        await service.clock.sleep(60_000);
        expect(service.tasks.rows.size).toBe(1);
        yield Buffer.from('{"n":2}\n');
      },
    };
    const done = await onService(
      service,
      ['submit', '--fleet', 'index', '--json', '-'],
      {},
      {
        open: async () => slow,
        interruption: () => aborting.signal,
      },
    );
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 2 });
  });
});

describe('one task', () => {
  it.each([
    [['--body', ' {"n":1} '], digestId('{"n":1}')],
    [['--body', '{"n":1}', '--id', 'order-17'], 'order-17'],
    [['--body-file', 'one.json'], digestId('{\n  "n": 1\n}')],
  ])('is given by %j', async (words, id) => {
    const service = memoryService();
    const done = await onService(service, ['submit', '--fleet', 'index', ...words], { 'one.json': '{\n  "n": 1\n}\n' });
    expect(done).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Submitted 1 task to fleet index in /) });
    expect(await sentIds(service.queue(INDEX))).toEqual([id]);
  });

  it('that is no JSON is refused', async () => {
    const done = await onService(memoryService(), ['submit', '--fleet', 'index', '--body', 'plain']);
    expect(done).toMatchObject({ code: 1, stderr: expect.stringMatching(/^--body: is not JSON/) });
  });
});

describe('the command line of submit', () => {
  it.each([
    [[], 'name a file of tasks'],
    [['--body', '1', 'a.ndjson'], 'either files of tasks or one task'],
    [['--body', '1', '--body-file', 'a.json'], 'not both'],
    [['--id', 'x', 'a.ndjson'], '--id is for one task'],
    [['--body', '1', '--id', 'x', '--id-path', 'y'], 'not both'],
    [['-', '-'], 'can be read once only'],
  ])('%j is a usage error', async (words, why) => {
    expect(await onService(memoryService(), ['submit', ...words])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(why),
    });
  });

  it('names the fleets there are when it is not clear which one is meant', async () => {
    const done = await onService(memoryService(), ['submit', '--body', '1']);
    expect(done).toMatchObject({ code: 1, stderr: expect.stringContaining('there is: index, scrape') });
    const one = await onService(memoryService({ fleets: [INDEX] }), ['submit', '--body', '1']);
    expect(one.code).toBe(0);
  });

  it('names a file that is not there before anything else happens', async () => {
    const done = await onService(memoryService(), ['submit', '--fleet', 'index', 'none.ndjson']);
    expect(done).toMatchObject({ code: 1, stderr: expect.stringMatching(/^none\.ndjson: there is no such file; /) });
  });

  it('sends nothing on a dry run, and says what it would send', async () => {
    const service = memoryService();
    const done = await submitFile(service, '{"n":1}\nnonsense\n{"n":2}', ['--dry-run']);
    expect(done.code).toBe(1);
    expect(countsOf(done)).toEqual({ ...NOTHING, refused: 1, wouldSubmit: 2 });
    expect(service.tasks.rows.size).toBe(0);
  });

  it('shows what it does where somebody watches, and leaves nothing of it behind', async () => {
    const service = memoryService();
    let elapsed = 0;
    const done = await onService(
      service,
      ['submit', '--fleet', 'index', 'tasks.ndjson'],
      { 'tasks.ndjson': '1\n2\n3\n' },
      {
        isWatched: true,
        steadyMs: () => (elapsed += 300),
      },
    );
    expect(done.stderr).toContain('submitted 1, ');
    expect(done.stderr.endsWith('\r\u001b[K')).toBe(true);
  });
});

describe('a submission of any size', () => {
  const TASKS = 100_000;
  const lines = function* (): Generator<Uint8Array> {
    for (let from = 0; from < TASKS; from += 500) {
      yield Buffer.from(Array.from({ length: 500 }, (_, index) => `{"n":${from + index}}\n`).join(''));
    }
  };

  it('of 100,000 lines has at most 400 of them under way, and each is written and sent once', {
    timeout: 120_000,
  }, async () => {
    const service = memoryService();
    const calls = { apply: 0, sent: 0, batches: 0 };
    let underWay = 0;
    let underWayMax = 0;
    const perMinute = new Map<number, number>();
    const tasks: TaskLedger = {
      ...service.tasks,
      apply: async (_id, step) => {
        if (step.step !== 'submit') throw new Error('only submits are expected');
        calls.apply += 1;
        underWay += 1;
        underWayMax = Math.max(underWayMax, underWay);
        const minute = Math.floor(step.row.checkAt! / 60_000);
        perMinute.set(minute, (perMinute.get(minute) ?? 0) + 1);
        return { outcome: 'done', row: step.row };
      },
    };
    const queue = {
      ...service.queue(INDEX),
      sendMany: async (ids: readonly string[]) => {
        calls.batches += 1;
        calls.sent += ids.length;
        underWay -= ids.length;
        return [];
      },
    };
    const done = await onService(
      service,
      ['submit', '--fleet', 'index', '--json', '-'],
      {},
      {
        service: { tasks, queue: () => queue },
        open: async () => bytes(lines(), false),
      },
    );
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: TASKS });
    expect(calls).toEqual({ apply: TASKS, sent: TASKS, batches: TASKS / 10 });
    expect(underWayMax).toBeLessThanOrEqual(400);
    // The sweep looks at 8 × 200 rows a minute; half of that stays free for everything else.
    expect(Math.max(...perMinute.values())).toBeLessThanOrEqual(900);
  });
});

describe('what may go wrong on the way', () => {
  const FILE = Array.from({ length: 250 }, (_, index) => `{"n":${index}}`).join('\n');

  it('entries that the queue refuses inside a 200 are recorded, and left to the sweep (F46)', async () => {
    const service = memoryService();
    const queue = service.queue(INDEX);
    const sendMany: typeof queue.sendMany = async (ids) => {
      await queue.sendMany(ids.filter((id) => id !== digestId('{"n":7}')));
      return ids.filter((id) => id === digestId('{"n":7}'));
    };
    const done = await onService(
      service,
      ['submit', '--fleet', 'index', '--json', 'f'],
      { f: FILE },
      {
        service: { queue: () => ({ ...queue, sendMany }) },
      },
    );
    expect(done.code).toBe(0);
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 250, toBeSwept: 1 });
    expect(service.tasks.rows.size).toBe(250);
    expect(await sentIds(queue)).toHaveLength(249);
  });

  it('a sending whose reply is lost is repeated, and every task is sent at least once (F45)', async () => {
    const service = memoryService();
    const queue = service.queue(INDEX);
    let sendings = 0;
    const sendMany: typeof queue.sendMany = async (ids) => {
      await queue.sendMany(ids);
      sendings += 1;
      if (sendings === 3) throw awsError('TimeoutError');
      return [];
    };
    const done = await onService(
      service,
      ['submit', '--fleet', 'index', '--json', 'f'],
      { f: FILE },
      {
        service: { queue: () => ({ ...queue, sendMany }) },
      },
    );
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 250 });
    const sent = await sentIds(queue);
    expect(sent).toHaveLength(260);
    expect(new Set(sent).size).toBe(250);
  });

  it('a write whose reply is lost is recognised, and its message sent', async () => {
    const service = memoryService();
    let writes = 0;
    const tasks: TaskLedger = {
      ...service.tasks,
      apply: async (id, step) => {
        const outcome = await service.tasks.apply(id, step);
        writes += 1;
        if (writes === 5) throw awsError('TimeoutError');
        return outcome;
      },
    };
    const done = await onService(
      service,
      ['submit', '--fleet', 'index', '--json', 'f'],
      { f: FILE },
      { service: { tasks } },
    );
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 249, already: 1 });
    expect(new Set(await sentIds(service.queue(INDEX))).size).toBe(250);
  });

  it('after a crash between rows and messages, the same command sends what was not sent (F47)', async () => {
    const service = memoryService();
    const crashed = { ...service.queue(INDEX), sendMany: () => new Promise<never>(() => undefined) };
    const tasks = { ...service.tasks };
    void run(
      ['submit', '--fleet', 'index', 'f'],
      { f: FILE },
      0,
      {},
      {
        connect: async () => ({ ...service, tasks, queue: () => crashed }),
        clock: service.clock,
      },
    );
    await service.clock.runUntil(epochMs(service.clock.now() + 5_000));
    expect(service.tasks.rows.size).toBe(250);
    expect(service.queue(INDEX).size()).toBe(0);
    const done = await onService(service, ['submit', '--fleet', 'index', '--json', 'f'], { f: FILE });
    expect(countsOf(done)).toEqual({ ...NOTHING, already: 250 });
    expect(new Set(await sentIds(service.queue(INDEX))).size).toBe(250);
  });

  it('a repeated run of a long file sends again only what the interrupted one may have left unsent', async () => {
    const service = memoryService();
    const long = (count: number) => Array.from({ length: count }, (_, index) => `{"n":${index}}`).join('\n');
    await onService(service, ['submit', '--fleet', 'index', 'f'], { f: long(3_000) });
    await sentIds(service.queue(INDEX));
    const done = await onService(service, ['submit', '--fleet', 'index', '--json', 'f'], { f: long(4_000) });
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 1_000, already: 3_000 });
    const sent = await sentIds(service.queue(INDEX));
    expect(sent.length).toBeGreaterThanOrEqual(1_000);
    expect(sent.length).toBeLessThanOrEqual(1_400);
  });

  it('a task that somebody has taken since is not sent again', async () => {
    const service = memoryService();
    await aRow(service, 'a', 'running');
    const line = '{"name":"a"}';
    const row = service.tasks.rows.get(taskId('a'))!;
    const sha256 = createHash('sha256').update(line).digest('hex');
    const tasks: TaskLedger = {
      ...service.tasks,
      apply: async () => ({ outcome: 'already', row: { ...row, body: { inline: line, sha256 } } }),
    };
    const words = ['submit', '--fleet', 'index', '--json', '--id', 'a', '--body', line];
    const done = await onService(service, words, {}, { service: { tasks } });
    expect(countsOf(done)).toEqual({ ...NOTHING, already: 1 });
    expect(await sentIds(service.queue(INDEX))).toEqual([]);
  });

  it('a throttled table is waited for', async () => {
    const service = memoryService();
    let refusals = 3;
    const tasks: TaskLedger = {
      ...service.tasks,
      apply: async (id, step) => {
        refusals -= 1;
        if (refusals >= 0) throw awsError('ThrottlingException');
        return service.tasks.apply(id, step);
      },
    };
    const done = await onService(
      service,
      ['submit', '--fleet', 'index', '--json', 'f'],
      { f: FILE },
      { service: { tasks } },
    );
    expect(done.code).toBe(0);
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 250 });
  });

  it('a missing permission stops it at once, says which, and how far it came', async () => {
    const service = memoryService();
    let writes = 0;
    const tasks: TaskLedger = {
      ...service.tasks,
      apply: async (id, step) => {
        writes += 1;
        if (writes > 100) throw awsError('AccessDenied', 'User: ada is not authorized to perform: dynamodb:PutItem');
        return service.tasks.apply(id, step);
      },
    };
    const long = Array.from({ length: 5_000 }, (_, index) => `{"n":${index}}`).join('\n');
    const done = await onService(
      service,
      ['submit', '--fleet', 'index', '--json', 'f'],
      { f: long },
      { service: { tasks } },
    );
    expect(done.code).toBe(1);
    expect(done.stderr).toContain('permission: User: ada is not authorized to perform: dynamodb:PutItem; ');
    expect(done.stderr).toContain('stopped: 100 submitted');
    const { submitted, failed } = countsOf(done);
    expect(submitted).toBe(100);
    expect(failed).toBeGreaterThan(0);
    expect(writes).toBeLessThanOrEqual(600);
  });

  it('a queue that is gone is told, and what is recorded is counted', async () => {
    const service = memoryService();
    const queue = { ...service.queue(INDEX), sendMany: () => Promise.reject(awsError('AccessDenied', 'No sending.')) };
    const done = await onService(
      service,
      ['submit', '--fleet', 'index', '--json', '--body', '1'],
      {},
      {
        service: { queue: () => queue },
      },
    );
    expect(done.code).toBe(1);
    expect(countsOf(done)).toEqual({ ...NOTHING, submitted: 1, toBeSwept: 1 });
    expect(done.stderr).toContain('permission: No sending;');
  });

  it.each([
    [awsError('CredentialsProviderError'), /^AWS credentials: none were found .*aws sso login/],
    [awsError('ExpiredTokenException'), /^AWS credentials: they have expired; sign in anew/],
    [new Error('Region is missing'), /^AWS Region: none is set; set AWS_REGION/],
    [Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), /^AWS: it could not be reached \(ECONNREFUSED\)/],
  ])('trouble on the way to AWS is one line with its fix: %s', async (error, line) => {
    const done = await run(
      ['submit', '--fleet', 'index', '--body', '1'],
      {},
      0,
      {},
      {
        connect: () => Promise.reject(error),
      },
    );
    expect(done).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(line) });
    expect(done.stderr.trim().split('\n')).toHaveLength(1);
  });

  it('Ctrl-C ends it after what is under way, and says how far it came', async () => {
    const service = memoryService();
    const aborting = new AbortController();
    const long = Array.from({ length: 5_000 }, (_, index) => `{"n":${index}}`).join('\n');
    let sent = 0;
    const queue = service.queue(INDEX);
    const sendMany: typeof queue.sendMany = async (ids) => {
      sent += ids.length;
      if (sent >= 500) aborting.abort();
      return queue.sendMany(ids);
    };
    const done = await onService(
      service,
      ['submit', '--fleet', 'index', '--json', 'f'],
      { f: long },
      {
        service: { queue: () => ({ ...queue, sendMany }) },
        interruption: () => aborting.signal,
      },
    );
    expect(done.code).toBe(130);
    const { submitted } = countsOf(done);
    expect(submitted).toBeGreaterThanOrEqual(500);
    expect(submitted).toBeLessThanOrEqual(1_100);
    expect(service.tasks.rows.size).toBe(submitted);
    expect(done.stderr).toMatch(/^interrupted: \S+ submitted, the last one at f:\d+; run it again/);
    expect(await sentIds(queue)).toHaveLength(submitted);
  });
});
