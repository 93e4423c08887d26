import type { Attempt } from '../../../../agent/attempt.ts';
import type { RunEnd } from '../../../../agent/run-task.ts';
import { settle } from '../../../../agent/settle.ts';
import type { Ticket } from '../../../../agent/ticket.ts';
import type { AgentShared } from '../../../../agent/world.ts';
import type { TaskStep } from '../../../../fleet/task-protocol.ts';
import { epochMs } from '../../../../fleet/time.ts';
import {
  beginOnly,
  type CombinationOf,
  combinationsOf,
  compareDecisions,
  type DecisionTable,
  NEVER_ANSWERED,
} from '../decision-table.ts';

const ENDS: readonly Exclude<RunEnd, { kind: 'stale' }>[] = [
  { kind: 'done', result: 'so many' },
  { kind: 'hand-back', reason: 'its machine goes', losses: { secondsLost: 1 } },
  { kind: 'failed', reason: 'it broke' },
  { kind: 'failed', reason: 'it broke', isFinal: true },
  { kind: 'failed', reason: 'it broke', failuresMax: 9 },
  { kind: 'failed', reason: 'it broke', retryDelaySeconds: 0 },
  { kind: 'failed', reason: 'it broke', isFinal: true, failuresMax: 9, retryDelaySeconds: 300 },
];

const CASES = {
  end: ENDS,
  failuresBefore: [0, 2],
  isDraining: [true, false],
  isCommitted: [true, false],
  hasCheckpoint: [true, false],
} as const;

type Case = CombinationOf<typeof CASES>;

const sentenceOf = (step: TaskStep): string => {
  if (step.step === 'fail') {
    const { attempt, reason, failuresMax, retryDelaySeconds, failuresBefore } = step;
    return `attempt ${attempt} fails: ${reason}, ${failuresBefore} before, dead at ${failuresMax}, rests ${retryDelaySeconds} s`;
  }
  if (step.step !== 'hand-back') return step.step;
  const { attempt, owner, countsAsReclaim, retryDelaySeconds } = step;
  return `attempt ${attempt} of ${owner} handed back, reclaim ${countsAsReclaim}, rests ${retryDelaySeconds} s`;
};

/** What is written first; nothing that is asked of others ever answers. */
const decided = ({ end, failuresBefore, isDraining, isCommitted, hasCheckpoint }: Case): string => {
  const deeds: string[] = [];
  const does = (deed: string): Promise<never> => {
    deeds.push(deed);
    return NEVER_ANSWERED;
  };
  const shared = {
    ports: { clock: { now: () => epochMs(9_000), sleep: () => NEVER_ANSWERED }, log: { info: () => undefined } },
    settings: { failuresMax: 3, retryDelaySeconds: 30 },
    instanceId: 'i-1234567890abcdef0',
    drain: { state: () => (isDraining ? { isForced: false } : undefined) },
    runTimes: { add: (ms: number) => deeds.push(`learns ${ms} ms`) },
    tally: { done: 0 },
  } as unknown as AgentShared;
  const attempt = {
    row: { attempt: 4, failures: failuresBefore, ...(hasCheckpoint && { checkpoint: {} }) },
    startedAt: epochMs(2_000),
    isCommitted: () => isCommitted,
    settleResult: (result: string) => does(`commits “${result}”`),
    apply: (step: TaskStep) => does(sentenceOf(step)),
  } as unknown as Attempt;
  const ticket = { remove: () => does('removes the message') } as unknown as Ticket;
  const release = (): void => {
    deeds.push('lets go');
  };
  beginOnly(settle(shared, { attempt, ticket, release, keep: () => undefined }, end));
  return `${deeds.join(', ')}; ${shared.tally.done} done`;
};

const failure = (own: Extract<RunEnd, { kind: 'failed' }>, failuresBefore: number): string => {
  const deadAt = own.isFinal ? failuresBefore + 1 : (own.failuresMax ?? 3);
  return `attempt 4 fails: it broke, ${failuresBefore} before, dead at ${deadAt}, rests ${own.retryDelaySeconds ?? 30} s`;
};

/**
 * A result that is in the ledger is all that counts. What a task says of its failures goes before its fleet's figures, and
 * being stopped with its machine is none; a run that went on from a checkpoint teaches nothing of how long tasks take.
 */
const expected = ({ end, failuresBefore, isDraining, isCommitted, hasCheckpoint }: Case): string => {
  if (isCommitted) return `${hasCheckpoint ? '' : 'learns 7000 ms, '}lets go, removes the message; 1 done`;
  if (end.kind === 'done') return 'commits “so many”; 0 done';
  if (end.kind === 'failed') return `${failure(end, failuresBefore)}; 0 done`;
  return `attempt 4 of i-1234567890abcdef0 handed back, reclaim true, rests ${isDraining ? undefined : 30} s; 0 done`;
};

/** What is written of a run that is over. */
export const settledRuns: DecisionTable = {
  name: 'a run that is over',
  promise: 'W5',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
