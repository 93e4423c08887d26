import type { FleetPools } from '../../config/fleet-pools.ts';
import { wastedHours } from '../../decisions/loss-rate.ts';
import { type PoolScore, scorePools } from '../../decisions/score-pool.ts';
import type { FleetState } from '../../fleet/fleet.ts';
import type { FleetName } from '../../fleet/ids.ts';
import { INTERRUPTION_NOTICE_SECONDS } from '../../fleet/limits.ts';
import { poolKey } from '../../fleet/pool.ts';
import { type PriceBoard, spotSeriesKey } from '../../fleet/price-board.ts';
import type { PricePoint } from '../../fleet/run.ts';
import { addMs, type EpochMs, epochMs } from '../../fleet/time.ts';
import { type PriceStatistics, priceStatistics } from '../../money/price-statistics.ts';
import type { PriceService } from '../../wiring-cli.ts';

/** One pool as the command shows it. */
export interface PricedPool {
  readonly score: PoolScore;
  readonly series: readonly PricePoint[];
  /** Absent where no price is known in the interval. */
  readonly statistics?: PriceStatistics;
  readonly onDemandMicroUsdPerHour?: number;
}

export interface FleetPrices {
  readonly fleet: FleetName;
  readonly from: EpochMs;
  readonly to: EpochMs;
  /** Those that would be asked now first, as the reconcile ranks them. */
  readonly pools: readonly PricedPool[];
}

const placesOf = ({ instanceTypes, zones }: FleetPools) =>
  instanceTypes.flatMap((instanceType) => zones.map((zone) => ({ instanceType, zone })));

const heldByPool = ({ members }: FleetState): ReadonlyMap<string, number> => {
  const held = new Map<string, number>();
  for (const { pool } of members) {
    if (pool.purchase === 'spot') held.set(poolKey(pool), (held.get(poolKey(pool)) ?? 0) + 1);
  }
  return held;
};

interface Read {
  readonly history: ReadonlyMap<string, readonly PricePoint[]>;
  readonly onDemand: ReadonlyMap<string, number>;
}

/** The board as it would be read now: today's prices, and what the service has learned of losses and scores. */
const boardOf = (kept: PriceBoard | undefined, { history, onDemand }: Read, now: EpochMs): PriceBoard => ({
  form: 1,
  readAt: now,
  slowReadAt: kept?.slowReadAt ?? epochMs(0),
  spot: Object.fromEntries([...history].map(([place, series]) => [place, series.at(-1)!.microUsdPerHour])),
  onDemand: Object.fromEntries(onDemand),
  scores: kept?.scores ?? {},
  losses: kept?.losses ?? {},
});

const MS_PER_SECOND = 1_000;

const scoresOf = (pools: FleetPools, state: FleetState, board: PriceBoard, now: EpochMs): readonly PoolScore[] => {
  const { runTimes, pools: memory } = state.head;
  const taskSeconds = runTimes && runTimes.halfMs / MS_PER_SECOND;
  return scorePools(
    {
      places: placesOf(pools),
      policy: pools,
      memory,
      board,
      wastedHours: wastedHours(taskSeconds, INTERRUPTION_NOTICE_SECONDS),
      held: heldByPool(state),
      doubted: new Set(),
    },
    now,
  );
};

/** Reads the history of a fleet's pools and judges them as the service's own reconcile does. */
export const gatherPrices = async (service: PriceService, fleet: FleetName, hours: number): Promise<FleetPrices> => {
  const now = service.clock.now();
  const from = addMs(now, -hours * 3_600_000);
  const pools = service.poolsOf(fleet);
  const history = await service.prices.spotHistory(pools.instanceTypes, pools.zones, from, now);
  const onDemand = await service.prices.onDemand(pools.instanceTypes);
  const board = boardOf(await service.fleets.prices(fleet), { history, onDemand }, now);
  const scores = scoresOf(pools, await service.fleets.read(fleet), board, now);
  const priced = scores.map((score): PricedPool => {
    const series = history.get(spotSeriesKey(score.pool)) ?? [];
    const statistics = priceStatistics(series, from, now);
    const price = onDemand.get(score.pool.instanceType);
    return {
      score,
      series,
      ...(statistics === undefined ? {} : { statistics }),
      ...(price === undefined ? {} : { onDemandMicroUsdPerHour: price }),
    };
  });
  return { fleet, from, to: now, pools: priced };
};
