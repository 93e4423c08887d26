import type { Pool } from '../fleet/pool.ts';

export interface ZoneShare {
  readonly count: number;
  readonly pools: readonly Pool[];
}

/**
 * Shares out machines so that no zone which can be asked gets one while another has fewer: what is added fills the lowest
 * first. Zones that cannot be asked are left out, and made up for later. At equal height the order of the pools decides.
 */
export const spreadOverZones = (
  count: number,
  pools: readonly Pool[],
  held: ReadonlyMap<string, number>,
): readonly ZoneShare[] => {
  const zones = [...new Set(pools.map(({ zone }) => zone))];
  const heights = zones.map((zone) => held.get(zone) ?? 0);
  const added = zones.map(() => 0);
  for (let given = 0; given < count && zones.length > 0; given += 1) {
    const lowest = heights.indexOf(Math.min(...heights));
    heights[lowest]! += 1;
    added[lowest]! += 1;
  }
  return zones
    .map((zone, index) => ({ count: added[index]!, pools: pools.filter((pool) => pool.zone === zone) }))
    .filter((share) => share.count > 0);
};
