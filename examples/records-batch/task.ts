import { DatabaseSync, type SQLInputValue } from 'node:sqlite';
import { defineTask, fence, runBatch } from 'spothop';
import { z } from 'zod';
import { recordsOf, scoreRecord } from './score-record.ts';

/** Made once, beside your other tables. `spothop_attempt` is the fence's. */
export const CREATE_TABLE =
  'CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, score INTEGER, spothop_attempt INTEGER)';

const BUSY_MS_MAX = 5_000;

/**
 * One batch of a large import: every record is worked on and written to a database. The batch keeps its place (the index
 * of the next record) every 100 records, and each row refuses a machine that stood still while another took the task.
 */
export default defineTask({
  name: 'records-batch',
  schema: z.object({
    batch: z.number().int().min(0),
    size: z.number().int().min(1).default(10_000),
    database: z.string(),
  }),
  failuresMax: 4,
  retryDelaySeconds: 300,
  async run(context, { batch, size, database }) {
    const rows = new DatabaseSync(database, { timeout: BUSY_MS_MAX });
    const run = (text: string, values: unknown[]) => rows.prepare(text).run(...(values as SQLInputValue[])).changes;
    try {
      const { count } = await runBatch(
        context,
        (from) => recordsOf(batch, size, from),
        (record) =>
          fence.sql.upsert(run, context, {
            table: 'records',
            key: { id: record.id },
            values: { score: scoreRecord(record) },
          }),
        { every: 100, total: size },
      );
      return { batch, count };
    } finally {
      rows.close();
    }
  },
});
