import { REVISIT_SECONDS_MAX, REVISIT_SECONDS_MIN } from '../fleet/limits.ts';
import type { TaskRecord } from '../fleet/task.ts';
import type { EpochMs } from '../fleet/time.ts';

/**
 * For how long a message is put back whose task runs elsewhere: what its owner needs, as far as that is known, so that
 * the message is seen neither over and over nor long after it could be removed.
 */
export const decideRevisitSeconds = (row: TaskRecord, runMsExpected: number | undefined, now: EpochMs): number => {
  const elapsedMs = Math.max(0, now - (row.takenAt ?? now));
  const neededSeconds = Math.ceil(((runMsExpected ?? 0) - elapsedMs) / 1_000);
  return Math.min(REVISIT_SECONDS_MAX, Math.max(REVISIT_SECONDS_MIN, neededSeconds));
};
