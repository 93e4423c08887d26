import type { EpochMs } from '../fleet/time.ts';
import type { MutableTally } from './tally.ts';

/** What a hand-back cost, and how much of its notice the task worked. */
export interface Losses {
  /** Seconds run since the last accepted checkpoint, or since the start: to be run again. */
  readonly secondsLost: number;
  /** Seconds it ran between the notice and deadline − margin; only on a machine that drains. */
  readonly secondsOfNoticeUsed?: number;
  /** Seconds there were. */
  readonly secondsOfNoticeAvailable?: number;
}

export interface EndedRun {
  readonly startedAt: EpochMs;
  /** Up to where its work is kept. */
  readonly keptAt: EpochMs;
  readonly endedAt: EpochMs;
  /** From the beginning of the drain to deadline − margin, where the machine drains and is not in a hurry. */
  readonly notice?: { readonly since: EpochMs; readonly until: EpochMs };
}

const MS_PER_SECOND = 1_000;

const seconds = (ms: number): number => Math.round(Math.max(0, ms)) / MS_PER_SECOND;

export const lossesOf = ({ startedAt, keptAt, endedAt, notice }: EndedRun): Losses => {
  const secondsLost = seconds(endedAt - keptAt);
  if (notice === undefined) return { secondsLost };
  const from = Math.max(notice.since, startedAt);
  return {
    secondsLost,
    secondsOfNoticeUsed: seconds(Math.min(endedAt, notice.until) - from),
    secondsOfNoticeAvailable: seconds(notice.until - from),
  };
};

/** Sums of thousandths would show the noise of binary fractions in the last log line. */
const sum = (one: number, other: number): number => Math.round((one + other) * MS_PER_SECOND) / MS_PER_SECOND;

export const countLosses = (tally: MutableTally, losses: Losses): void => {
  tally.secondsLost = sum(tally.secondsLost, losses.secondsLost);
  tally.secondsOfNoticeUsed = sum(tally.secondsOfNoticeUsed, losses.secondsOfNoticeUsed ?? 0);
  tally.secondsOfNoticeAvailable = sum(tally.secondsOfNoticeAvailable, losses.secondsOfNoticeAvailable ?? 0);
};
