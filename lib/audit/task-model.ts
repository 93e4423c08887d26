import type { TaskRecord, TaskStatus } from '../fleet/task.ts';

/** A task's row as an auditor keeps it: written from the design's table, not from the code that is judged. */
export interface ModelRow {
  readonly status: TaskStatus;
  readonly attempt: number;
  readonly owner: string | undefined;
  readonly failures: number;
  readonly reclaims: number;
  /** Of the newest accepted checkpoint; 0 before the first. */
  readonly sequence: number;
}

/** What an auditor keeps of a row as it stands in the ledger. */
export const modelRowOf = ({ status, attempt, owner, failures, reclaims, checkpoint }: TaskRecord): ModelRow => ({
  status,
  attempt,
  owner,
  failures,
  reclaims,
  sequence: checkpoint?.sequence ?? 0,
});

/** A step of the protocol, as far as the table asks about it. */
export type ModelStep =
  | { readonly step: 'submit' | 'cancel' | 'retry' }
  | { readonly step: 'take'; readonly owner: string }
  | { readonly step: 'checkpoint'; readonly attempt: number; readonly checkpoint: { readonly sequence: number } }
  | { readonly step: 'commit' | 'check-again'; readonly attempt: number }
  | { readonly step: 'fail'; readonly attempt: number; readonly failuresMax: number }
  | {
      readonly step: 'hand-back';
      readonly attempt: number;
      readonly owner: string;
      readonly countsAsReclaim: boolean;
    }
  | { readonly step: 'release'; readonly attempt: number; readonly owner: string };

export type StepName = ModelStep['step'];

const NEW: ModelRow = { status: 'ready', attempt: 0, owner: undefined, failures: 0, reclaims: 0, sequence: 0 };

const UNFINISHED: readonly TaskStatus[] = ['ready', 'running'];

/** The table's third column: on which status a step may be, what it has to name, and in which words it is told. */
export const ALLOWED_WHEN: Readonly<
  Record<
    Exclude<StepName, 'submit'>,
    { readonly statuses: readonly TaskStatus[]; readonly names: readonly ('attempt' | 'owner' | 'sequence')[] }
  >
> = {
  take: { statuses: ['ready'], names: [] },
  checkpoint: { statuses: UNFINISHED, names: ['attempt', 'sequence'] },
  commit: { statuses: UNFINISHED, names: ['attempt'] },
  fail: { statuses: ['running'], names: ['attempt'] },
  'hand-back': { statuses: ['running'], names: ['attempt', 'owner'] },
  release: { statuses: ['running'], names: ['attempt', 'owner'] },
  'check-again': { statuses: UNFINISHED, names: ['attempt'] },
  cancel: { statuses: UNFINISHED, names: [] },
  retry: { statuses: ['dead'], names: [] },
};

const ownedBy = (row: ModelRow): string => (row.owner === undefined ? 'nobody' : row.owner);

/** Why the table does not let this step be on this row; nothing when it does. */
export const whyRefused = (row: ModelRow | undefined, step: ModelStep): string | undefined => {
  if (step.step === 'submit') return row === undefined ? undefined : 'the task has its row already';
  if (row === undefined) return 'there is no such task';
  const { statuses } = ALLOWED_WHEN[step.step];
  if (!statuses.includes(row.status)) return `the task is ${row.status}, and not ${statuses.join(' or ')}`;
  if ('attempt' in step && step.attempt !== row.attempt) {
    return `it is for attempt ${step.attempt}, and the task is at attempt ${row.attempt}`;
  }
  if ((step.step === 'hand-back' || step.step === 'release') && step.owner !== row.owner) {
    return `it is for ${step.owner}, and the task belongs to ${ownedBy(row)}`;
  }
  if (step.step === 'checkpoint' && step.checkpoint.sequence <= row.sequence) {
    return `its sequence is ${step.checkpoint.sequence}, and ${row.sequence} is kept already`;
  }
  return undefined;
};

/** Which steps the table lets be on a row, for people. */
export const stepsAllowedOn = (row: ModelRow | undefined): string => {
  if (row === undefined) return 'submit';
  const names = Object.keys(ALLOWED_WHEN) as Exclude<StepName, 'submit'>[];
  const steps = names.filter((name) => ALLOWED_WHEN[name].statuses.includes(row.status));
  const owner = row.status === 'running' ? ` of ${ownedBy(row)}` : '';
  if (steps.length === 0) return `nothing: the task is ${row.status}`;
  return `${steps.join(', ')}, each for attempt ${row.attempt}${owner}`;
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

const changed = (row: ModelRow, step: ModelStep): ModelRow => {
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
  step: ModelStep,
): { readonly row: ModelRow | undefined; readonly isAllowed: boolean } => {
  if (whyRefused(row, step) !== undefined) return { row, isAllowed: false };
  return { row: row === undefined ? NEW : changed(row, step), isAllowed: true };
};

/** What a row is after a step that should not have been, so that what follows is judged by what was really written. */
export const forcedStep = (row: ModelRow | undefined, step: ModelStep): ModelRow => changed(row ?? NEW, step);
