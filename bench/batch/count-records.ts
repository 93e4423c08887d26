import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { amountOf } from './amount.ts';
import { logName } from './places.ts';
import { readSink, type SinkContents } from './sinks.ts';

/** How one attempt ended that was not the last: the machine gave the task back, or it was taken from the machine. */
export type AttemptEnd = 'handed back' | 'released' | 'put back' | 'failed';

/** What became of one task, by the ledger and by the record of the run. */
export interface EndedTask {
  readonly batch: number;
  readonly attempts: number;
  /** The committed result. */
  readonly result: { readonly count: number; readonly sum: number };
  /** By attempt, from 1. */
  readonly ends: ReadonlyMap<number, AttemptEnd>;
}

/** What one batch came to, record by record. */
export interface BatchCount {
  /** In the fenced sink. */
  readonly done: number;
  readonly missing: number;
  /** Rows of no record or a wrong amount, writes of an attempt over a later one's, and results that are not the sum. */
  readonly doubledEffects: number;
  /** Entries of the unfenced log beyond one for each record. */
  readonly repeatedRecords: number;
  /** Records that the unfenced log lacks. */
  readonly notLogged: number;
  /** The most that one attempt repeated of what was logged before it, after each kind of end. */
  readonly repeatedAfter: Readonly<Record<AttemptEnd, number>>;
}

const readLog = (folder: string, batch: number, attempt: number): readonly number[] => {
  const file = join(folder, logName(batch, attempt));
  if (!existsSync(file)) return [];
  const bytes = readFileSync(file);
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, entry) => bytes.readUInt32LE(entry * 4));
};

const sumOf = (batch: number, size: number): number =>
  Array.from({ length: size }, (_, index) => amountOf(batch, index)).reduce((sum, amount) => sum + amount, 0);

const countSink = (sink: SinkContents, { batch, result }: EndedTask, size: number) => {
  const sum = sumOf(batch, size);
  const rows = [...sink.rows];
  const done = rows.filter(([id, amount]) => id >= 0 && id < size && amount === amountOf(batch, id)).length;
  const beyond = rows.length - done;
  // The sum went from record to record through checkpoints: one record too many or too few would show in it.
  const wrongResults = [result.sum !== sum, result.count !== size].filter(Boolean).length;
  return { done, missing: size - done, doubledEffects: beyond + sink.wrongWrites + wrongResults };
};

/**
 * What each attempt entered once more, by how the last attempt before it ended that did anything. After a drain only what
 * that very attempt had entered counts: what it left to be repeated of an earlier crash is that crash's.
 */
const repeatsOf = (logs: readonly (readonly number[])[], ends: EndedTask['ends']) => {
  const seen = new Set<number>();
  const after = { 'handed back': 0, released: 0, 'put back': 0, failed: 0 };
  let before: { readonly entries: ReadonlySet<number>; readonly end: AttemptEnd | undefined } | undefined;
  for (const [index, log] of logs.entries()) {
    if (log.length === 0) continue;
    const once = before?.end === 'handed back' ? before.entries : seen;
    const repeats = log.filter((entry) => once.has(entry)).length;
    if (before?.end !== undefined) after[before.end] = Math.max(after[before.end], repeats);
    for (const entry of log) seen.add(entry);
    before = { entries: new Set(log), end: ends.get(index + 1) };
  }
  return { seen, after };
};

/** Counts one batch from the files it left: no code of the worker is asked. */
export const countBatch = (folder: string, task: EndedTask, size: number): BatchCount => {
  const logs = Array.from({ length: task.attempts }, (_, index) => readLog(folder, task.batch, index + 1));
  const { seen, after } = repeatsOf(logs, task.ends);
  const entries = logs.reduce((total, log) => total + log.length, 0);
  return {
    ...countSink(readSink(folder, task.batch), task, size),
    repeatedRecords: entries - seen.size,
    notLogged: Array.from({ length: size }, (_, index) => index).filter((index) => !seen.has(index)).length,
    repeatedAfter: after,
  };
};
