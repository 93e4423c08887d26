import type { PoolMemory } from '../fleet/fleet.ts';
import { STORM_SECONDS } from '../fleet/limits.ts';
import { poolKey } from '../fleet/pool.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';

/** An instance type in a zone. */
export interface Place {
  readonly instanceType: string;
  readonly zone: string;
}

export const spotPool = ({ instanceType, zone }: Place) => ({ instanceType, zone, purchase: 'spot' }) as const;

const wasJustReclaimed = (memory: PoolMemory | undefined, now: EpochMs): boolean =>
  memory?.reclaimedAt !== undefined && now < memory.reclaimedAt + secondsToMs(STORM_SECONDS);

/**
 * What several pools share that lost machines together: a zone in which at least two types, and half of the fleet's, were
 * reclaimed within minutes, or a type that was in as many zones. The pools beside them are then likely to be next.
 */
export const stormsAmong = (
  places: readonly Place[],
  memory: Readonly<Record<string, PoolMemory>>,
  now: EpochMs,
): ReadonlySet<string> => {
  const all = new Map<string, number>();
  const struck = new Map<string, number>();
  const count = (counts: Map<string, number>, name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const place of places) {
    const isStruck = wasJustReclaimed(memory[poolKey(spotPool(place))], now);
    for (const name of [place.zone, place.instanceType]) {
      count(all, name);
      if (isStruck) count(struck, name);
    }
  }
  return new Set([...struck].filter(([name, hits]) => hits >= 2 && 2 * hits >= all.get(name)!).map(([name]) => name));
};
