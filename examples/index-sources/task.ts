import { scheduler } from 'node:timers/promises';
import { defineTask } from '../../lib/worker/define-task.ts';
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

/** Ends early, and quietly, when the task should stop. */
const rest = (restMs: number, signal: AbortSignal): Promise<void> =>
  scheduler.wait(restMs, { signal }).catch(() => undefined);

/** Indexes source files: what words they use and how often. Goes on where an earlier attempt had got to. */
export default defineTask<IndexSourcesInput, SourceIndex, IndexSourcesCheckpoint>({
  name: 'index-sources',
  async run(context, { files, root = process.cwd(), restMs = 0 }) {
    const filesPerCheckpoint = Math.max(1, Math.ceil(files.length / (CHECKPOINTS_MAX + 1)));
    const indexer = createIndexer();
    const resume = context.resume ?? { nextIndex: 0, index: EMPTY_INDEX };
    indexer.addIndex(resume.index);
    let nextIndex = resume.nextIndex;
    let keptIndex = nextIndex;
    const keep = async (): Promise<void> => {
      keptIndex = nextIndex;
      await context.checkpoint({ nextIndex, index: indexer.index() });
    };
    while (nextIndex < files.length && !context.signal.aborted) {
      await indexer.addFile(root, files[nextIndex]!);
      nextIndex += 1;
      if (nextIndex % filesPerCheckpoint === 0) await keep();
      if (restMs > 0) await rest(restMs, context.signal);
    }
    if (nextIndex === files.length) return indexer.index();
    // Asked to stop: what has been done since the last checkpoint is worth one more.
    if (nextIndex > keptIndex) await keep();
    throw context.signal.reason;
  },
});
