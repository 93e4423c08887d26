import { poolKey } from '../../fleet/pool.ts';
import { epochMs } from '../../fleet/time.ts';
import type { MarketPool } from '../../market/market.ts';
import type { Ec2State } from './state.ts';

/** The longest sleep: a timer of the platform holds 24.8 days. */
const SLEEP_MS_MAX = 24 * 3_600_000;

/** The change itself may lie a moment before the line that tells of it. */
export const recordSpot = ({ context, market, clock }: Ec2State, pool: MarketPool): void => {
  const now = clock.now();
  const [inForce] = market.priceChanges(pool, now, now);
  context.recorder.write({
    kind: 'price',
    pool: poolKey({ ...pool, purchase: 'spot' }),
    microUsdPerHour: inForce!.microUsdPerHour,
    since: inForce!.at,
  });
};

const recordOnDemand = ({ context, market }: Ec2State, pool: MarketPool): void =>
  context.recorder.write({
    kind: 'price',
    pool: poolKey({ ...pool, purchase: 'on-demand' }),
    microUsdPerHour: market.type(pool.instanceType)!.onDemandMicroUsdPerHour,
    since: market.settings.startsAt,
  });

/** Writes every pool's price now and each change when it comes, so that a run's money can be worked out from its record. */
export const recordPrices = async (state: Ec2State): Promise<void> => {
  const { market, clock, context } = state;
  for (const pool of market.pools) {
    recordOnDemand(state, pool);
    recordSpot(state, pool);
  }
  let seenAt = clock.now();
  while (!context.signal.aborted) {
    const nextAt = Math.min(...market.pools.map((pool) => market.nextPriceChange(pool, seenAt).at));
    await clock.sleep(Math.min(SLEEP_MS_MAX, Math.max(0, nextAt - clock.now())), context.signal);
    const now = clock.now();
    if (now < nextAt || context.signal.aborted) continue;
    const changed = market.pools.filter((pool) => market.nextPriceChange(pool, seenAt).at <= now);
    seenAt = epochMs(now);
    for (const pool of changed) recordSpot(state, pool);
  }
};
