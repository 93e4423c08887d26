import type { Member } from '../fleet/fleet.ts';
import type { Pool } from '../fleet/pool.ts';
import { type LossRecord, spotSeriesKey } from '../fleet/price-board.ts';
import type { Run } from '../fleet/run.ts';
import type { EpochMs } from '../fleet/time.ts';

const HOUR_MS = 3_600_000;

/** What happened a day ago counts half, as markets change from day to day. */
const HALF_LIFE_MS = 24 * HOUR_MS;

/** After three half-lives what happened counts an eighth, and older runs are not read. */
export const LOSSES_LOOK_BACK_MS = 3 * HALF_LIFE_MS;

interface Life {
  readonly pool: Pool;
  readonly hours: number;
  readonly isLost: boolean;
  readonly ageMs: number;
}

const lived = (from: EpochMs, to: EpochMs): number => Math.max(0, to - from) / HOUR_MS;

const livesOf = (runs: readonly Run[], members: readonly Member[], now: EpochMs): readonly Life[] => [
  ...runs.map(
    ({ pool, launchedAt, endedAt, endedBy }): Life => ({
      pool,
      hours: lived(launchedAt, endedAt),
      isLost: endedBy === 'ec2',
      ageMs: Math.max(0, now - endedAt),
    }),
  ),
  ...members.map(({ pool, launchedAt }): Life => ({ pool, hours: lived(launchedAt, now), isLost: false, ageMs: 0 })),
];

/**
 * Machine-hours and losses of each spot pool, from closed runs and from machines that live: those that were never taken say
 * as much as those that were. How a machine of ours ended by itself or by us says nothing against its pool.
 */
export const learnLosses = (
  runs: readonly Run[],
  members: readonly Member[],
  now: EpochMs,
): Readonly<Record<string, LossRecord>> => {
  const learned: Record<string, LossRecord> = {};
  for (const { pool, hours, isLost, ageMs } of livesOf(runs, members, now)) {
    if (pool.purchase !== 'spot') continue;
    const weight = 0.5 ** (ageMs / HALF_LIFE_MS);
    const before = learned[spotSeriesKey(pool)] ?? { hours: 0, losses: 0 };
    learned[spotSeriesKey(pool)] = {
      hours: before.hours + weight * hours,
      losses: before.losses + (isLost ? weight : 0),
    };
  }
  return learned;
};
