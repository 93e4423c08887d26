import { StaleAttempt } from '../errors.ts';

/** Who writes. A task's own context is one. */
export interface FencedAttempt {
  readonly taskId: string;
  /** Raised by every taking of the task, so the larger of two is the later. */
  readonly attempt: number;
}

/** @throws TypeError for an attempt that no fence could compare, such as the text of an environment variable */
export const checkAttempt = ({ taskId, attempt }: FencedAttempt): void => {
  if (typeof taskId === 'string' && taskId !== '' && Number.isSafeInteger(attempt) && attempt > 0) return;
  throw new TypeError(
    `A fence needs a task and its attempt, a whole number from 1, and got ${JSON.stringify({ taskId, attempt })}. Hand it the context that run() was given.`,
  );
};

/** The error of a refused write: whatever runs the task takes it for the end of this attempt, not for a failure. */
export const refusedWrite = (sink: string, { taskId, attempt }: FencedAttempt): StaleAttempt => {
  const error = new StaleAttempt();
  error.message = `${sink} was written by a later attempt of task ${taskId}: attempt ${attempt} is over and may not write there. Stop; nothing is lost.`;
  return error;
};

/** Attempts of two tasks cannot be compared, so neither could be refused rightly. */
export const foreignWrite = (sink: string, owner: string, { taskId }: FencedAttempt): Error =>
  new Error(
    `${sink} was written by task ${owner}, and attempts of different tasks cannot be compared: give task ${taskId} a key of its own, such as one with its task id in it.`,
  );
