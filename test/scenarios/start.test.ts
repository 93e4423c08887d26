import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { simpleParser } from 'mailparser';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../lib/cli/start/summary.ts';
import { type Line, type Recomputed, recompute } from './support/recompute-record.ts';
import { isAlive, readRecord, runSpothop, runStart, type StartRun } from './support/run-start.ts';

/** One small run of the main job, real in every part; everything below looks at it. */

const TASKS = 40;
/** Bounds a hang and nothing else: a busy machine takes several times as long as an idle one. */
const RUN_SECONDS_MAX = 600;

let folder: string;
let run: StartRun;
let summary: RunSummary;
let record: readonly Line[];
let recomputed: Recomputed;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-start-'));
  const limits = ['--tasks', String(TASKS), '--instances', '3', '--seconds', String(RUN_SECONDS_MAX / 2)];
  run = await runStart([...limits, '--json', '--record', folder]);
  summary = JSON.parse(run.stdout) as RunSummary;
  record = readRecord(folder);
  recomputed = recompute(record);
}, RUN_SECONDS_MAX * 1_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the main job', () => {
  it('holds, and says so by its exit code', () => {
    expect(summary.problems).toEqual([]);
    expect({ code: run.code, held: summary.held }).toEqual({ code: 0, held: true });
  });

  it('prints one JSON object on standard output and nothing else', () => {
    expect(run.stdout.trimEnd().split('\n')).toHaveLength(1);
  });

  it('loses no task and commits none twice', () => {
    expect(summary.tasks).toMatchObject({ submitted: TASKS, done: TASKS, dead: 0, lost: 0, doubleCommits: 0 });
    expect(summary.result.verified).toBe(true);
  });

  it('goes through every kind of interruption, and hands work back', () => {
    expect(summary.interruptions.warned).toBeGreaterThanOrEqual(2);
    expect(summary.interruptions.unwarned).toBeGreaterThanOrEqual(1);
    expect(summary.interruptions.rebalances).toBeGreaterThanOrEqual(1);
    expect(summary.tasks.reclaims).toBeGreaterThanOrEqual(1);
    expect(summary.scripted.join('\n')).toMatch(/^(?:scripted, after .+\n?){4}$/);
  });

  it('replaces what was taken, on demand while there is no spot, and leaves nothing running', () => {
    expect(summary.instances.launched).toBe(summary.instances.spot + summary.instances.onDemand);
    expect(summary.instances.onDemand).toBeGreaterThanOrEqual(1);
    expect(summary.instances.leftRunning).toBe(0);
    expect(recomputed.processesLeft).toEqual([]);
    const pids = record.filter((line) => line.kind === 'process-start').map((line) => line.pid!);
    expect(pids.length).toBeGreaterThanOrEqual(3);
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('needs no permission that its roles do not give', () => {
    expect(summary.iam.denied).toBe(0);
  });

  it('measures how fast interruptions are answered, in milliseconds of service time', () => {
    const { noticeToTaskReady, ...always } = summary.latencyMs;
    for (const latency of Object.values(always)) {
      expect(latency).toEqual({ p50: expect.any(Number), p99: expect.any(Number), max: expect.any(Number) });
    }
    // A notice gives 120 s, within which every task may be finished; the tasks of a silent machine are ready 120 s later.
    expect(noticeToTaskReady.max ?? 0).toBeLessThan(240_000);
  });

  it('leaves a cost report in the outbox, as a mail and as a page', async () => {
    const mail = await simpleParser(readFileSync(summary.report.eml!));
    expect(mail.subject).toContain('index');
    expect(mail.text).toContain('USD');
    expect(mail.html).toBeTruthy();
    expect(readFileSync(summary.report.html!, 'utf8')).toMatch(/<html/i);
  });

  it('says what it ran with', () => {
    expect(summary).toMatchObject({ timeFactor: 10, seed: 20_260_101, money: { currency: 'USD' } });
  });
});

describe('the record of a run, read by another program', () => {
  it('tells the same of the tasks', () => {
    expect(recomputed.tasks).toEqual(summary.tasks);
  });

  it('tells the same of machines and interruptions', () => {
    expect({ ...recomputed.instances, leftRunning: 0 }).toEqual(summary.instances);
    expect(recomputed.interruptions).toEqual(summary.interruptions);
    expect(recomputed.denied).toBe(summary.iam.denied);
  });

  it('tells the same of the time to a task being ready again', () => {
    const { max } = summary.latencyMs.noticeToTaskReady;
    expect(Math.max(0, ...recomputed.noticeToTaskReadyMs)).toBe(max ?? 0);
  });

  it('gives the same money, to the micro-dollar where every end was told', () => {
    const { spentMicros, onDemandWouldBeMicros, uncertainMicros } = recomputed;
    const { spent, onDemandWouldBe, savedPercent } = summary.money;
    const away = (amount: number | 'unknown', micros: number) => Math.abs(Math.round(Number(amount) * 1e6) - micros);
    expect(away(spent, spentMicros)).toBeLessThanOrEqual(uncertainMicros);
    expect(away(onDemandWouldBe, onDemandWouldBeMicros)).toBeLessThanOrEqual(uncertainMicros);
    expect(savedPercent).toBeCloseTo((100 * (Number(onDemandWouldBe) - Number(spent))) / Number(onDemandWouldBe), 2);
  });

  it('holds no step that the protocol does not allow, and says how to see that', async () => {
    const file = join(folder, 'record.jsonl');
    expect(run.stderr).toContain(`npx spothop audit --trace ${file}`);
    const audit = await runSpothop(['audit', '--json', '--trace', file]);
    const { first, held, judged } = JSON.parse(audit.stdout);
    expect({ code: audit.code, held, first }).toEqual({ code: 0, held: true, first: null });
    expect(judged.tasks).toEqual({ ready: 0, running: 0, done: TASKS, dead: 0, cancelled: 0 });
    expect(judged.machines).toBe(summary.instances.launched);
    expect(judged.unknownKinds).toEqual({});
  });

  it('tells in which order checkpoints came', () => {
    const sequences = record.flatMap(({ parameters = {} }) => {
      const name = /#\w+\.#\w+ < (:\w+)/.exec(String(parameters.condition))?.[1];
      return name === undefined ? [] : [parameters.values?.[name]];
    });
    expect(sequences.length).toBeGreaterThan(0);
    expect(sequences.every((sequence) => typeof sequence === 'number')).toBe(true);
  });

  it('holds no body, result or checkpoint of a task', () => {
    const submitted = record.filter((line) => line.kind === 'request' && line.action === 'dynamodb:PutItem');
    expect(submitted.length).toBeGreaterThanOrEqual(TASKS);
    expect(JSON.stringify(record)).not.toContain('node_modules/');
  });
});
