import type { Member } from '../fleet/fleet.ts';
import { isAttached, isTakenByEc2, lifecycleOf } from '../fleet/instance.ts';
import { STORM_SECONDS } from '../fleet/limits.ts';
import { poolKey } from '../fleet/pool.ts';
import { type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { CapacityView } from './capacity-view.ts';

/** A machine that runs and may be taken soon. */
export interface Doubt {
  readonly member: Member;
  readonly because: 'recommendation' | 'storm';
}

const takenAt = (view: CapacityView, { instanceId }: Member): EpochMs | undefined => {
  const record = view.records.get(instanceId);
  if (record === undefined || !isTakenByEc2(record)) return undefined;
  return (record.signals['spot-interruption'] ?? record.signals['bid-evicted'])!.recordedAt;
};

/** Pools that are losing machines together: two at least within minutes, and a half of those that are there. */
const stormyPools = (view: CapacityView, now: EpochMs): ReadonlySet<string> => {
  const here = new Map<string, number>();
  const taken = new Map<string, number>();
  for (const member of view.state.members) {
    const key = poolKey(member.pool);
    here.set(key, (here.get(key) ?? 0) + 1);
    const at = takenAt(view, member);
    if (at !== undefined && now < at + secondsToMs(STORM_SECONDS)) taken.set(key, (taken.get(key) ?? 0) + 1);
  }
  return new Set([...taken].filter(([key, count]) => count >= 2 && 2 * count >= here.get(key)!).map(([key]) => key));
};

/**
 * Machines that EC2 recommends to move away from, and those whose pool is just being reclaimed: 92 % of machines that are
 * lost together go within three minutes (Spot-and-Scoot), so the rest of the pool is likely to follow. Their replacements
 * are asked for in one request, before they are lost.
 */
export const doubtfulMembers = (view: CapacityView, useful: readonly Member[], now: EpochMs): readonly Doubt[] => {
  const stormy = stormyPools(view, now);
  return useful.flatMap((member): Doubt[] => {
    if (isAttached(member) || member.pool.purchase !== 'spot') return [];
    const record = view.records.get(member.instanceId);
    const isWary = record !== undefined && lifecycleOf(record, view.drainPolicy, now) === 'wary';
    if (isWary) return [{ member, because: 'recommendation' }];
    return stormy.has(poolKey(member.pool)) ? [{ member, because: 'storm' }] : [];
  });
};

export const explainDoubts = (doubts: readonly Doubt[]): string => {
  const recommended = doubts.filter(({ because }) => because === 'recommendation').length;
  const stormy = doubts.length - recommended;
  return [
    ...(recommended > 0 ? [`${recommended} recommended to be moved by EC2`] : []),
    ...(stormy > 0 ? [`${stormy} in pools that are being reclaimed`] : []),
  ].join(', ');
};
