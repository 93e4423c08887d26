import { type InstanceRecord, silenceMs } from '../fleet/instance.ts';
import {
  CHECK_SHARDS,
  RESEND_AFTER_SECONDS,
  RESEND_QUEUED_SECONDS,
  RESEND_SOON_SECONDS,
  SILENCE_SECONDS_MAX,
  SUBMITTED_SHARE_OF_SWEEP,
  SWEEP_BATCH_MAX,
  SWEEP_SECONDS,
} from '../fleet/limits.ts';
import type { TaskRecord } from '../fleet/task.ts';
import { resendAt } from '../fleet/task-protocol.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';

export type TaskDecision =
  | { readonly do: 'nothing' }
  | { readonly do: 'check-again'; readonly at: EpochMs; readonly reason: string }
  | { readonly do: 'release'; readonly reason: string }
  | { readonly do: 'send-again'; readonly nextAt: EpochMs; readonly reason: string };

const ownerSilenceEnds = (owner: InstanceRecord): EpochMs =>
  addMs(owner.heartbeatAt ?? owner.launchedAt, secondsToMs(SILENCE_SECONDS_MAX));

const whyNotOwned = (row: TaskRecord, owner: InstanceRecord | undefined, now: EpochMs): string | undefined => {
  if (owner === undefined) return 'its owner is unknown';
  if (owner.goneAt !== undefined) return 'its owner is gone';
  if (silenceMs(owner, now) >= secondsToMs(SILENCE_SECONDS_MAX)) return 'its owner is silent';
  if (owner.session !== row.session) return 'its owner has another session';
  return undefined;
};

/**
 * A task that was never taken, while messages wait that anybody may receive: its own is one of them, and no worker is
 * free. A second message for each task of a backlog every five minutes would be counted as work, and machines be
 * bought for it.
 */
export const isStillQueued = (row: TaskRecord, waiting: number, now: EpochMs): boolean =>
  row.attempt === 0 && waiting > 0 && now - row.submittedAt < secondsToMs(RESEND_QUEUED_SECONDS);

/** Rows of waiting tasks that the sweep looks at in a second: the rest of it is for the tasks of silent machines. */
const QUEUED_LOOKS_PER_SECOND = (SWEEP_BATCH_MAX * CHECK_SHARDS * SUBMITTED_SHARE_OF_SWEEP) / SWEEP_SECONDS;

/**
 * When a task that waits among so many is looked at again: a large backlog is spread so thinly that it never fills the
 * sweep, whose first duty are tasks that somebody held.
 */
export const queuedLookAt = (waiting: number, now: EpochMs): EpochMs =>
  addMs(now, Math.ceil(secondsToMs(Math.max(RESEND_AFTER_SECONDS, waiting / QUEUED_LOOKS_PER_SECOND))));

/**
 * Since when anybody could have taken it, as far as its row tells: each sending puts its next look off by the same time,
 * and so does the rest after a failure. Only a new task may be looked at later than that, for the others that wait.
 */
const availableSince = ({ attempt, submittedAt, checkAt }: TaskRecord, now: EpochMs): EpochMs => {
  const sentAt = addMs(checkAt!, -secondsToMs(RESEND_AFTER_SECONDS));
  return attempt === 0 && sentAt > now ? submittedAt : (Math.max(submittedAt, sentAt) as EpochMs);
};

const isSentLately = ({ sentAgainAt }: TaskRecord, now: EpochMs): boolean =>
  sentAgainAt !== undefined && now - sentAgainAt < secondsToMs(RESEND_AFTER_SECONDS);

/**
 * Tasks of one fleet that are ready, and more than there are messages: so many of them have none, and need not wait for
 * their time, which may be hours away (W4). Which ones nobody knows; those that could have been taken for longest come
 * first. While nothing waits, that is all of them. Once a message has been sent for one, it waits like any other: were its
 * row the trouble, a message each minute would only keep workers busy.
 *
 * A message that waits may be a second one of a task that runs, so fewer may be found than were lost, never more.
 */
export const forgottenAmong = (rows: readonly TaskRecord[], waiting: number, now: EpochMs): readonly TaskRecord[] => {
  const available = rows
    .filter(({ status }) => status === 'ready')
    .map((row) => ({ row, since: availableSince(row, now) }))
    .filter(({ since }) => now - since >= secondsToMs(RESEND_SOON_SECONDS));
  const withoutMessage = Math.max(0, available.length - waiting);
  return available
    .filter(({ row }) => !isSentLately(row, now))
    .sort((one, other) => one.since - other.since)
    .slice(0, withoutMessage)
    .map(({ row }) => row);
};

/**
 * A row whose `checkAt` has passed, with its owner's item, both read strongly. Holding follows taking within
 * seconds and a row is first looked at long after, so an owner that does not hold it never will.
 */
export const decideTask = (row: TaskRecord, owner: InstanceRecord | undefined, now: EpochMs): TaskDecision => {
  if (row.checkAt === undefined || row.checkAt > now) return { do: 'nothing' };
  if (row.status === 'ready') {
    return {
      do: 'send-again',
      nextAt: resendAt(now),
      reason: 'ready, and nobody came for it',
    };
  }
  if (row.status !== 'running') return { do: 'nothing' };
  const reason = whyNotOwned(row, owner, now);
  if (reason !== undefined) return { do: 'release', reason };
  const isHeld = owner?.leases[row.taskId] === row.attempt;
  if (!isHeld) return { do: 'release', reason: 'its owner does not hold it' };
  return { do: 'check-again', at: ownerSilenceEnds(owner!), reason: 'its owner is alive and holds it' };
};
