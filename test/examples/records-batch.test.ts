import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recordsOf, scoreRecord } from '../../examples/records-batch/score-record.ts';
import { CREATE_TABLE } from '../../examples/records-batch/task.ts';
import type { TaskRunner } from '../../lib/agent/runner.ts';
import { hostedRunner } from './support/hosted.ts';
import { runWorker } from './support/run-worker.ts';

const TASK = fileURLToPath(new URL('../../examples/records-batch/task.ts', import.meta.url));
const BATCH = 3;
const WHOLE = 10_000;
/** Enough for the rules that do not depend on how many there are. */
const FEW = 1_000;

let folder: string;
let file: string;
let database: DatabaseSync;
let runner: TaskRunner;
beforeAll(async () => {
  runner = await hostedRunner(TASK);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-records-'));
  file = join(folder, 'records.db');
  database = new DatabaseSync(file);
  // Nobody pulls the plug of a test's database.
  database.exec(`PRAGMA journal_mode = WAL; ${CREATE_TABLE}; CREATE TABLE writes (id TEXT, attempt INTEGER);
    CREATE TRIGGER first AFTER INSERT ON records BEGIN INSERT INTO writes VALUES (NEW.id, NEW.spothop_attempt); END;
    CREATE TRIGGER later AFTER UPDATE ON records BEGIN INSERT INTO writes VALUES (NEW.id, NEW.spothop_attempt); END;`);
});
afterAll(() => runner.close?.());
afterEach(() => {
  database.close();
  rmSync(folder, { recursive: true, force: true });
});

const input = (size = FEW) => ({ batch: BATCH, size, database: file });
const number = (sql: string): number => Number(Object.values(database.prepare(sql).get()!)[0]);

/** The whole batch done in one go, beside the worker's way of doing it. */
const expectWholeBatch = (size = FEW): void => {
  const expected = [...recordsOf(BATCH, size, 0)].map((record) => [record.id, scoreRecord(record)] as const);
  const stored = new Map(
    database
      .prepare('SELECT id, score FROM records')
      .all()
      .map(({ id, score }) => [id, score]),
  );
  expect(expected.filter(([id, score]) => stored.get(id) !== score)).toEqual([]);
  expect(stored.size).toBe(size);
};

describe('a batch of 10,000 records (D1, D3, D5, D6, D7)', () => {
  it('writes each record once, and keeps its place every 100', async () => {
    const run = runWorker(runner, { input: { batch: BATCH, database: file } });
    expect(await run.outcome).toEqual({ kind: 'done', result: '{"batch":3,"count":10000}' });
    expectWholeBatch(WHOLE);
    expect(number('SELECT count(*) FROM writes')).toBe(WHOLE);
    const places = run.checkpoints.map((text) => JSON.parse(text).nextIndex);
    expect(places).toEqual(Array.from({ length: 100 }, (_, index) => (index + 1) * 100));
  }, 60_000);

  it('stops between two records when it is asked to, and the next attempt repeats none', async () => {
    const first = runWorker(runner, {
      input: input(),
      onCheckpoint: (text) => {
        if (JSON.parse(text).nextIndex === 400) first.stop();
      },
    });
    expect(await first.outcome).toMatchObject({ kind: 'hand-back' });
    const second = runWorker(runner, { input: input(), attempt: 2, resume: first.checkpoints.at(-1) });
    expect(await second.outcome).toMatchObject({ kind: 'done' });
    expectWholeBatch();
    expect(number('SELECT count(*) FROM writes')).toBe(FEW);
  });

  it('repeats at most 100 records after its machine was gone without a word, each with the same row', async () => {
    class Gone extends Error {}
    const first = runWorker(runner, {
      input: input(),
      onCheckpoint: (text) => {
        if (JSON.parse(text).nextIndex === 700) throw new Gone('the machine is gone before this was stored');
      },
    });
    expect(await first.outcome).toMatchObject({ kind: 'failed' });
    expect(first.checkpoints.at(-1)).toContain('"nextIndex":600');
    const second = runWorker(runner, { input: input(), attempt: 2, resume: first.checkpoints.at(-1) });
    expect(await second.outcome).toMatchObject({ kind: 'done' });
    expectWholeBatch();
    expect(number('SELECT count(*) FROM writes')).toBe(FEW + 100);
  });

  it('is refused by every row that a later attempt has written, when it wakes up late (F50)', async () => {
    const later = runWorker(runner, { input: input(), attempt: 2 });
    expect(await later.outcome).toMatchObject({ kind: 'done' });
    const zombie = runWorker(runner, { input: input(), attempt: 1, resume: '{"nextIndex":500}' });
    expect(await zombie.outcome).toEqual({ kind: 'hand-back', reason: 'its attempt is over' });
    expect(number('SELECT count(*) FROM records WHERE spothop_attempt <> 2')).toBe(0);
    expectWholeBatch();
  });

  it('divides the records of all batches without a gap or an overlap', () => {
    const ids = [0, 1, 2].flatMap((batch) => [...recordsOf(batch, 50, 0)].map(({ id }) => id));
    expect(ids).toEqual(Array.from({ length: 150 }, (_, index) => `record-${index}`));
    expect([...recordsOf(2, 50, 48)].map(({ id }) => id)).toEqual(['record-148', 'record-149']);
  });
});
