import { createWriteStream } from 'node:fs';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { TaskRecord } from '../../fleet/task.ts';
import type { Blobs } from '../../ports/blobs.ts';
import { unpackContent } from '../../workflows/content.ts';
import type { Run } from './demo-run.ts';

/** What became of one task, as a line of the file. */
export interface ResultLine {
  readonly taskId: string;
  readonly status: TaskRecord['status'];
  /** As JSON where it is JSON; a command may print any text. */
  readonly result?: unknown;
  /** Why it failed last: for good when it is dead. */
  readonly reason?: string;
  readonly attempts: number;
  readonly reclaims: number;
}

/** The demonstration's results are verified and of no use beyond that; they are written down only when asked for. */
export const resultsFileOf = ({ options, folder }: Pick<Run, 'options' | 'folder'>): string | undefined => {
  if (options.results !== undefined) return resolve(options.results);
  const isOwnWorker = options.task !== undefined || options.exec !== undefined;
  return isOwnWorker ? join(folder, 'results.ndjson') : undefined;
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const endOf = async (blobs: Blobs, { status, result, reason }: TaskRecord): Promise<Partial<ResultLine>> => {
  if (result !== undefined) return { result: parsed(await unpackContent(blobs, result)) };
  return reason === undefined || status === 'done' ? {} : { reason };
};

export const resultLine = async (blobs: Blobs, row: TaskRecord): Promise<ResultLine> => ({
  taskId: row.taskId,
  status: row.status,
  ...(await endOf(blobs, row)),
  attempts: row.attempt,
  reclaims: row.reclaims,
});

async function* linesOf(blobs: Blobs, rows: readonly TaskRecord[]): AsyncGenerator<string> {
  for (const row of rows) yield `${JSON.stringify(await resultLine(blobs, row))}\n`;
}

/** Writes what became of each task, in the order in which they were submitted. */
export const writeResults = async (run: Run, rows: readonly TaskRecord[]): Promise<void> => {
  const file = resultsFileOf(run);
  if (file === undefined) return;
  await pipeline(Readable.from(linesOf(run.service.blobs, rows)), createWriteStream(file));
};
