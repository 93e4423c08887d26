import type { TaskId } from '../../fleet/ids.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';
import type { Judge } from './promises.ts';

/** How the code of a run came to its end by itself. */
export type RunOutcome = 'done' | 'failed';

const TOLD_AS: Readonly<Record<RunOutcome, TaskStep['step']>> = { done: 'commit', failed: 'fail' };

/** Steps by which a run is told to be over. */
const ENDS: readonly TaskStep['step'][] = ['commit', 'fail', 'hand-back'];

/**
 * How each run ended is what its row is told first: what was done is not done again, and a failure counts (W2, W5). Where a
 * call fails in between, it may not have come to that, and is given up.
 */
export const watchOutcomes = (judge: Judge, failures: () => number, hasJustGoneOn = (): boolean => false) => {
  const outcomes = new Map<string, { readonly outcome: RunOutcome; readonly failures: number }>();
  /** Runs whose last checkpoint could not be written: what their code throws then is not their own failure. */
  const cutOff = new Set<string>();
  return {
    ended: (id: TaskId, attempt: number, outcome: RunOutcome): void => {
      // Whatever was due while its machine stood still is due at once: which comes first, nobody can say.
      if (!hasJustGoneOn()) outcomes.set(`${id}/${attempt}`, { outcome, failures: failures() });
    },
    kept: (id: TaskId, attempt: number, isWritten: boolean): void => {
      if (isWritten) cutOff.delete(`${id}/${attempt}`);
      else cutOff.add(`${id}/${attempt}`);
    },
    told: (id: TaskId, step: TaskStep): void => {
      if (!('attempt' in step) || !ENDS.includes(step.step)) return;
      const run = `${id}/${step.attempt}`;
      const ended = outcomes.get(run);
      outcomes.delete(run);
      if (ended === undefined || ended.failures !== failures() || cutOff.has(run)) return;
      const { outcome } = ended;
      if (TOLD_AS[outcome] === step.step) return;
      judge.say(outcome === 'done' ? 'W2' : 'W5', `${run} is ${outcome}, and its row is told ${step.step}`);
    },
  };
};
