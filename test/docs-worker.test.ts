import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { moduleRunner } from '../lib/agent/module-runner.ts';
import type { TaskRunner } from '../lib/agent/runner.ts';
import { wallClock } from '../lib/clock/wall-clock.ts';
import { readFleetFile } from '../lib/config/fleet-file.ts';
import { STOP_GRACE_SECONDS } from '../lib/decisions/decide-agent-step.ts';
import { INLINE_BYTES_MAX, SILENCE_SECONDS_MAX, TASK_BODY_BYTES_MAX } from '../lib/fleet/limits.ts';
import { fence } from '../lib/worker/index.ts';
import { loadTaskFile } from '../lib/worker/load-task-file.ts';
import { run as runCommandLine } from './cli/support.ts';
import { commandRunner, hasPython, inPython } from './examples/support/command.ts';
import { runWorker } from './examples/support/run-worker.ts';
import { startTestCloud, type TestCloud } from './local/support/cloud.ts';
import { tableReady } from './support/table-ready.ts';

/** Runs every piece of code of docs/worker.md as it stands on the page. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PAGE = readFileSync(join(ROOT, 'docs/worker.md'), 'utf8');

/** Each piece by the name in its first line. */
const PIECES = new Map(
  [...PAGE.matchAll(/^```(\w+)\n(?:\/\/|#) (\S+)\n([\s\S]*?)^```$/gm)].map(([, language, name, text]) => [
    name!,
    { language: language!, text: text! },
  ]),
);

let folder: string;
beforeAll(() => {
  // Inside the project, as a user's files are inside theirs: what they import is found from there.
  mkdirSync(join(ROOT, '.spothop'), { recursive: true });
  folder = mkdtempSync(join(ROOT, '.spothop', 'docs-'));
  for (const [name, { text }] of PIECES) writeFileSync(join(folder, name), text);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

const taskOf = async (name: string): Promise<TaskRunner> =>
  moduleRunner(await loadTaskFile(join(folder, name)), { clock: wallClock() });

const commandOf = (name: string): TaskRunner => commandRunner(`exec sh ${join(folder, name)}`);

it('every piece of code on the page has a name, and a test below', () => {
  const fences = [...PAGE.matchAll(/^```(\w+)$/gm)];
  expect(PIECES.size).toBe(fences.length);
  const here = readFileSync(fileURLToPath(import.meta.url), 'utf8');
  expect([...PIECES.keys()].filter((name) => !here.includes(`'${name}'`))).toEqual([]);
});

describe('the tasks in TypeScript', () => {
  it('the first one counts words, and is dead for a body without a file', async () => {
    const runner = await taskOf('count-words.ts');
    const file = write('a.txt', 'one two\n three ');
    expect(await runWorker(runner, { input: { file } }).outcome).toEqual({ kind: 'done', result: '{"words":3}' });
    const refused = await runWorker(runner, { input: { file: 7 } }).outcome;
    expect(refused).toMatchObject({ kind: 'failed', isFinal: true });
  });

  it('its fleet file is accepted', async () => {
    const { code, stdout } = await runCommandLine(['fleet', 'check', 'spothop.yml'], {
      'spothop.yml': PIECES.get('spothop.yml')!.text,
    });
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('1 fleet (words)') });
  });

  it('the one that stores everySeconds finds all primes, and is stored when it is stopped', async () => {
    const runner = await taskOf('find-primes.ts');
    expect(await runWorker(runner, { input: { below: 100 } }).outcome).toEqual({ kind: 'done', result: '25' });
    const first = runWorker(runner, { input: { below: 10_000_000 } });
    first.stop();
    expect(await first.outcome).toMatchObject({ kind: 'hand-back' });
    expect(first.checkpoints).toHaveLength(1);
    const next = await runWorker(runner, { input: { below: 100 }, resume: '{"next":50,"found":15}' }).outcome;
    expect(next).toEqual({ kind: 'done', result: '25' });
  });

  it('the batch sums up all lines, and is dead at its fourth failure', async () => {
    const runner = await taskOf('import-orders.ts');
    const file = write('orders.ndjson', Array.from({ length: 250 }, () => '{"cents":2}').join('\n'));
    const run = runWorker(runner, { input: { file } });
    expect(await run.outcome).toEqual({ kind: 'done', result: '{"count":250,"cents":500}' });
    expect(run.checkpoints).toEqual(['{"nextIndex":100,"carry":200}', '{"nextIndex":200,"carry":400}']);
    const resumed = runWorker(runner, { input: { file }, resume: run.checkpoints[1] });
    expect(await resumed.outcome).toEqual({ kind: 'done', result: '{"count":250,"cents":500}' });
    const failed = await runWorker(runner, { input: { file: write('bad.ndjson', 'no json') } }).outcome;
    expect(failed).toMatchObject({ kind: 'failed', failuresMax: 4, retryDelaySeconds: 300 });
  });

  it('have no fault of types that an editor would show', () => {
    const project = write('tsconfig.json', JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'] }));
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [compiler, '-p', project], { cwd: folder, encoding: 'utf8' });
    expect(stdout.split('\n').filter((line) => /^\w[\w.-]*\.ts\(/.test(line))).toEqual([]);
  }, 60_000);

  it('its test passes as it stands', () => {
    const { status, stdout } = spawnSync(process.execPath, ['--test', join(folder, 'find-primes.test.ts')], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] },
    });
    expect({ status, stdout }).toMatchObject({ status: 0, stdout: expect.stringMatching(/pass 1/) });
  });
});

describe('the tasks that ask a server', () => {
  const asked: string[] = [];
  let server: Server;
  let site: string;
  beforeAll(async () => {
    server = createServer(({ url = '' }, response) => {
      asked.push(url);
      const status = Number(url.split('/')[1]);
      response.writeHead(status >= 200 ? status : 200).end('12345');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });

  it('the one with a checkpoint fetches each page once, over two attempts', async () => {
    const runner = await taskOf('fetch-pages.ts');
    asked.length = 0;
    const first = runWorker(runner, {
      input: { site, pages: 4 },
      onCheckpoint: (text) => {
        if (text.startsWith('{"page":2')) first.stop();
      },
    });
    expect(await first.outcome).toMatchObject({ kind: 'hand-back' });
    const second = runWorker(runner, { input: { site, pages: 4 }, resume: first.checkpoints.at(-1) });
    expect(await second.outcome).toEqual({ kind: 'done', result: '{"bytes":20}' });
    expect(asked).toEqual(['/0', '/1', '/2', '/3']);
    expect(second.shares).toEqual([0.75, 1]);
  });

  it.each([
    [429, { kind: 'hand-back', reason: 'the service is busy' }],
    [404, { kind: 'failed', reason: 'the page is gone', isFinal: true }],
    [500, { kind: 'failed', reason: 'status 500' }],
    [200, { kind: 'done' }],
  ])('the one that may end otherwise answers a status of %d as it says', async (status, outcome) => {
    const runner = await taskOf('publish.ts');
    const run = runWorker(runner, { input: { task: 'publish', url: `${site}/${status}` } });
    expect(await run.outcome).toMatchObject(outcome);
    expect(run.commits).toEqual(status === 200 ? [JSON.stringify({ published: `${site}/200` })] : []);
  });

  it('a body chooses among the tasks of the file', async () => {
    const runner = await taskOf('publish.ts');
    const outcome = await runWorker(runner, { input: { task: 'withdraw', url: 'u' } }).outcome;
    expect(outcome).toEqual({ kind: 'done', result: '{"withdrawn":"u"}' });
    expect(await runWorker(runner, { input: { url: 'u' } }).outcome).toMatchObject({ kind: 'failed', isFinal: true });
  });
});

describe('the task with fences', () => {
  let cloud: TestCloud;
  let table: DynamoDBDocument;
  const environment = { ...process.env };
  beforeAll(async () => {
    cloud = await startTestCloud();
    const settings = cloud.clientConfiguration();
    const client = new DynamoDBClient(settings);
    table = DynamoDBDocument.from(client);
    await client.send(
      new CreateTableCommand({
        TableName: 'reports',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'month', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'month', KeyType: 'HASH' }],
      }),
    );
    await tableReady(client, 'reports');
    const s3 = new S3Client({ ...settings, forcePathStyle: true });
    await s3.send(new CreateBucketCommand({ Bucket: 'reports' }));
    s3.destroy();
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: cloud.endpoint,
      AWS_REGION: settings.region,
      AWS_ACCESS_KEY_ID: settings.credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: settings.credentials.secretAccessKey,
    });
  });
  afterAll(async () => {
    process.env = environment;
    table.destroy();
    await cloud.close();
  });

  it('writes to all three, and is refused once a later attempt has written (F50)', async () => {
    const database = join(folder, 'reports.db');
    const sqlite = new DatabaseSync(database);
    sqlite.exec(`${fence.sql.createTable}; CREATE TABLE reports (month TEXT PRIMARY KEY, cents INTEGER)`);
    const runner = await taskOf('fenced-report.ts');
    const input = (cents: number) => ({ month: '2026-11', cents, database });
    expect(await runWorker(runner, { input: input(700), attempt: 2 }).outcome).toEqual({
      kind: 'done',
      result: 'null',
    });
    const late = await runWorker(runner, { input: input(1), attempt: 1 }).outcome;
    expect(late).toEqual({ kind: 'hand-back', reason: 'its attempt is over' });
    expect(cloud.context.objects.get('reports', '2026-11.json')?.toString()).toBe('{"cents":700}');
    const { Item } = await table.get({ TableName: 'reports', Key: { month: '2026-11' } });
    expect(Item).toMatchObject({ cents: 700, checked: true, spothopAttempt: 2 });
    expect(sqlite.prepare('SELECT cents FROM reports').get()?.['cents']).toBe(700);
    sqlite.close();
  });
});

describe('the commands', () => {
  it('the first one counts lines, and fails with its last line', async () => {
    const file = write('lines.txt', 'a\nb\n');
    const outcome = await runWorker(commandOf('count-lines.sh'), { input: { file } }).outcome;
    expect(outcome.kind === 'done' && outcome.result.trim()).toBe('2');
    const failed = await runWorker(commandOf('count-lines.sh'), { input: { file: 'none' } }).outcome;
    expect(failed).toEqual({ kind: 'failed', reason: 'exit code 1: cannot read none' });
  });

  it('the one with a checkpoint goes on where it was asked to stop', async () => {
    const first = runWorker(commandOf('resize-all.sh'), { input: {} });
    await first.stored(2);
    first.stop();
    expect(await first.outcome).toMatchObject({ kind: 'hand-back' });
    const next = Number(first.checkpoints.at(-1));
    expect(next).toBeGreaterThan(2);
    expect(next).toBeLessThan(100);
    const second = runWorker(commandOf('resize-all.sh'), { input: {}, resume: first.checkpoints.at(-1) });
    expect(await second.outcome).toEqual({ kind: 'done', result: 'all 100\n' });
    expect(Number(second.checkpoints[0])).toBeGreaterThan(next);
  });

  it.runIf(hasPython)(inPython('the one in Python adds up, over two attempts'), async () => {
    write('spothop.py', readFileSync(join(ROOT, 'examples/python-worker/spothop.py'), 'utf8'));
    const runner = commandRunner(`exec python3 ${join(folder, 'total.py')}`);
    const input = { numbers: Array.from({ length: 2_500 }, () => 2) };
    const run = runWorker(runner, { input });
    expect(await run.outcome).toEqual({ kind: 'done', result: '5000\n' });
    expect(run.checkpoints.map((text) => JSON.parse(text).next)).toEqual([1_000, 2_000]);
    const resumed = runWorker(runner, { input, resume: run.checkpoints[1] });
    expect(await resumed.outcome).toEqual({ kind: 'done', result: '5000\n' });
  });
});

describe('the figures on the page', () => {
  it('are those of the code', () => {
    expect(TASK_BODY_BYTES_MAX).toBe(1_048_576);
    expect(INLINE_BYTES_MAX).toBe(32 * 1_024);
    expect(SILENCE_SECONDS_MAX).toBe(50);
    expect(STOP_GRACE_SECONDS).toBe(3);
    const words = [
      '1 MiB each',
      'Up to 32 KiB',
      'silent for 50 s',
      'at least 3 s',
      '24 hours unless',
      '(30, or',
      '(3, or',
    ];
    expect(words.filter((figure) => !PAGE.includes(figure))).toEqual([]);
    const read = readFleetFile(PIECES.get('spothop.yml')!.text);
    expect(read.ok && read.fleets[0]).toMatchObject({
      queue: { maxFailures: 3, retryDelaySeconds: 30 },
      worker: { maximumAgeHours: 24 },
    });
  });

  it('each variable of a command’s files is in the table, and none besides', () => {
    const told = readFileSync(join(ROOT, 'lib/agent/exec-folder.ts'), 'utf8').match(/SPOTHOP_\w+_FILE/g)!;
    const named = new Set(PAGE.match(/^\| `SPOTHOP_\w+_FILE`/gm)!.map((row) => row.slice(3, -1)));
    expect([...named].sort()).toEqual([...new Set(told)].sort());
  });

  it('each folder it points to is there', () => {
    for (const [, path] of PAGE.matchAll(/\]\(\.\.\/(examples[^)]*)\)/g))
      expect(existsSync(join(ROOT, path!))).toBe(true);
  });
});

/** A folder without a page is no worker but something to build one with. */
const EXAMPLES = readdirSync(join(ROOT, 'examples')).filter((name) =>
  existsSync(join(ROOT, 'examples', name, 'README.md')),
);

it('there are six examples', () => {
  // biome-ignore format: a list
  expect(EXAMPLES).toEqual(expect.arrayContaining(['index-sources', 'python-worker', 'records-batch', 'resize-images', 'shell-pipeline', 'supervised-worker']));
});

describe.each(EXAMPLES)('the example %s', (name) => {
  const page = readFileSync(join(ROOT, 'examples', name, 'README.md'), 'utf8');

  it('says how it drains, and names only what is there', () => {
    expect(page).toContain('**How it drains.**');
    const links = [...page.matchAll(/\]\((?!https:)([^)]+)\)/g)].map(([, path]) => join(ROOT, 'examples', name, path!));
    const paths = [...page.matchAll(/\b((?:examples|test)\/[\w./-]+\.\w+)/g)].map(([, path]) => join(ROOT, path!));
    expect([...links, ...paths].filter((path) => !existsSync(path))).toEqual([]);
  });
});
