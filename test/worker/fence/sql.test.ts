import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StaleAttempt } from '../../../lib/worker/errors.ts';
import { fence } from '../../../lib/worker/fence/index.ts';
import type { RunSql } from '../../../lib/worker/fence/sql.ts';
import { type Accepted, everGrowing, picks, plannedAttempts } from '../support/attempts.ts';
import { interleave, type Step } from '../support/interleave.ts';

const attempt = (number: number, taskId = 'import-1') => ({ taskId, attempt: number });

let folder: string;
let opened: DatabaseSync[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spothop-fence-'));
  opened = [];
});
afterEach(() => {
  for (const database of opened) database.close();
  rmSync(folder, { recursive: true, force: true });
});

/** One connection; each machine has its own. A lock held by another is an error at once. */
const connect = (name = 'results.db'): DatabaseSync => {
  const database = new DatabaseSync(join(folder, name), { timeout: 0 });
  opened.push(database);
  return database;
};

const runOn =
  (database: DatabaseSync): RunSql =>
  (text, values) =>
    database.prepare(text).run(...(values as (string | number)[])).changes;

const TABLES = `${fence.sql.createTable};
  CREATE TABLE names (id TEXT PRIMARY KEY, value TEXT);
  CREATE TABLE totals (id TEXT PRIMARY KEY, value TEXT);
  CREATE TABLE single (id TEXT PRIMARY KEY, value TEXT, spothop_attempt INTEGER);`;

const storedIn = (database: DatabaseSync, table: string, id: string): unknown =>
  database.prepare(`SELECT value FROM ${table} WHERE id = ?`).get(id)?.['value'];

const replaceAll = async (database: DatabaseSync, number: number, id: string, value: string): Promise<void> => {
  database.exec('BEGIN IMMEDIATE');
  try {
    await fence.sql.raise(runOn(database), attempt(number));
    for (const table of ['names', 'totals']) {
      database.prepare(`INSERT OR REPLACE INTO ${table} (id, value) VALUES (?, ?)`).run(id, value);
    }
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
};

describe('a fenced transaction', () => {
  it('refuses an attempt that slept before it while a later one committed, and all that was in it', async () => {
    const [zombie, later] = [connect(), connect()];
    zombie.exec(TABLES);
    await replaceAll(zombie, 1, 'a', 'of attempt 1');
    await replaceAll(later, 2, 'a', 'of attempt 2');
    await expect(replaceAll(zombie, 1, 'a', 'of attempt 1, late')).rejects.toBeInstanceOf(StaleAttempt);
    await expect(replaceAll(zombie, 1, 'b', 'of attempt 1, late')).rejects.toThrow(/import-1.*attempt 1 is over/);
    expect(['names', 'totals'].map((table) => storedIn(later, table, 'a'))).toEqual(['of attempt 2', 'of attempt 2']);
    expect(storedIn(later, 'names', 'b')).toBeUndefined();
  });

  it('may be repeated by the same attempt, and each task has its own fence', async () => {
    const database = connect();
    database.exec(TABLES);
    const run = runOn(database);
    await fence.sql.raise(run, attempt(2));
    await fence.sql.raise(run, attempt(2));
    await fence.sql.raise(run, attempt(1, 'import-2'));
    const rows = database.prepare('SELECT task_id, attempt FROM spothop_fence ORDER BY task_id').all();
    expect(rows.map((row) => ({ ...row }))).toEqual([
      { task_id: 'import-1', attempt: 2 },
      { task_id: 'import-2', attempt: 1 },
    ]);
  });

  it('lets a later attempt through whose row was made by an earlier one in between', async () => {
    const database = connect();
    database.exec(TABLES);
    const run = runOn(database);
    let statements = 0;
    const overtaken: RunSql = (text, values) => {
      statements += 1;
      if (statements === 2) void run('INSERT INTO spothop_fence (task_id, attempt) VALUES (?, ?)', ['import-1', 1]);
      return run(text, values);
    };
    await fence.sql.raise(overtaken, attempt(2));
    expect(database.prepare('SELECT attempt FROM spothop_fence').get()?.['attempt']).toBe(2);
  });

  it('refuses attempts that cannot be compared', async () => {
    const asText = { taskId: 'import-1', attempt: '2' as unknown as number };
    await expect(fence.sql.raise(() => 1, asText)).rejects.toThrow(TypeError);
  });
});

describe('a fenced row', () => {
  const row = (value: string) => ({ table: 'single', key: { id: 'a' }, values: { value } });

  it('refuses an earlier attempt once a later one has written it', async () => {
    const [zombie, later] = [connect(), connect()];
    zombie.exec(TABLES);
    await fence.sql.upsert(runOn(zombie), attempt(1), row('of attempt 1'));
    await fence.sql.upsert(runOn(later), attempt(2), row('of attempt 2'));
    const late = fence.sql.upsert(runOn(zombie), attempt(1), row('of attempt 1, late'));
    await expect(late).rejects.toBeInstanceOf(StaleAttempt);
    expect(storedIn(later, 'single', 'a')).toBe('of attempt 2');
  });

  it('that was there before there was a fence is older than every attempt', async () => {
    const database = connect();
    database.exec(TABLES);
    database.exec("INSERT INTO single (id, value) VALUES ('a', 'old')");
    await fence.sql.upsert(runOn(database), attempt(1), row('new'));
    expect(storedIn(database, 'single', 'a')).toBe('new');
  });

  it('has no name of a table or column that could be a statement', async () => {
    const hostile = { table: 'single; DROP TABLE single', key: { id: 'a' }, values: {} };
    await expect(fence.sql.upsert(() => 1, attempt(1), hostile)).rejects.toThrow(/no plain name/);
    const column = { table: 'single', key: { 'id = id --': 'a' }, values: {} };
    await expect(fence.sql.upsert(() => 1, attempt(1), column)).rejects.toThrow(/no plain name/);
  });
});

it('numbers parameters for drivers that want numbers', () => {
  expect(fence.sql.numbered('UPDATE t SET a = ? WHERE b = ? AND c <= ?')).toBe(
    'UPDATE t SET a = $1 WHERE b = $2 AND c <= $3',
  );
});

describe('over any interleaving of attempts (F09, F50)', () => {
  it('the row is that of the latest attempt that wrote it', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(plannedAttempts, picks, async (attempts, order) => {
        run += 1;
        const database = connect(`row-${run}.db`);
        database.exec(TABLES);
        const accepted: Accepted[] = [];
        const writer =
          (plan: (typeof attempts)[number], index: number) =>
          async (step: Step): Promise<void> => {
            for (let write = 1; write <= plan.writes; write += 1) {
              const value = `attempt ${plan.attempt}, writer ${index}, write ${write}`;
              const noting: RunSql = (text, values) =>
                step(async () => {
                  const changed = await runOn(database)(text, values);
                  if (Number(changed) > 0) accepted.push({ attempt: plan.attempt, value });
                  return changed;
                });
              await fence.sql
                .upsert(noting, attempt(plan.attempt), { table: 'single', key: { id: 'a' }, values: { value } })
                .catch((error) => expect(error).toBeInstanceOf(StaleAttempt));
            }
          };
        await interleave(attempts.map(writer), order);
        expect(everGrowing(accepted)).toBe(true);
        expect(storedIn(database, 'single', 'a')).toBe(accepted.at(-1)?.value);
        expect(accepted.at(-1)?.attempt).toBe(Math.max(...attempts.map((plan) => plan.attempt)));
      }),
      { numRuns: 100 },
    );
  }, 60_000);

  it('both tables of a transaction are those of the latest attempt that committed', async () => {
    let run = 0;
    await fc.assert(
      fc.asyncProperty(plannedAttempts, picks, async (attempts, order) => {
        run += 1;
        const file = `transaction-${run}.db`;
        connect(file).exec(TABLES);
        const accepted: Accepted[] = [];
        const writer =
          (plan: (typeof attempts)[number], index: number) =>
          async (step: Step): Promise<void> => {
            const database = connect(file);
            const begun = (): Promise<boolean> =>
              step(() => {
                try {
                  database.exec('BEGIN IMMEDIATE');
                  return true;
                } catch {
                  return false;
                }
              });
            const stepwise: RunSql = (text, values) => step(() => runOn(database)(text, values));
            for (let write = 1; write <= plan.writes; write += 1) {
              const value = `attempt ${plan.attempt}, writer ${index}, write ${write}`;
              while (!(await begun()));
              try {
                await fence.sql.raise(stepwise, attempt(plan.attempt));
                for (const table of ['names', 'totals']) {
                  await stepwise(`INSERT OR REPLACE INTO ${table} (id, value) VALUES (?, ?)`, ['a', value]);
                }
                await step(() => {
                  database.exec('COMMIT');
                  accepted.push({ attempt: plan.attempt, value });
                });
              } catch (error) {
                expect(error).toBeInstanceOf(StaleAttempt);
                database.exec('ROLLBACK');
              }
            }
          };
        await interleave(attempts.map(writer), order);
        const reader = connect(file);
        expect(everGrowing(accepted)).toBe(true);
        expect(storedIn(reader, 'names', 'a')).toBe(accepted.at(-1)?.value);
        expect(storedIn(reader, 'totals', 'a')).toBe(accepted.at(-1)?.value);
        expect(accepted.at(-1)?.attempt).toBe(Math.max(...attempts.map((plan) => plan.attempt)));
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});
