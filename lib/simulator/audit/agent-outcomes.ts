import type { TaskId } from '../../fleet/ids.ts';
import type { DrainPolicy, InstanceRecord } from '../../fleet/instance.ts';
import type { TaskStep } from '../../fleet/task-protocol.ts';
import { type EpochMs, secondsToMs } from '../../fleet/time.ts';
import type { AgentDutiesWorld } from './agent-duties-world.ts';
import { runKey } from './concurrent-runs.ts';
import { drainEnd } from './what-items-say.ts';

/** How the code of a run came to its end by itself. */
export type RunOutcome = 'done' | 'failed' | 'handed back';

export type OutcomesWorld = Pick<AgentDutiesWorld, 'now' | 'judge' | 'drain' | 'item' | 'wentOnAt'> & {
  /** Calls of the process that have failed so far. */
  readonly failures: () => number;
};

/** At the end of its time a machine hands back whatever it has, and may do so the moment before it hears of an end. */
const hasTime = (item: InstanceRecord | undefined, drain: DrainPolicy, now: EpochMs): boolean => {
  if (item?.drainingAt === undefined) return true;
  return now < drainEnd(item, item.drainingAt, drain) - secondsToMs(drain.marginSeconds);
};

const TOLD_AS: Readonly<Record<RunOutcome, TaskStep['step']>> = {
  done: 'commit',
  failed: 'fail',
  'handed back': 'hand-back',
};

/** What could not be saved in the background is tried again with the next save. */
const SAVED_AGAIN_MS = 30_000;

/** Longer than any outage of the store goes on. */
const STORE_AWAY_MS = 600_000;

const ENDS: readonly TaskStep['step'][] = ['commit', 'fail', 'hand-back'];

/** Whether a run is told to be over by it. */
export const isEndOfRun = ({ step }: TaskStep): boolean => ENDS.includes(step);

/**
 * How each run ended is what its row is told first: what was done is not done again, and a failure counts (W2, W5). Where a
 * call fails in between, it may not have come to that, and is given up.
 */
export const watchOutcomes = ({ judge, drain, failures, now, item, wentOnAt }: OutcomesWorld) => {
  const outcomes = new Map<string, { readonly outcome: RunOutcome; readonly failures: number }>();
  /** Runs whose last checkpoint could not be written: what their code throws then is not their own failure. */
  const cutOff = new Set<string>();
  let storeFailedAt: EpochMs | undefined;
  /** What is kept in the background may have been cut off, and its task told nothing of it. */
  let callFailedAt: EpochMs | undefined;
  const isCutOff = (run: string, outcome: RunOutcome): boolean =>
    cutOff.has(run) ||
    (storeFailedAt !== undefined && now() - storeFailedAt < STORE_AWAY_MS) ||
    (outcome === 'failed' && callFailedAt !== undefined && now() - callFailedAt < SAVED_AGAIN_MS);
  return {
    /** Some call of the process has failed: it may have been the last try to save a run. */
    callFailed: (): void => {
      callFailedAt = now();
    },
    /** An object could not be stored. */
    storeFailed: (): void => {
      storeFailedAt = now();
    },
    ended: (id: TaskId, attempt: number, outcome: RunOutcome): void => {
      // Whatever was due while its machine stood still is due at once: which comes first, nobody can say.
      if (wentOnAt() !== now()) outcomes.set(runKey({ id, attempt }), { outcome, failures: failures() });
    },
    kept: (id: TaskId, attempt: number, isWritten: boolean): void => {
      if (isWritten) cutOff.delete(runKey({ id, attempt }));
      else cutOff.add(runKey({ id, attempt }));
    },
    told: (id: TaskId, step: TaskStep): void => {
      if (!('attempt' in step) || !isEndOfRun(step)) return;
      const run = runKey({ id, attempt: step.attempt });
      const ended = outcomes.get(run);
      outcomes.delete(run);
      if (
        ended === undefined ||
        ended.failures !== failures() ||
        isCutOff(run, ended.outcome) ||
        !hasTime(item(), drain, now())
      )
        return;
      const { outcome } = ended;
      if (TOLD_AS[outcome] === step.step) return;
      judge.say(outcome === 'done' ? 'W2' : 'W5', `${run} is ${outcome}, and its row is told ${step.step}`);
    },
  };
};
