import type { InstanceId, SessionId } from './ids.ts';
import { RESEND_AFTER_SECONDS, RESEND_SOON_SECONDS, SILENCE_SECONDS_MAX } from './limits.ts';
import { type Checkpoint, type Content, isFinished, type TaskRecord } from './task.ts';
import { addMs, type EpochMs, secondsToMs } from './time.ts';

/**
 * The protocol table of ARCHITECTURE.md as code: for each step the conditions under which it is allowed, by name, and
 * the row it leaves. The DynamoDB adapter writes the same conditions as expressions; the contract suite drives both.
 */
export type TaskStep =
  | { readonly step: 'submit'; readonly row: TaskRecord }
  | { readonly step: 'take'; readonly owner: InstanceId; readonly session: SessionId; readonly now: EpochMs }
  | {
      readonly step: 'checkpoint';
      readonly attempt: number;
      readonly checkpoint: Checkpoint;
      /** The one it replaces, as the attempt resumed or wrote it; kept only beside an object. */
      readonly before?: Checkpoint;
    }
  | { readonly step: 'commit'; readonly attempt: number; readonly result: Content; readonly now: EpochMs }
  | {
      readonly step: 'fail';
      readonly attempt: number;
      readonly reason: string;
      readonly now: EpochMs;
      /** Failures at which the task is dead. */
      readonly failuresMax: number;
      readonly retryDelaySeconds: number;
      /** The failures counted so far, as the agent read them when it took the task. */
      readonly failuresBefore: number;
    }
  | {
      readonly step: 'hand-back';
      readonly attempt: number;
      readonly owner: InstanceId;
      readonly now: EpochMs;
      /** `false` when an attempt is given back unused, such as after a refused hold: nothing was reclaimed. */
      readonly countsAsReclaim: boolean;
      /** Its message is hidden for so long: a task that hands itself back would only do so again. */
      readonly retryDelaySeconds?: number;
    }
  | { readonly step: 'release'; readonly attempt: number; readonly owner: InstanceId; readonly now: EpochMs }
  | {
      readonly step: 'check-again';
      readonly attempt: number;
      readonly checkAt: EpochMs;
      /** A message was sent before this write. */
      readonly sentAgainAt?: EpochMs;
    }
  | { readonly step: 'cancel'; readonly now: EpochMs }
  | { readonly step: 'retry'; readonly now: EpochMs };

/** The named conditions. Each stands once in the table and once in `lib/aws/task-conditions.ts`. */
export const TASK_CONDITIONS = {
  noRow: (row: TaskRecord | undefined) => row === undefined,
  isReady: (row: TaskRecord) => row.status === 'ready',
  isRunning: (row: TaskRecord) => row.status === 'running',
  isRunningOrReady: (row: TaskRecord) => row.status === 'running' || row.status === 'ready',
  notFinished: (row: TaskRecord) => !isFinished(row),
  isDead: (row: TaskRecord) => row.status === 'dead',
  attemptIsOurs: (row: TaskRecord, step: { readonly attempt: number }) => row.attempt === step.attempt,
  ownerIsOurs: (row: TaskRecord, step: { readonly owner: InstanceId }) => row.owner === step.owner,
  sequenceIsHigher: (row: TaskRecord, step: { readonly checkpoint: Checkpoint }) =>
    row.checkpoint === undefined || row.checkpoint.sequence < step.checkpoint.sequence,
} as const;

export type TaskCondition = keyof typeof TASK_CONDITIONS;

/** Which conditions each step needs: the third column of the table. */
export const STEP_CONDITIONS: Readonly<Record<TaskStep['step'], readonly TaskCondition[]>> = {
  submit: ['noRow'],
  take: ['isReady'],
  checkpoint: ['attemptIsOurs', 'notFinished', 'sequenceIsHigher'],
  commit: ['attemptIsOurs', 'isRunningOrReady'],
  fail: ['attemptIsOurs', 'isRunning'],
  'hand-back': ['attemptIsOurs', 'ownerIsOurs', 'isRunning'],
  release: ['attemptIsOurs', 'ownerIsOurs', 'isRunning'],
  'check-again': ['attemptIsOurs', 'notFinished'],
  cancel: ['notFinished'],
  retry: ['isDead'],
};

/** `already` means that a write of the same step by the same owner stands: the reply to it was lost, not the write. */
export type TaskOutcome =
  | { readonly outcome: 'done' | 'already'; readonly row: TaskRecord }
  | { readonly outcome: 'refused'; readonly row: TaskRecord | undefined; readonly unmet: TaskCondition | 'rowMissing' };

type StepOf<S extends TaskStep['step']> = Extract<TaskStep, { readonly step: S }>;

const readyAgain = (row: TaskRecord, checkAt: EpochMs): TaskRecord => {
  const { owner: _owner, session: _session, takenAt: _takenAt, ...rest } = row;
  return { ...rest, status: 'ready', checkAt };
};

const finished = (row: TaskRecord, status: 'done' | 'dead' | 'cancelled', now: EpochMs): TaskRecord => {
  const { checkAt: _checkAt, ...rest } = row;
  return { ...rest, status, finishedAt: now };
};

/** When a row that has just become ready, or will after a delay, is looked at again, should nobody come for it. */
export const resendAt = (now: EpochMs, delaySeconds = 0): EpochMs =>
  addMs(now, secondsToMs(RESEND_AFTER_SECONDS + delaySeconds));

/** When a row that has just been taken is looked at again, should its owner fall silent. */
export const firstCheckAt = (now: EpochMs): EpochMs => addMs(now, secondsToMs(SILENCE_SECONDS_MAX));

/** When a released row is looked at again: soon, because a crash may have come between the write and the message. */
export const releasedCheckAt = (now: EpochMs): EpochMs => addMs(now, secondsToMs(RESEND_SOON_SECONDS));

/** An object in S3 can be lost or cut while its row stands; what is inline is as whole as the row (reliability F54). */
export const needsFallback = ({ content }: Checkpoint): boolean => 'objectKey' in content;

const checkpointed = (row: TaskRecord, { checkpoint, before }: StepOf<'checkpoint'>): TaskRecord => {
  const { checkpointBefore: _replaced, ...rest } = row;
  const isKept = before !== undefined && needsFallback(checkpoint);
  return { ...rest, checkpoint, ...(isKept ? { checkpointBefore: before } : {}) };
};

const failed = (row: TaskRecord, step: StepOf<'fail'>): TaskRecord => {
  const counted = { ...row, failures: row.failures + 1, reason: step.reason };
  if (step.failuresBefore + 1 >= step.failuresMax) return finished(counted, 'dead', step.now);
  return readyAgain(counted, resendAt(step.now, step.retryDelaySeconds));
};

const EFFECTS: { readonly [S in TaskStep['step']]: (row: TaskRecord, step: StepOf<S>) => TaskRecord } = {
  submit: (_row, step) => step.row,
  take: (row, step) => ({
    ...row,
    status: 'running',
    attempt: row.attempt + 1,
    owner: step.owner,
    session: step.session,
    takenAt: step.now,
    checkAt: firstCheckAt(step.now),
  }),
  checkpoint: checkpointed,
  commit: (row, step) => ({ ...finished(row, 'done', step.now), result: step.result }),
  fail: failed,
  'hand-back': (row, step) =>
    readyAgain(
      { ...row, reclaims: row.reclaims + (step.countsAsReclaim ? 1 : 0) },
      resendAt(step.now, step.retryDelaySeconds),
    ),
  release: (row, step) => readyAgain({ ...row, reclaims: row.reclaims + 1 }, releasedCheckAt(step.now)),
  'check-again': (row, { checkAt, sentAgainAt }) => ({
    ...row,
    checkAt,
    ...(sentAgainAt === undefined ? {} : { sentAgainAt }),
  }),
  cancel: (row, step) => finished(row, 'cancelled', step.now),
  retry: (row, step) => {
    const { finishedAt: _finishedAt, reason: _reason, ...rest } = row;
    return readyAgain({ ...rest, failures: 0 }, resendAt(step.now));
  },
};

/** A lost reply is recognised by owner and session, or by what the step itself left in the row. */
const isLostReply = (row: TaskRecord, step: TaskStep): boolean => {
  switch (step.step) {
    case 'submit':
      return row.body.sha256 === step.row.body.sha256;
    case 'take':
      return row.status === 'running' && row.owner === step.owner && row.session === step.session;
    case 'checkpoint':
      return row.attempt === step.attempt && row.checkpoint?.sequence === step.checkpoint.sequence;
    case 'commit':
      return row.status === 'done' && row.attempt === step.attempt && row.result?.sha256 === step.result.sha256;
    case 'fail':
      return row.attempt === step.attempt && row.failures === step.failuresBefore + 1 && row.reason === step.reason;
    case 'cancel':
      return row.status === 'cancelled';
    case 'hand-back':
    case 'release':
    case 'check-again':
    case 'retry':
      return false;
  }
};

const unmetCondition = (row: TaskRecord, step: TaskStep): TaskCondition | undefined =>
  STEP_CONDITIONS[step.step].find(
    (name) => !(TASK_CONDITIONS[name] as (row: TaskRecord, step: TaskStep) => boolean)(row, step),
  );

/** Why a step is not allowed on the row as it stands, or that it has happened already; `undefined` when it is allowed. */
export const explainRefusal = (row: TaskRecord | undefined, step: TaskStep): TaskOutcome | undefined => {
  if (step.step === 'submit') {
    if (row === undefined) return undefined;
    return isLostReply(row, step) ? { outcome: 'already', row } : { outcome: 'refused', row, unmet: 'noRow' };
  }
  if (row === undefined) return { outcome: 'refused', row, unmet: 'rowMissing' };
  const unmet = unmetCondition(row, step);
  if (unmet === undefined) return undefined;
  return isLostReply(row, step) ? { outcome: 'already', row } : { outcome: 'refused', row, unmet };
};

const effectOf = (row: TaskRecord | undefined, step: TaskStep): TaskRecord =>
  (EFFECTS[step.step] as (row: TaskRecord | undefined, step: TaskStep) => TaskRecord)(row, step);

/** One step of the protocol on one row: the model that the adapter and the in-memory ledger are held against. */
export const applyTaskStep = (row: TaskRecord | undefined, step: TaskStep): TaskOutcome =>
  explainRefusal(row, step) ?? { outcome: 'done', row: effectOf(row, step) };
