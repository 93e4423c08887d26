import type { TaskRecord } from '../fleet/task.ts';
import type { TaskOutcome } from '../fleet/task-protocol.ts';
import type { Attempt, StaleReason } from './attempt.ts';
import { type Burial, buryOwn } from './bury.ts';
import { countLosses } from './losses.ts';
import { meetRow } from './meet.ts';
import { withRetries } from './retry.ts';
import type { RunEnd } from './run-task.ts';
import type { AgentShared } from './world.ts';

/** The one line that tells of a zombie, whatever it would have written. Other programs count it by this text. */
export const FENCED_OFF = 'fenced off';

/**
 * A run that is over, with the message that it came by. Released between the write on the row, or the copy of one that is
 * dead, and the message's return, the task may be taken here again.
 */
interface Ended extends Burial {
  readonly attempt: Attempt;
}

type EndedAs<Kind extends RunEnd['kind']> = Extract<RunEnd, { readonly kind: Kind }>;

const confirmCommitted = async (shared: AgentShared, { attempt, ticket, release }: Ended): Promise<void> => {
  const runMs = shared.ports.clock.now() - attempt.startedAt;
  shared.tally.done += 1;
  // One that went on from a checkpoint ran longer than this.
  if (attempt.row.checkpoint === undefined) shared.runTimes.add(runMs);
  shared.ports.log.info('task done', { taskId: attempt.row.taskId, attempt: attempt.row.attempt, runMs });
  release();
  await ticket.remove();
};

/** Somebody else has the task, or it is finished: what we have is counted and thrown away. */
const fencedOff = async (
  shared: AgentShared,
  ended: Ended,
  refused: { readonly what: string; readonly found?: TaskRecord | undefined },
): Promise<void> => {
  // A commit of its own that was under way until now: what is refused after it counts for nothing.
  if (ended.attempt.isCommitted()) return confirmCommitted(shared, ended);
  const { row } = ended.attempt;
  shared.tally.fencedOff += 1;
  const found = refused.found ?? (await withRetries(shared.ports.clock, () => shared.ports.tasks.get(row.taskId)));
  shared.ports.log.warn(FENCED_OFF, {
    taskId: row.taskId,
    attempt: row.attempt,
    what: refused.what,
    attemptNow: found?.attempt,
    statusNow: found?.status,
  });
  ended.release();
  if (found !== undefined) await meetRow(shared, found, ended.ticket);
};

const commit = async (shared: AgentShared, ended: Ended, { result }: EndedAs<'done'>): Promise<void> => {
  const outcome = await ended.attempt.settleResult(result);
  if (outcome.outcome === 'refused') return fencedOff(shared, ended, { what: 'commit', found: outcome.row });
  return confirmCommitted(shared, ended);
};

/** What a task says of its own failures goes before what its fleet says; one that is final is not tried again. */
const failStep = (
  { settings, ports }: AgentShared,
  { attempt, failures: failuresBefore }: TaskRecord,
  { reason, isFinal, failuresMax, retryDelaySeconds }: EndedAs<'failed'>,
) =>
  ({
    step: 'fail',
    attempt,
    reason,
    now: ports.clock.now(),
    failuresMax: isFinal ? failuresBefore + 1 : (failuresMax ?? settings.failuresMax),
    retryDelaySeconds: retryDelaySeconds ?? settings.retryDelaySeconds,
    failuresBefore,
  }) as const;

const fail = async (shared: AgentShared, ended: Ended, end: EndedAs<'failed'>): Promise<void> => {
  const { ports, tally } = shared;
  const { attempt: number, taskId } = ended.attempt.row;
  const step = failStep(shared, ended.attempt.row, end);
  const outcome = await ended.attempt.apply(step);
  if (outcome.outcome === 'refused') return fencedOff(shared, ended, { what: 'failure', found: outcome.row });
  tally.failed += 1;
  const { failures, status } = outcome.row;
  ports.log.warn('task failed', { taskId, attempt: number, failures, status });
  if (status === 'dead') {
    tally.dead += 1;
    return buryOwn(shared, outcome.row, ended);
  }
  ended.release();
  return ended.ticket.putBack(step.retryDelaySeconds, taskId);
};

/** A refused hand-back whose row is ready under our number is one whose reply was lost, or a release that was faster. */
const isHandedBack = (outcome: TaskOutcome, { row }: Attempt): boolean =>
  outcome.outcome !== 'refused' || (outcome.row?.status === 'ready' && outcome.row.attempt === row.attempt);

/**
 * On a machine that goes, the next machine may have it at once. A task that hands itself back for its own reasons waits
 * as long as one that failed: it would only do so again.
 */
const handBack = async (shared: AgentShared, ended: Ended, { reason, losses }: EndedAs<'hand-back'>): Promise<void> => {
  const { clock, log } = shared.ports;
  const { taskId, attempt: number } = ended.attempt.row;
  const owner = shared.instanceId;
  const rest = shared.drain.state() === undefined ? { retryDelaySeconds: shared.settings.retryDelaySeconds } : {};
  const step = { step: 'hand-back', attempt: number, owner, now: clock.now(), countsAsReclaim: true, ...rest } as const;
  const outcome = await ended.attempt.apply(step);
  if (!isHandedBack(outcome, ended.attempt)) {
    return fencedOff(shared, ended, {
      what: 'hand-back',
      found: outcome.outcome === 'refused' ? outcome.row : undefined,
    });
  }
  shared.tally.handedBack += 1;
  countLosses(shared.tally, losses);
  log.info('task handed back', { taskId, attempt: number, reason, ...losses });
  const isDraining = shared.drain.state() !== undefined;
  ended.release();
  if (isDraining) await shared.leases.flush();
  return ended.ticket.putBack(isDraining ? 0 : shared.settings.retryDelaySeconds, taskId);
};

const WHAT_WAS_STALE: Readonly<Record<StaleReason, string>> = { refused: 'checkpoint', 'given-away': 'run' };

/** Writes how a run ended: the ledger first, then the lease and the message. */
export const settle = async (shared: AgentShared, ended: Ended, end: RunEnd): Promise<void> => {
  if (ended.attempt.isCommitted()) return confirmCommitted(shared, ended);
  switch (end.kind) {
    case 'done':
      return commit(shared, ended, end);
    case 'failed':
      return fail(shared, ended, end);
    case 'hand-back':
      return handBack(shared, ended, end);
    case 'stale':
      return fencedOff(shared, ended, { what: WHAT_WAS_STALE[ended.attempt.staleSignal.reason as StaleReason] });
  }
};
