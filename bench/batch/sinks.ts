import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { sinkName } from './places.ts';

/**
 * The fenced table and, beside it, an auditor that knows nothing of fences: triggers of the database itself. `stale` keeps
 * every write of an attempt over a later one's, `changed` every one that gave a record another amount.
 */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  CREATE TABLE records (id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, spothop_attempt INTEGER NOT NULL);
  CREATE TABLE stale (id INTEGER NOT NULL, attempt INTEGER NOT NULL, over INTEGER NOT NULL);
  CREATE TABLE changed (id INTEGER NOT NULL, amount INTEGER NOT NULL, over INTEGER NOT NULL);
  CREATE TRIGGER corrected AFTER UPDATE ON records WHEN NEW.amount <> OLD.amount BEGIN
    INSERT INTO changed VALUES (NEW.id, NEW.amount, OLD.amount);
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
  /** Writes that the auditor found wrong. */
  readonly wrongWrites: number;
}

export const readSink = (folder: string, batch: number): SinkContents => {
  const database = new DatabaseSync(join(folder, sinkName(batch)));
  try {
    const rows = database.prepare('SELECT id, amount FROM records').all();
    const wrong = database.prepare('SELECT (SELECT count(*) FROM stale) + (SELECT count(*) FROM changed) AS n').get();
    return {
      rows: new Map(rows.map(({ id, amount }) => [Number(id), Number(amount)])),
      wrongWrites: Number(wrong?.['n']),
    };
  } finally {
    database.close();
  }
};
