import { readFileSync } from 'node:fs';

export interface BatchResult {
  readonly batch: number;
  readonly attempts: number;
  readonly result: { readonly count: number; readonly sum: number };
}

interface Line {
  readonly taskId: string;
  readonly attempts: number;
  readonly result?: { readonly count: number; readonly sum: number };
}

/** A task without a result counts as one that added up to nothing. */
export const readResults = (file: string): readonly BatchResult[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((text) => JSON.parse(text) as Line)
    .map(({ taskId, attempts, result }) => ({
      batch: Number(taskId.replace('batch-', '')),
      attempts,
      result: result ?? { count: 0, sum: 0 },
    }));
