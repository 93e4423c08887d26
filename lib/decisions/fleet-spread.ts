import { type FleetPoolRecord, hazardOf } from './fleet-pool-record.ts';

export interface FleetPoolSeen {
  readonly name: string;
  /** Dollars an hour. Unknown where no price was seen; then the pool is thought to cost as much as is allowed. */
  readonly price?: number;
  readonly record: FleetPoolRecord;
}

export interface SpreadTerms {
  readonly workers: number;
  readonly coldStartSeconds: number;
  readonly onDemandPrice: number;
  /** What a pool of unknown price is thought to cost. */
  readonly priceMax: number;
  /** Always to the pool that has fewest, whatever it costs. */
  readonly isEven: boolean;
}

/** What concentrating the whole fleet in one pool is held to cost, as a share of the on-demand price. */
const CONCENTRATION_PRICE_SHARE = 0.04;

/** Dollars an hour of one more machine in a pool: its price, what its loss would cost, and what concentration risks. */
const costOfOneMore = (terms: SpreadTerms, { price, record }: FleetPoolSeen, held: number): number => {
  const { workers, coldStartSeconds, onDemandPrice, priceMax } = terms;
  const lossPrice = onDemandPrice * hazardOf(record) * (coldStartSeconds / 3_600);
  const concentration = (CONCENTRATION_PRICE_SHARE * onDemandPrice * held) / workers;
  return (price ?? priceMax) + lossPrice * (held + 1) + concentration;
};

const isBetter = (one: readonly [number, number], other: readonly [number, number]): boolean =>
  one[0] < other[0] || (one[0] === other[0] && one[1] < other[1]);

/**
 * Places machines one by one: where one more costs least, so that pools of like price fill side by side and the shaky ones
 * less; or evenly, when the counts of two pools shall never differ by more than one for any other reason than a refusal.
 */
export const spreadOver = (
  terms: SpreadTerms,
  pools: readonly FleetPoolSeen[],
  heldIn: (name: string) => number,
  machines: number,
): ReadonlyMap<string, number> => {
  const placed = new Map<string, number>();
  for (let left = pools.length === 0 ? 0 : machines; left > 0; left -= 1) {
    const ranked = pools.map((pool): readonly [FleetPoolSeen, readonly [number, number]] => {
      const held = heldIn(pool.name) + (placed.get(pool.name) ?? 0);
      return [pool, [terms.isEven ? held : 0, costOfOneMore(terms, pool, held)]];
    });
    const [{ name }] = ranked.reduce((best, next) => (isBetter(next[1], best[1]) ? next : best));
    placed.set(name, (placed.get(name) ?? 0) + 1);
  }
  return placed;
};
