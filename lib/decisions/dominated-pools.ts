import type { SpotStrategy } from '../fleet/fleet-settings.ts';
import { PLACEMENT_SCORE_MAX } from '../fleet/price-board.ts';
import type { PoolScore } from './score-pool.ts';

/** How much dearer than another a pool may be before that other one is better. */
interface Margins {
  /** Than one that is no riskier and no harder to be placed in. */
  readonly alike: number;
  /** Than any other: risk is in the cost of a useful hour already, but it is an estimate. */
  readonly any: number;
}

/**
 * Wide enough that several pools stay to be asked, because EC2 looks for capacity among them; prices of one zone's similar
 * types mostly lie within the first margin of each other.
 */
const MARGINS: Readonly<Record<SpotStrategy, Margins>> = {
  capacity: { alike: 1.15, any: 1.5 },
  balanced: { alike: 1.15, any: 1.5 },
  cheapest: { alike: 1.02, any: 1.02 },
};

/** An unknown score counts as the best one, as it does in the rank: nothing is held against a zone for it. */
const isNoHarder = (one: PoolScore, other: PoolScore): boolean =>
  (one.placementScore ?? PLACEMENT_SCORE_MAX) >= (other.placementScore ?? PLACEMENT_SCORE_MAX);

const dominates = (one: PoolScore, other: PoolScore, margins: Margins): boolean => {
  if (one.rankMicroUsd === undefined || other.rankMicroUsd === undefined) return false;
  if (one.rankMicroUsd * margins.any <= other.rankMicroUsd) return true;
  const isAsGood = one.lossesPerHour <= other.lossesPerHour && isNoHarder(one, other);
  return isAsGood && one.rankMicroUsd * margins.alike <= other.rankMicroUsd;
};

/**
 * The cheapest of the asked pools that is better than this one, if any. Nothing is said of a pool whose price is unknown,
 * nor by one. A fleet that is spread over its zones compares within each zone only.
 */
export const dominatorOf = (
  score: PoolScore,
  asked: readonly PoolScore[],
  strategy: SpotStrategy,
): PoolScore | undefined => {
  let best: PoolScore | undefined;
  for (const rival of asked) {
    if (strategy === 'balanced' && rival.pool.zone !== score.pool.zone) continue;
    if (!dominates(rival, score, MARGINS[strategy])) continue;
    if (best === undefined || rival.rankMicroUsd! < best.rankMicroUsd!) best = rival;
  }
  return best;
};
