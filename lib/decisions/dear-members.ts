import type { Member } from '../fleet/fleet.ts';
import { isAttached } from '../fleet/instance.ts';
import { type Pool, poolKey } from '../fleet/pool.ts';
import type { CapacityView } from './capacity-view.ts';
import type { FleetMarket } from './spot-market.ts';

/** A machine is moved only when its pool has passed the threshold by a tenth, so that a price which hovers moves nobody. */
const MOVE_AT = 1.1;
const ON_DEMAND_PERCENT = 100;

/** In per cent of the on-demand price. At that price itself a machine moves in any case, unless the threshold is above it. */
export const movePercent = (spotPercentMax: number): number =>
  Math.max(spotPercentMax, Math.min(spotPercentMax * MOVE_AT, ON_DEMAND_PERCENT));

/**
 * Spot machines in pools that have become too dear, while others may be asked: they are replaced, a few at a time, and
 * finish what they hold. A pool that is just dearer than another keeps its machines, because every move costs a start-up.
 */
export const dearMembers = (view: CapacityView, market: FleetMarket, useful: readonly Member[]): readonly Member[] => {
  if (market.spot.length === 0) return [];
  const limit = movePercent(view.policy.spotPercentMax);
  const dear = new Set<string>(
    market.scores.filter(({ percentOfOnDemand = 0 }) => percentOfOnDemand > limit).map(({ pool }) => poolKey(pool)),
  );
  const isDear = (pool: Pool): boolean => pool.purchase === 'spot' && dear.has(poolKey(pool));
  return useful.filter((member) => isDear(member.pool) && !isAttached(member));
};
