import type { TaskContext, TaskProgress } from '../../../lib/worker/define-task.ts';
import { StaleAttempt } from '../../../lib/worker/errors.ts';

/** What becomes of an attempt's checkpoints, by their number: refused, or stored with the reply lost. */
export interface WriteFaults {
  readonly refusedFrom?: number;
  readonly replyLostAt?: number;
}

/** The one checkpoint of a task, as the ledger keeps it: as text, and under the fence. */
export const createLedger = () => {
  let stored: string | undefined;
  let attempt = 0;
  const indexes: number[] = [];
  return {
    /** Indexes in the order in which they were stored. */
    indexes,
    stored: (): unknown => (stored === undefined ? undefined : JSON.parse(stored)),
    take: (faults: WriteFaults = {}) => {
      attempt += 1;
      const mine = attempt;
      const stop = new AbortController();
      const notice = new AbortController();
      const progress: TaskProgress[] = [];
      let writes = 0;
      const write = async (value: unknown): Promise<void> => {
        writes += 1;
        const text = JSON.stringify(value);
        await Promise.resolve();
        if (mine !== attempt || writes >= (faults.refusedFrom ?? Number.POSITIVE_INFINITY)) throw new StaleAttempt();
        stored = text;
        indexes.push(JSON.parse(text).nextIndex);
        if (writes === faults.replyLostAt) throw new Error('no reply');
      };
      const context: TaskContext = {
        taskId: 'batch',
        attempt: mine,
        resume: stored === undefined ? undefined : JSON.parse(stored),
        signal: stop.signal,
        notice: notice.signal,
        deadline: undefined,
        checkpoint: ((value: unknown) => write(value)) as TaskContext['checkpoint'],
        progress: (told) => void progress.push(told),
        commit: async () => undefined,
      };
      return { context, stop, notice, progress };
    },
  };
};

/** A sink that refuses an attempt older than the last that wrote there: what is counted in it is exact. */
export const createFencedSink = () => {
  const rows = new Map<number, { readonly value: number; readonly attempt: number }>();
  return {
    rows,
    put: (index: number, value: number, attempt: number): void => {
      const before = rows.get(index);
      if (before === undefined || before.attempt <= attempt) rows.set(index, { value, attempt });
    },
  };
};
