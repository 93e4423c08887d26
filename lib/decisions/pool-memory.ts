import type { PoolMemory } from '../fleet/fleet.ts';
import { QUARANTINE_SECONDS, QUARANTINE_SECONDS_MAX } from '../fleet/limits.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';

export const NO_MEMORY: PoolMemory = { strikes: 0 };

/** Doubles with every strike, up to the maximum. */
const quarantineMs = (strikes: number): number =>
  secondsToMs(Math.min(QUARANTINE_SECONDS_MAX, QUARANTINE_SECONDS * 2 ** Math.max(0, strikes - 1)));

const lastTrouble = (memory: PoolMemory): number => Math.max(memory.refusedAt ?? 0, memory.reclaimedAt ?? 0);

/** A pool is set aside after it refused or took machines back; the memory decays, nobody has to lift it. */
export const isQuarantined = (memory: PoolMemory | undefined, now: EpochMs): boolean =>
  memory !== undefined && memory.strikes > 0 && now < lastTrouble(memory) + quarantineMs(memory.strikes);

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

export const afterGrant = (memory: PoolMemory | undefined): PoolMemory => ({ ...(memory ?? NO_MEMORY), strikes: 0 });
