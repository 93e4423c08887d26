import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sinkName } from './places.ts';

/**
 * The fenced table and, beside it, an auditor that knows nothing of fences: triggers of the database itself. `account` adds
 * up like a bank account, so that an effect done twice shows; `stale` keeps every write of an attempt over a later one's.
 */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE records (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, spothop_attempt INTEGER NOT NULL);
  CREATE TABLE account (entries INTEGER NOT NULL, balance INTEGER NOT NULL);
  CREATE TABLE stale (id INTEGER NOT NULL, attempt INTEGER NOT NULL, over INTEGER NOT NULL);
  INSERT INTO account VALUES (0, 0);
  CREATE TRIGGER entered AFTER INSERT ON records BEGIN
    UPDATE account SET entries = entries + 1, balance = balance + NEW.amount;
  END;
  CREATE TRIGGER corrected AFTER UPDATE ON records WHEN NEW.amount <> OLD.amount BEGIN
    UPDATE account SET balance = balance + NEW.amount - OLD.amount;
  END;
  CREATE TRIGGER overtaken AFTER UPDATE ON records WHEN NEW.spothop_attempt < OLD.spothop_attempt BEGIN
    INSERT INTO stale VALUES (NEW.id, NEW.spothop_attempt, OLD.spothop_attempt);
  END;
`;

/** Made before the tasks run, as tables are. */
export const createSink = (folder: string, batch: number): void => {
  const database = new DatabaseSync(join(folder, sinkName(batch)));
  database.exec(SCHEMA);
  database.close();
};

export interface SinkContents {
  /** Record and amount. */
  readonly rows: ReadonlyMap<number, number>;
  readonly entries: number;
  readonly balance: number;
  readonly staleWrites: number;
}

export const readSink = (folder: string, batch: number): SinkContents => {
  const database = new DatabaseSync(join(folder, sinkName(batch)));
  try {
    const rows = database.prepare('SELECT id, amount FROM records').all();
    const account = database.prepare('SELECT entries, balance FROM account').get();
    const stale = database.prepare('SELECT count(*) AS writes FROM stale').get();
    return {
      rows: new Map(rows.map(({ id, amount }) => [Number(id), Number(amount)])),
      entries: Number(account?.['entries']),
      balance: Number(account?.['balance']),
      staleWrites: Number(stale?.['writes']),
    };
  } finally {
    database.close();
  }
};
