import type { TaskRecord } from '../../fleet/task.ts';
import type { TaskOutcome, TaskStep } from '../../fleet/task-protocol.ts';
import type { EpochMs } from '../../fleet/time.ts';

/**
 * The same write again by the same writer, whose answer was lost: told by owner and session, or by what the write left in
 * the row. A step that anybody may repeat to no effect, such as a release, need not be told from one that came too late.
 */
const isLostReply = (row: TaskRecord, step: TaskStep): boolean => {
  const isOfAttempt = 'attempt' in step && row.attempt === step.attempt;
  if (step.step === 'submit') return row.body.sha256 === step.row.body.sha256;
  if (step.step === 'take')
    return row.status === 'running' && [row.owner, row.session].join() === [step.owner, step.session].join();
  if (step.step === 'checkpoint') return isOfAttempt && row.checkpoint?.sequence === step.checkpoint.sequence;
  if (step.step === 'commit') return isOfAttempt && row.status === 'done' && row.result?.sha256 === step.result.sha256;
  if (step.step === 'fail')
    return isOfAttempt && row.failures === step.failuresBefore + 1 && row.reason === step.reason;
  return step.step === 'cancel' && row.status === 'cancelled';
};

/** What whoever asked for the step has to hear of it. */
export const expectedOutcome = (
  row: TaskRecord | undefined,
  step: TaskStep,
  isAllowed: boolean,
): TaskOutcome['outcome'] => {
  if (isAllowed) return 'done';
  return row !== undefined && isLostReply(row, step) ? 'already' : 'refused';
};

/**
 * The latest moment at which the sweep has to look at a row, from the design's figures: silence is 50 s, a released task
 * is looked at after half a minute, a ready one after five.
 */
const LOOK_SECONDS: Readonly<Partial<Record<TaskStep['step'], number>>> = {
  submit: 30,
  take: 50,
  release: 30,
  'hand-back': 300,
  fail: 300,
  retry: 300,
};

/** In a small fleet: a large backlog is looked at more thinly. */
const CHECK_AGAIN_SECONDS: Readonly<Partial<Record<TaskRecord['status'], number>>> = { running: 50, ready: 300 };

const SLACK_SECONDS = 1;

/** A message of a producer that knows nothing of us is on its way already. */
const FOREIGN_SECONDS = 300;

/** How many seconds too late the row is looked at next; 0 when it is in time. */
export const lookIsLateBy = (row: TaskRecord, step: TaskStep, now: EpochMs, isByAgent: boolean): number => {
  if (row.checkAt === undefined || step.step === 'checkpoint') return 0;
  const delaySeconds = 'retryDelaySeconds' in step ? (step.retryDelaySeconds ?? 0) : 0;
  const asked =
    step.step === 'check-again'
      ? (CHECK_AGAIN_SECONDS[row.status] ?? 0)
      : step.step === 'submit' && isByAgent
        ? FOREIGN_SECONDS
        : (LOOK_SECONDS[step.step] ?? 0);
  return Math.max(0, Math.ceil((row.checkAt - now) / 1_000 - asked - delaySeconds - SLACK_SECONDS));
};
