import { checkAttempt, type FencedAttempt, refusedWrite } from './fenced-attempt.ts';

export type SqlValue = string | number | bigint | boolean | null | Uint8Array;

/**
 * Runs one statement, with `?` for each parameter, and answers how many rows it changed. One line for each driver:
 *
 * ```ts
 * const sqlite = (text, values) => database.prepare(text).run(...values).changes;
 * const postgres = async (text, values) => (await client.query(numbered(text), values)).rowCount ?? 0;
 * const mysql = async (text, values) => (await connection.execute(text, values))[0].affectedRows;
 * ```
 *
 * MySQL must count the rows that were found, changed or not: mysql2 does unless it is told `-FOUND_ROWS`.
 */
export type RunSql = (text: string, parameters: SqlValue[]) => number | bigint | Promise<number | bigint>;

/** For drivers that number their parameters: `$1`, `$2` and so on for each `?`. */
export const numbered = (text: string): string => {
  let count = 0;
  return text.replaceAll('?', () => {
    count += 1;
    return `$${count}`;
  });
};

/** Makes the fence table. Once, by whoever makes your other tables. */
export const CREATE_FENCE_TABLE =
  'CREATE TABLE IF NOT EXISTS spothop_fence (task_id VARCHAR(256) NOT NULL PRIMARY KEY, attempt INTEGER NOT NULL)';

const changes = async (run: RunSql, text: string, parameters: SqlValue[]): Promise<boolean> =>
  Number(await run(text, parameters)) > 0;

const NAME = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/;

/** Names cannot be parameters, so they stand in the text: only plain ones do. @throws TypeError for others */
const checkNames = (names: readonly string[]): void => {
  const wrong = names.find((name) => !NAME.test(name));
  if (wrong === undefined) return;
  throw new TypeError(
    `${JSON.stringify(wrong)} is no plain name of a table or column: letters, digits and underscores only.`,
  );
};

/** A row of a table, as its key columns and its other columns. */
export interface FencedRow {
  readonly table: string;
  /** The columns that find the row: a primary or unique key. The row must belong to one task. */
  readonly key: Readonly<Record<string, SqlValue>>;
  readonly values: Readonly<Record<string, SqlValue>>;
}

const equals = (columns: readonly string[], separator: string): string =>
  columns.map((column) => `${column} = ?`).join(separator);

/** Answers whether it wrote: the row that is there when its attempt is not later, or a row that was not there. */
const writeRow = async (run: RunSql, row: FencedRow, attemptColumn: string, attempt: number): Promise<boolean> => {
  const { table, key } = row;
  const values = { ...row.values, [attemptColumn]: attempt };
  const [keyNames, names] = [Object.keys(key), Object.keys(values)];
  checkNames([table, ...keyNames, ...names]);
  const where = equals(keyNames, ' AND ');
  const update = `UPDATE ${table} SET ${equals(names, ', ')} WHERE ${where} AND (${attemptColumn} IS NULL OR ${attemptColumn} <= ?)`;
  const updating = (): Promise<boolean> =>
    changes(run, update, [...Object.values(values), ...Object.values(key), attempt]);
  if (await updating()) return true;
  const columns = [...keyNames, ...names];
  const insert = `INSERT INTO ${table} (${columns.join(', ')}) SELECT ${columns.map(() => '?').join(', ')} FROM (SELECT 1 AS one) AS source WHERE NOT EXISTS (SELECT 1 FROM ${table} WHERE ${where})`;
  if (await changes(run, insert, [...Object.values(key), ...Object.values(values), ...Object.values(key)])) return true;
  // Somebody else may have made the row between the two statements, and may be the earlier one.
  return updating();
};

/**
 * The first statement of a transaction of yours: all that is written in it is then fenced. It raises the task's row of
 * `spothop_fence` to this attempt, which also locks that row until the transaction ends, so that a later attempt waits for it
 * and an earlier one is refused.
 *
 * What it cannot do: before the later attempt's first transaction, the earlier one may still commit; the later one must
 * replace what it finds (upsert, or delete and insert) instead of adding to it. If two attempts make the task's first row in
 * the same instant, one of them gets the database's own error for a key that is there already, and rolls back.
 * @throws StaleAttempt when a later attempt has written: roll back
 */
const raise = async (run: RunSql, attempt: FencedAttempt): Promise<void> => {
  checkAttempt(attempt);
  const row = { table: 'spothop_fence', key: { task_id: attempt.taskId }, values: {} };
  if (!(await writeRow(run, row, 'attempt', attempt.attempt))) throw refusedWrite('The database', attempt);
};

/**
 * Writes one row unless a later attempt has written it, without a transaction and without the fence table: the table has a
 * column `spothop_attempt INTEGER` of its own.
 * @throws StaleAttempt when a later attempt has
 * @throws TypeError for a name that is not plain
 */
const upsert = async (run: RunSql, attempt: FencedAttempt, row: FencedRow): Promise<void> => {
  checkAttempt(attempt);
  if (await writeRow(run, row, 'spothop_attempt', attempt.attempt)) return;
  throw refusedWrite(`A row of ${row.table}`, attempt);
};

/** Fences for SQL databases. */
export const sqlFence = { createTable: CREATE_FENCE_TABLE, raise, upsert, numbered } as const;
