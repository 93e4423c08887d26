import type { TaskRecord } from '../fleet/task.ts';
import type { TaskOutcome, TaskStep } from '../fleet/task-protocol.ts';
import type { ReceivedMessage } from '../ports/queues.ts';
import { StaleAttempt } from '../worker/define-task.ts';
import { packContent } from '../workflows/content.ts';
import type { Attempt } from './attempt.ts';
import { buryDead, deleteMessage, meetRow, putBack } from './meet.ts';
import { withRetries } from './retry.ts';
import type { RunEnd } from './run-task.ts';
import type { AgentShared } from './world.ts';

/** The one line that tells of a zombie's write, whatever it was. Other programs count it by this text. */
export const FENCED_OFF = 'fenced off';

type StepOutcome = TaskOutcome | typeof FENCED_OFF;

const applyOwn = async (shared: AgentShared, attempt: Attempt, step: TaskStep): Promise<StepOutcome> => {
  try {
    await attempt.assertOurs();
  } catch (error) {
    if (error instanceof StaleAttempt) return FENCED_OFF;
    throw error;
  }
  return withRetries(shared.ports.clock, () => shared.ports.tasks.apply(attempt.row.taskId, step));
};

/** Somebody else has the task, or it is finished: what we have is counted and thrown away. */
const fencedOff = async (
  shared: AgentShared,
  { row }: Attempt,
  message: ReceivedMessage,
  refused: { readonly what: string; readonly found?: TaskRecord | undefined },
): Promise<void> => {
  shared.tally.fencedOff += 1;
  const found = refused.found ?? (await withRetries(shared.ports.clock, () => shared.ports.tasks.get(row.taskId)));
  shared.ports.log.warn(FENCED_OFF, {
    taskId: row.taskId,
    attempt: row.attempt,
    what: refused.what,
    attemptNow: found?.attempt,
    statusNow: found?.status,
  });
  if (found !== undefined) await meetRow(shared, found, message);
};

const refusedBy = (outcome: StepOutcome, what: string) => ({
  what,
  found: outcome === FENCED_OFF ? undefined : outcome.row,
});

const isRefused = (outcome: StepOutcome): outcome is typeof FENCED_OFF | Extract<TaskOutcome, { outcome: 'refused' }> =>
  outcome === FENCED_OFF || outcome.outcome === 'refused';

const confirmCommitted = async (shared: AgentShared, attempt: Attempt, message: ReceivedMessage): Promise<void> => {
  const runMs = shared.ports.clock.now() - attempt.startedAt;
  shared.tally.done += 1;
  shared.runTimes.add(runMs);
  shared.ports.log.info('task done', { taskId: attempt.row.taskId, attempt: attempt.row.attempt, runMs });
  return deleteMessage(shared, message);
};

const commit = async (shared: AgentShared, attempt: Attempt, message: ReceivedMessage, text: string) => {
  const { clock, blobs } = shared.ports;
  const result = await withRetries(clock, () => packContent(blobs, text));
  const step = { step: 'commit', attempt: attempt.row.attempt, result, now: clock.now() } as const;
  const outcome = await applyOwn(shared, attempt, step);
  if (isRefused(outcome)) return fencedOff(shared, attempt, message, refusedBy(outcome, 'commit'));
  return confirmCommitted(shared, attempt, message);
};

const fail = async (shared: AgentShared, attempt: Attempt, message: ReceivedMessage, reason: string) => {
  const { ports, settings, tally } = shared;
  const { failuresMax, retryDelaySeconds } = settings;
  const { attempt: number, failures: failuresBefore, taskId } = attempt.row;
  const now = ports.clock.now();
  const step = { step: 'fail', attempt: number, reason, now, failuresMax, retryDelaySeconds, failuresBefore } as const;
  const outcome = await applyOwn(shared, attempt, step);
  if (isRefused(outcome)) return fencedOff(shared, attempt, message, refusedBy(outcome, 'failure'));
  tally.failed += 1;
  const { failures, status } = outcome.row;
  ports.log.warn('task failed', { taskId, attempt: number, failures, status });
  if (status !== 'dead') return putBack(shared, message, retryDelaySeconds);
  tally.dead += 1;
  return buryDead(shared, outcome.row, message);
};

/** A refused hand-back whose row is ready under our number is one whose reply was lost, or a release that was faster. */
const isHandedBack = (outcome: StepOutcome, attempt: Attempt): boolean =>
  outcome !== FENCED_OFF &&
  (outcome.outcome !== 'refused' || (outcome.row?.status === 'ready' && outcome.row.attempt === attempt.row.attempt));

/**
 * On a machine that goes, the next machine may have it at once. A task that hands itself back for its own reasons waits
 * as long as one that failed: it would only do so again.
 */
const handBack = async (shared: AgentShared, attempt: Attempt, message: ReceivedMessage, reason: string) => {
  const { clock, log } = shared.ports;
  const { taskId, attempt: number } = attempt.row;
  const owner = shared.instanceId;
  const step = { step: 'hand-back', attempt: number, owner, now: clock.now(), countsAsReclaim: true } as const;
  const outcome = await applyOwn(shared, attempt, step);
  if (!isHandedBack(outcome, attempt)) return fencedOff(shared, attempt, message, refusedBy(outcome, 'hand-back'));
  shared.tally.handedBack += 1;
  log.info('task handed back', { taskId, attempt: number, reason });
  const isDraining = shared.drain.state() !== undefined;
  shared.leases.letGo(taskId);
  if (isDraining) await shared.leases.flush();
  return putBack(shared, message, isDraining ? 0 : shared.settings.retryDelaySeconds);
};

/** Writes how a run ended: the ledger first, then the lease and the message. */
export const settle = async (
  shared: AgentShared,
  attempt: Attempt,
  message: ReceivedMessage,
  end: RunEnd,
): Promise<void> => {
  if (attempt.isCommitted()) return confirmCommitted(shared, attempt, message);
  switch (end.kind) {
    case 'done':
      return commit(shared, attempt, message, end.result);
    case 'failed':
      return fail(shared, attempt, message, end.reason);
    case 'hand-back':
      return handBack(shared, attempt, message, end.reason);
    case 'stale':
      return fencedOff(shared, attempt, message, { what: 'checkpoint' });
  }
};
