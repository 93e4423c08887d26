import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { scheduler } from 'node:timers/promises';
import { defineTask, fence, runBatch } from 'spothop';
import { z } from 'zod';
import { amountOf } from './amount.ts';
import { logName, sinkName } from './places.ts';

/** Another attempt of the same task may be writing at this moment. */
const BUSY_MS_MAX = 10_000;

/** Statements are prepared once for each text: the fence's texts are few. */
const openSink = (file: string) => {
  const database = new DatabaseSync(file, { timeout: BUSY_MS_MAX });
  database.exec('PRAGMA synchronous = OFF');
  const statements = new Map<string, StatementSync>();
  const run = (text: string, values: unknown[]): number | bigint => {
    const statement = statements.get(text) ?? database.prepare(text);
    statements.set(text, statement);
    return statement.run(...(values as SQLInputValue[])).changes;
  };
  return { run, close: () => database.close() };
};

/** Stands for whatever cannot be fenced: what is written here stays written, by whomever and however often. */
const openLog = (file: string) => {
  const log = openSync(file, 'a');
  const entry = Buffer.alloc(4);
  return {
    add: (index: number): void => {
      entry.writeUInt32LE(index);
      writeSync(log, entry);
    },
    close: () => closeSync(log),
  };
};

/** One batch of records, each an entry in an unfenced log and a row in a fenced sink; the sum goes from record to record. */
export default defineTask({
  name: 'records',
  schema: z.object({
    batch: z.number().int(),
    size: z.number().int(),
    every: z.number().int(),
    folder: z.string(),
    /** The work rests this long after so many records, as one that waits for others does. */
    restMs: z.number(),
    restEvery: z.number().int(),
  }),
  async run(context, { batch, size, every, folder, restMs, restEvery }) {
    const sink = openSink(join(folder, sinkName(batch)));
    const log = openLog(join(folder, logName(batch, context.attempt)));
    const doRecord = async (index: number, sum: number): Promise<number> => {
      const amount = amountOf(batch, index);
      log.add(index);
      await fence.sql.upsert(sink.run, context, { table: 'records', key: { id: index }, values: { amount } });
      if (index % restEvery === restEvery - 1) await scheduler.wait(restMs);
      return sum + amount;
    };
    try {
      const { count, carry } = await runBatch(context, size, (index, at) => doRecord(index, at.carry), {
        every,
        initial: 0,
      });
      return { count, sum: carry };
    } finally {
      log.close();
      sink.close();
    }
  },
});
