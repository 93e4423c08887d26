import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

interface FileFacts {
  readonly bytes: number;
  readonly sha256: string;
}

/** How often each identifier occurs, and what was read for it. Keys are sorted, so equal indexes are equal text. */
export interface SourceIndex {
  readonly files: Readonly<Record<string, FileFacts>>;
  readonly words: Readonly<Record<string, number>>;
}

export const EMPTY_INDEX: SourceIndex = { files: {}, words: {} };

/** An index that grows; what was added in whatever order, the sum is the same. */
export interface Indexer {
  /** @throws when the file cannot be read */
  addFile(root: string, file: string): Promise<void>;
  addIndex(part: SourceIndex): void;
  index(): SourceIndex;
}

const WORD = /[A-Za-z_$][A-Za-z0-9_$]*/g;

const sorted = <Value>(entries: ReadonlyMap<string, Value>): Record<string, Value> =>
  Object.fromEntries([...entries.keys()].sort().map((key) => [key, entries.get(key)!]));

export const createIndexer = (): Indexer => {
  const files = new Map<string, FileFacts>();
  const words = new Map<string, number>();
  const count = (word: string, times: number): void => {
    words.set(word, (words.get(word) ?? 0) + times);
  };
  return {
    addFile: async (root, file) => {
      const content = await readFile(join(root, file));
      const sha256 = createHash('sha256').update(content).digest('hex');
      files.set(file, { bytes: content.length, sha256 });
      for (const word of content.toString('utf8').match(WORD) ?? []) count(word.toLowerCase(), 1);
    },
    addIndex: (part) => {
      for (const [file, facts] of Object.entries(part.files)) files.set(file, facts);
      for (const [word, times] of Object.entries(part.words)) count(word, times);
    },
    index: () => ({ files: sorted(files), words: sorted(words) }),
  };
};

/** The index of many files in one go, in one process: what the parts of a whole fleet must add up to. */
export const indexFiles = async (root: string, files: readonly string[]): Promise<SourceIndex> => {
  const indexer = createIndexer();
  for (const file of files) await indexer.addFile(root, file);
  return indexer.index();
};

/** The one text of the sum of all parts, byte for byte. */
export const mergeIndexes = (parts: Iterable<SourceIndex>): Buffer => {
  const indexer = createIndexer();
  for (const part of parts) indexer.addIndex(part);
  return Buffer.from(`${JSON.stringify(indexer.index())}\n`, 'utf8');
};
