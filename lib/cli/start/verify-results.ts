import { createIndexer, mergeIndexes, type SourceIndex } from '../../../examples/index-sources/index-files.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { Blobs } from '../../ports/blobs.ts';
import { unpackContent } from '../../workflows/content.ts';
import type { PlannedTask } from './plan-batch.ts';

export interface Verdict {
  readonly verified: boolean;
  /** What was compared, and how it came out. */
  readonly check: string;
}

const resultTexts = async (blobs: Blobs, rows: readonly TaskRecord[]): Promise<string[]> => {
  const texts: string[] = [];
  for (const row of rows) if (row.result !== undefined) texts.push(await unpackContent(blobs, row.result));
  return texts;
};

/** Some files are read while others are counted; the sum does not depend on their order. */
const READS_AT_ONCE = 16;

/** What the tasks' files come to in one go, in this process. @throws when aborted */
const directIndex = async ({ root, tasks, signal }: IndexToVerify): Promise<Buffer> => {
  const indexer = createIndexer();
  const files = tasks.flatMap((task) => task.files);
  for (let start = 0; start < files.length; start += READS_AT_ONCE) {
    signal.throwIfAborted();
    await Promise.all(files.slice(start, start + READS_AT_ONCE).map((file) => indexer.addFile(root, file)));
  }
  return mergeIndexes([indexer.index()]);
};

export interface IndexToVerify {
  readonly root: string;
  readonly tasks: readonly PlannedTask[];
  readonly rows: readonly TaskRecord[];
  readonly blobs: Blobs;
  readonly signal: AbortSignal;
}

/** The parts that the fleet made, merged, against the same files indexed in one go by this process: byte for byte. */
export const verifyIndex = async (subject: IndexToVerify): Promise<Verdict> => {
  const parts = (await resultTexts(subject.blobs, subject.rows)).map((text) => JSON.parse(text) as SourceIndex);
  const merged = mergeIndexes(parts);
  const direct = await directIndex(subject);
  const verified = merged.equals(direct);
  const outcome = verified ? 'equal' : 'NOT equal';
  return {
    verified,
    check: `merged index of ${parts.length} tasks, ${merged.length} bytes: ${outcome} to a direct single-process computation of ${direct.length} bytes`,
  };
};

/** A worker of the user's own may answer what it likes: every task must have one result, whole by its digest. */
export const verifyCommits = async (
  tasks: readonly unknown[],
  rows: readonly TaskRecord[],
  blobs: Blobs,
): Promise<Verdict> => {
  const texts = await resultTexts(blobs, rows);
  const verified = texts.length === tasks.length;
  return {
    verified,
    check: `${texts.length} of ${tasks.length} tasks have one committed result, each matching its stored digest`,
  };
};

/** Tasks of the user's own may also end dead or cancelled, but each must have ended, once, with a whole result if it is done. */
export const verifyEnds = async (
  tasks: readonly unknown[],
  rows: readonly TaskRecord[],
  blobs: Blobs,
): Promise<Verdict> => {
  const having = (status: TaskRecord['status']): readonly TaskRecord[] => rows.filter((row) => row.status === status);
  const done = having('done');
  const [dead, cancelled] = [having('dead').length, having('cancelled').length];
  const texts = await resultTexts(blobs, done);
  const ended = done.length + dead + cancelled;
  const ends = `done ${done.length}, dead ${dead}, cancelled ${cancelled}`;
  return {
    verified: ended === tasks.length && texts.length === done.length,
    check: `${ended} of ${tasks.length} tasks have one end (${ends}); ${texts.length} results match their stored digests`,
  };
};
