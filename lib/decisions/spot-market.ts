import type { Member } from '../fleet/fleet.ts';
import { type Pool, poolKey } from '../fleet/pool.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { CapacityView } from './capacity-view.ts';
import { wastedHours } from './loss-rate.ts';
import { isQuarantined } from './pool-memory.ts';
import { askedPools, type PoolScore, scorePools } from './score-pool.ts';

/** Where a fleet may buy now: its spot pools judged and ranked, and the on-demand pools that have not just refused. */
export interface FleetMarket {
  readonly scores: readonly PoolScore[];
  readonly spot: readonly Pool[];
  readonly onDemand: readonly Pool[];
}

const heldByPool = (members: readonly Member[]): ReadonlyMap<string, number> => {
  const held = new Map<string, number>();
  for (const { pool } of members) {
    if (pool.purchase === 'spot') held.set(poolKey(pool), (held.get(poolKey(pool)) ?? 0) + 1);
  }
  return held;
};

const MS_PER_SECOND = 1_000;

/** What decides where to buy, of everything that was read; computed once for each plan. */
export const marketOf = (
  view: CapacityView,
  useful: readonly Member[],
  doubtful: readonly Member[],
  now: EpochMs,
): FleetMarket => {
  const { policy, state, drainPolicy, prices } = view;
  const { pools: memory, runTimes } = state.head;
  const taskSeconds = runTimes === undefined ? undefined : runTimes.halfMs / MS_PER_SECOND;
  const scores = scorePools(
    {
      places: policy.places,
      policy,
      memory,
      board: prices,
      wastedHours: wastedHours(taskSeconds, drainPolicy.windowSeconds),
      held: heldByPool(useful),
      doubted: new Set(doubtful.map(({ pool }) => poolKey(pool))),
    },
    now,
  );
  const onDemand = policy.places.map(({ instanceType, zone }): Pool => ({ instanceType, zone, purchase: 'on-demand' }));
  return {
    scores,
    spot: askedPools(scores),
    onDemand: onDemand.filter((pool) => !isQuarantined(memory[poolKey(pool)], now)),
  };
};
