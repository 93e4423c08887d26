import type { TaskStatus } from '../../fleet/task.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';

/** A task's row as the auditor keeps it: written from the design's table, not from the code that is judged. */
export interface ModelRow {
  readonly status: TaskStatus;
  readonly attempt: number;
  readonly owner: string | undefined;
  readonly failures: number;
  readonly reclaims: number;
  /** Of the newest accepted checkpoint; 0 before the first. */
  readonly sequence: number;
}

const NEW: ModelRow = { status: 'ready', attempt: 0, owner: undefined, failures: 0, reclaims: 0, sequence: 0 };

const isOver = ({ status }: ModelRow): boolean => status === 'done' || status === 'dead' || status === 'cancelled';

/** Whether the table lets this step be on this row. */
const isAllowed = (row: ModelRow, step: TaskStep): boolean => {
  switch (step.step) {
    case 'submit':
      return false;
    case 'take':
      return row.status === 'ready';
    case 'checkpoint':
      return step.attempt === row.attempt && !isOver(row) && step.checkpoint.sequence > row.sequence;
    case 'commit':
      return step.attempt === row.attempt && (row.status === 'running' || row.status === 'ready');
    case 'fail':
      return step.attempt === row.attempt && row.status === 'running';
    case 'hand-back':
    case 'release':
      return step.attempt === row.attempt && row.status === 'running' && step.owner === row.owner;
    case 'check-again':
      return step.attempt === row.attempt && !isOver(row);
    case 'cancel':
      return !isOver(row);
    case 'retry':
      return row.status === 'dead';
  }
};

const released = (row: ModelRow, reclaims: number): ModelRow => ({
  ...row,
  status: 'ready',
  owner: undefined,
  reclaims: row.reclaims + reclaims,
});

const failed = (row: ModelRow, failuresMax: number): ModelRow => {
  const failures = row.failures + 1;
  return failures >= failuresMax
    ? { ...row, status: 'dead', failures }
    : { ...row, status: 'ready', owner: undefined, failures };
};

const changed = (row: ModelRow, step: TaskStep): ModelRow => {
  switch (step.step) {
    case 'submit':
    case 'check-again':
      return row;
    case 'take':
      return { ...row, status: 'running', attempt: row.attempt + 1, owner: step.owner };
    case 'checkpoint':
      return { ...row, sequence: step.checkpoint.sequence };
    case 'commit':
      return { ...row, status: 'done' };
    case 'fail':
      return failed(row, step.failuresMax);
    case 'hand-back':
      return released(row, step.countsAsReclaim ? 1 : 0);
    case 'release':
      return released(row, 1);
    case 'cancel':
      return { ...row, status: 'cancelled' };
    case 'retry':
      return { ...row, status: 'ready', owner: undefined, failures: 0 };
  }
};

/** The row after a step, and whether the table allowed it: one that it does not allow changes nothing. */
export const modelStep = (
  row: ModelRow | undefined,
  step: TaskStep,
): { readonly row: ModelRow | undefined; readonly isAllowed: boolean } => {
  if (step.step === 'submit') return row === undefined ? { row: NEW, isAllowed: true } : { row, isAllowed: false };
  if (row === undefined || !isAllowed(row, step)) return { row, isAllowed: false };
  return { row: changed(row, step), isAllowed: true };
};
