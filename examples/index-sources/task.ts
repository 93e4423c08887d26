import { scheduler } from 'node:timers/promises';
import { defineTask } from '../../lib/agent/task-definition.ts';
import { createIndexer, EMPTY_INDEX, type SourceIndex } from './index-files.ts';

/** The body of one task. */
export interface IndexSourcesInput {
  /** Paths below `root`. */
  readonly files: readonly string[];
  /** The folder to read from; the worker's own when absent. */
  readonly root?: string;
  /** Milliseconds to rest after each file, for sources that must not be read as fast as one can. */
  readonly restMs?: number;
}

/** How far a task is: files before `nextIndex` are in `index`. */
export interface IndexSourcesCheckpoint {
  readonly nextIndex: number;
  readonly index: SourceIndex;
}

/** A checkpoint holds all that was counted so far: more of them would cost more than the work they save. */
const CHECKPOINTS_MAX = 2;

/** Indexes source files: what words they use and how often. Goes on where an earlier attempt had got to. */
export default defineTask<IndexSourcesInput, SourceIndex, IndexSourcesCheckpoint>({
  name: 'index-sources',
  async run(context, { files, root = process.cwd(), restMs = 0 }) {
    const filesPerCheckpoint = Math.max(1, Math.ceil(files.length / (CHECKPOINTS_MAX + 1)));
    const indexer = createIndexer();
    const resume = context.resume ?? { nextIndex: 0, index: EMPTY_INDEX };
    indexer.addIndex(resume.index);
    for (let nextIndex = resume.nextIndex; nextIndex < files.length; ) {
      context.signal.throwIfAborted();
      await indexer.addFile(root, files[nextIndex]!);
      nextIndex += 1;
      if (nextIndex % filesPerCheckpoint === 0) await context.checkpoint({ nextIndex, index: indexer.index() });
      if (restMs > 0) await scheduler.wait(restMs, { signal: context.signal });
    }
    return indexer.index();
  },
});
