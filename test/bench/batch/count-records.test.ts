import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptEnd, countBatch } from '../../../bench/batch/count-records.ts';
import { createSink } from '../../../bench/batch/sinks.ts';

/** Batch 0 has these amounts: 7, 38, 69, 100 for its records 0 to 3. */
const AMOUNTS = [7, 38, 69, 100];
const SUM = 214;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-count-'));
  createSink(folder, 0);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (sql: string, ...values: number[]): void => {
  const sink = new DatabaseSync(join(folder, 'sink-0.sqlite'));
  sink.prepare(sql).run(...values);
  sink.close();
};

const insert = (id: number, attempt: number, amount = AMOUNTS[id]!): void =>
  write('INSERT INTO records VALUES (?, ?, ?)', id, amount, attempt);

const log = (attempt: number, entries: readonly number[]): void =>
  writeFileSync(
    join(folder, `log-0-${attempt}.bin`),
    Buffer.concat(entries.map((entry) => Buffer.from(Uint32Array.of(entry).buffer))),
  );

const count = (ends: readonly (readonly [number, AttemptEnd])[] = [], attempts = ends.length + 1) =>
  countBatch(folder, { batch: 0, attempts, result: { count: 4, sum: SUM }, ends: new Map(ends) }, 4);

const allDone = (): void => {
  for (const id of AMOUNTS.keys()) insert(id, 1);
};

describe('the count of a batch', () => {
  it('is whole when every record is there once', () => {
    allDone();
    log(1, [0, 1, 2, 3]);
    expect(count()).toMatchObject({ done: 4, missing: 0, doubledEffects: 0, repeatedRecords: 0, notLogged: 0 });
  });

  it('misses a record that is not in the sink, or there with another amount', () => {
    insert(0, 1);
    insert(1, 1, 39);
    insert(3, 1);
    log(1, [0, 1, 3]);
    expect(count()).toMatchObject({ done: 2, missing: 2, doubledEffects: 1, notLogged: 1 });
  });

  it('finds a record beyond the batch', () => {
    allDone();
    insert(4, 1, 131);
    expect(count().doubledEffects).toBe(1);
  });

  it('finds a write of an attempt that was overtaken over a later one, though the row looks the same', () => {
    allDone();
    write('UPDATE records SET spothop_attempt = 2 WHERE id = 1');
    write('UPDATE records SET spothop_attempt = 1 WHERE id = 1');
    expect(count().doubledEffects).toBe(1);
  });

  it('finds a result that counted a record twice', () => {
    allDone();
    const task = { batch: 0, attempts: 1, result: { count: 4, sum: SUM + 38 }, ends: new Map() };
    expect(countBatch(folder, task, 4).doubledEffects).toBe(1);
  });

  it('tells records repeated after a crash from those repeated after a drain', () => {
    allDone();
    log(1, [0, 1, 2]);
    log(2, [1, 2]);
    log(3, [2, 3]);
    expect(
      count([
        [1, 'released'],
        [2, 'handed back'],
      ]),
    ).toMatchObject({
      repeatedRecords: 3,
      notLogged: 0,
      repeatedAfter: { released: 2, 'handed back': 1 },
    });
  });

  it('asks a crash for what is repeated because of it, also when a drain came in between', () => {
    allDone();
    log(1, [0, 1, 2]);
    log(2, [1]);
    log(3, [2, 3]);
    const drained = count([
      [1, 'released'],
      [2, 'handed back'],
    ]);
    expect(drained.repeatedAfter).toEqual({ released: 1, 'handed back': 0, 'put back': 0, failed: 0 });
  });

  it('asks the last attempt that did something, not one that was given back before its first record', () => {
    allDone();
    log(1, [0, 1, 2]);
    log(4, [1, 2, 3]);
    const givenBack = count([
      [1, 'released'],
      [2, 'handed back'],
      [3, 'put back'],
    ]);
    expect(givenBack.repeatedAfter).toEqual({ released: 2, 'handed back': 0, 'put back': 0, failed: 0 });
  });
});
