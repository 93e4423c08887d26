import type { Member } from '../fleet/fleet.ts';
import { addMs, type EpochMs, secondsToMs, toIso } from '../fleet/time.ts';
import { type CapacityView, usefulMembers } from './capacity-view.ts';

const hasGivenSince = (members: readonly Member[], since: EpochMs): boolean =>
  members.some(({ pool, launchedAt }) => pool.purchase === 'spot' && launchedAt >= since);

/**
 * Since when spot has given nothing although machines are missing. Asking again in between changes nothing, only a machine
 * that came does; and where none is missing, nothing is waited for. Kept only where on demand stands in later than at once.
 */
export const spotAwaySince = (
  view: CapacityView,
  wanted: number,
  hasSpotPool: boolean,
  now: EpochMs,
): EpochMs | undefined => {
  const { policy, state } = view;
  if ((policy.onDemandAfterSeconds ?? 0) === 0 || usefulMembers(view, now).length >= wanted) return undefined;
  const before = state.head.spotAwaySince;
  const since = before === undefined || hasGivenSince(state.members, before) ? undefined : before;
  return hasSpotPool ? since : (since ?? now);
};

/** From when on demand may stand in for spot that has been away since then. */
export const standsInFrom = (view: CapacityView, since: EpochMs | undefined, now: EpochMs): EpochMs =>
  addMs(since ?? now, secondsToMs(view.policy.onDemandAfterSeconds ?? 0));

/** Why nothing is bought on demand yet; nothing where it may stand in. */
export const waitsForSpot = (view: CapacityView, since: EpochMs | undefined, now: EpochMs): string | undefined => {
  const from = standsInFrom(view, since, now);
  if (!view.policy.onDemandFallback || since === undefined || now >= from) return undefined;
  return `spot has given nothing since ${toIso(since)}: on demand stands in from ${toIso(from)}`;
};
