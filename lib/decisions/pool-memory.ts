import type { PoolMemory } from '../fleet/fleet.ts';
import { QUARANTINE_SECONDS, QUARANTINE_SECONDS_MAX } from '../fleet/limits.ts';
import { type EpochMs, epochMs, secondsToMs } from '../fleet/time.ts';

export const NO_MEMORY: PoolMemory = { strikes: 0 };

/** Doubles with every strike, up to the maximum. */
const quarantineMs = (strikes: number): number =>
  secondsToMs(Math.min(QUARANTINE_SECONDS_MAX, QUARANTINE_SECONDS * 2 ** Math.max(0, strikes - 1)));

const lastTrouble = (memory: PoolMemory): number => Math.max(memory.refusedAt ?? 0, memory.reclaimedAt ?? 0);

/** A pool is set aside after it refused or took machines back; the memory decays, nobody has to lift it. */
export const quarantineEnd = (memory: PoolMemory | undefined): EpochMs | undefined =>
  memory === undefined || memory.strikes === 0
    ? undefined
    : epochMs(lastTrouble(memory) + quarantineMs(memory.strikes));

export const isQuarantined = (memory: PoolMemory | undefined, now: EpochMs): boolean =>
  now < (quarantineEnd(memory) ?? Number.NEGATIVE_INFINITY);

/** A strike long after the last one starts counting anew. */
const nextStrikes = (memory: PoolMemory | undefined, now: EpochMs): number => {
  if (memory === undefined || now >= lastTrouble(memory) + 2 * secondsToMs(QUARANTINE_SECONDS_MAX)) return 1;
  return memory.strikes + 1;
};

export const afterRefusal = (memory: PoolMemory | undefined, now: EpochMs): PoolMemory => ({
  ...memory,
  refusedAt: now,
  strikes: nextStrikes(memory, now),
});

/**
 * Machines of one pool are taken together (Spot-and-Scoot measured 92 % within three minutes), so a second reclaim while
 * the pool is already set aside says nothing new.
 */
export const afterReclaim = (memory: PoolMemory | undefined, now: EpochMs): PoolMemory =>
  isQuarantined(memory, now)
    ? { ...memory!, reclaimedAt: now }
    : { ...memory, reclaimedAt: now, strikes: nextStrikes(memory, now) };

/**
 * A machine given shows that a refusal is over. It does not show that machines stay: a pool that takes back what it gives
 * would otherwise never be set aside for longer than the first time.
 */
export const afterGrant = (memory: PoolMemory | undefined, now: EpochMs): PoolMemory => {
  if (memory?.reclaimedAt === undefined) return { ...(memory ?? NO_MEMORY), strikes: 0 };
  const { reclaimedAt, strikes } = memory;
  const isForgotten = now >= reclaimedAt + 2 * secondsToMs(QUARANTINE_SECONDS_MAX);
  return { reclaimedAt, strikes: isForgotten ? 0 : strikes };
};
