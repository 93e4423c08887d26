import type { Member } from '../fleet/fleet.ts';
import { isAttached } from '../fleet/instance.ts';
import { RETURN_SURGE_SHARE } from '../fleet/limits.ts';
import type { Pool, Purchase } from '../fleet/pool.ts';
import type { CapacityView, LaunchOrder } from './capacity-view.ts';

/** Machines that may be bought beyond what is wanted while they take the place of others (N3). */
export const surgeMax = (wanted: number): number => Math.ceil(wanted * RETURN_SURGE_SHARE);

/** Machines of ours of an older launch template that, in a rolling upgrade, make room for new ones. */
export const outdatedMembers = (view: CapacityView, useful: readonly Member[]): readonly Member[] =>
  useful.filter((member) => view.outdated.has(member.instanceId) && !isAttached(member));

export interface UpgradeCounts {
  readonly wanted: number;
  readonly had: number;
  readonly hadOnDemand: number;
}

/**
 * Replacements for outdated machines, each bought as the one whose place it takes, and no more at a time than the surge
 * allows. They are asked for before anything leaves, so that a new version that cannot start costs no capacity.
 */
export const upgradeOrders = (
  view: CapacityView,
  useful: readonly Member[],
  counts: UpgradeCounts,
  pools: Readonly<Record<Purchase, readonly Pool[]>>,
): LaunchOrder[] => {
  const outdated = outdatedMembers(view, useful);
  const onDemand = outdated.filter((member) => member.pool.purchase === 'on-demand').length;
  const room = Math.min(outdated.length, surgeMax(counts.wanted)) - Math.max(0, counts.had - counts.wanted);
  const spotCount = Math.min(room, outdated.length - onDemand);
  const onDemandCount = Math.min(room - spotCount, onDemand, view.policy.onDemandMax - counts.hadOnDemand);
  const reason = `${outdated.length} machines of an older version are being replaced`;
  return [
    { purchase: 'spot' as const, count: spotCount, pools: pools.spot, reason },
    { purchase: 'on-demand' as const, count: onDemandCount, pools: pools['on-demand'], reason },
  ].filter(({ count, pools: allowed }) => count > 0 && allowed.length > 0);
};
