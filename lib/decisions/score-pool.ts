import type { PoolMemory } from '../fleet/fleet.ts';
import type { CapacityPolicy } from '../fleet/fleet-settings.ts';
import { type Pool, poolKey } from '../fleet/pool.ts';
import { believable, PLACEMENT_SCORE_MAX, type PriceBoard, spotSeriesKey } from '../fleet/price-board.ts';
import type { EpochMs } from '../fleet/time.ts';
import { dominatorOf } from './dominated-pools.ts';
import { lossesPerHour, usefulShare } from './loss-rate.ts';
import { isQuarantined, quarantineEnd } from './pool-memory.ts';
import { type Place, spotPool, stormsAmong } from './storms.ts';

/** Everything that decides which spot pools a fleet asks, and in which order. */
export interface PoolQuestion {
  /** In the user's order of preference. */
  readonly places: readonly Place[];
  readonly policy: Pick<CapacityPolicy, 'spotPercentMax' | 'spotStrategy'>;
  readonly memory: Readonly<Record<string, PoolMemory>>;
  readonly board: PriceBoard | undefined;
  /** Paid hours that one loss wastes. */
  readonly wastedHours: number;
  /** Spot machines of the fleet, by `poolKey`. */
  readonly held: ReadonlyMap<string, number>;
  /** `poolKey` of pools whose machines may be taken soon. */
  readonly doubted: ReadonlySet<string>;
}

/** Whether a pool is asked, and if it is not, why. */
export type PoolVerdict =
  | { readonly kind: 'ask' }
  /** It refused or took machines back. */
  | { readonly kind: 'set-aside'; readonly until: EpochMs }
  /** Its price passes the fleet's share of the on-demand price. */
  | { readonly kind: 'too-dear' }
  /** A useful hour costs more than on demand, losses counted. */
  | { readonly kind: 'not-worthwhile' }
  /** Machines of the pool may be taken soon, as EC2 or its reclaims tell. */
  | { readonly kind: 'doubted' }
  /** Pools of its zone or type were just reclaimed together. */
  | { readonly kind: 'storm'; readonly shared: string }
  /** Another pool that is asked is better. */
  | { readonly kind: 'dominated'; readonly by: Pool };

/** What is known of a pool. What is not known is absent, never 0. */
export interface PoolScore {
  readonly pool: Pool;
  readonly verdict: PoolVerdict;
  readonly lossesPerHour: number;
  readonly microUsdPerHour?: number;
  readonly percentOfOnDemand?: number;
  readonly placementScore?: number;
  /** What an hour of work that counts costs, in micro-USD: the price over the share of hours that are of use. */
  readonly usefulHourMicroUsd?: number;
  /** The same with what it is worth to spread and to be placed easily; pools are ranked by it. */
  readonly rankMicroUsd?: number;
}

/**
 * Machines of a pool are lost together, so a fleet that stands in one pool alone takes one that costs a fifth more: what
 * the share of a pool in the fleet adds to its rank.
 */
const CONCENTRATION_WEIGHT = 0.2;
const CONCENTRATED_MACHINES_MIN = 4;

/** One point of ten in the placement score weighs as 2 % of price: it decides between pools that cost about the same. */
const PLACEMENT_POINT_WEIGHT = 0.02;

const present = <Key extends string, Value>(key: Key, value: Value | undefined): { readonly [K in Key]?: Value } =>
  value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: Value });

const concentration = (pool: Pool, held: PoolQuestion['held'], heldInAll: number): number =>
  heldInAll < CONCENTRATED_MACHINES_MIN ? 0 : (held.get(poolKey(pool)) ?? 0) / heldInAll;

type Figures = Omit<PoolScore, 'verdict'>;

const figuresOf = (question: PoolQuestion, board: PriceBoard | undefined, heldInAll: number) => {
  const placement = (zone: string): number => PLACEMENT_SCORE_MAX - (board?.scores[zone] ?? PLACEMENT_SCORE_MAX);
  return (place: Place): Figures => {
    const pool = spotPool(place);
    const losses = lossesPerHour(board?.losses[spotSeriesKey(place)]);
    const price = board?.spot[spotSeriesKey(place)];
    const onDemand = board?.onDemand[place.instanceType];
    const useful = price === undefined ? undefined : price / usefulShare(losses, question.wastedHours);
    const preference =
      1 +
      CONCENTRATION_WEIGHT * concentration(pool, question.held, heldInAll) +
      PLACEMENT_POINT_WEIGHT * placement(place.zone);
    return {
      pool,
      lossesPerHour: losses,
      ...present('microUsdPerHour', price),
      ...present('percentOfOnDemand', price && onDemand && (100 * price) / onDemand),
      ...present('placementScore', board?.scores[place.zone]),
      ...present('usefulHourMicroUsd', useful && Math.round(useful)),
      ...present('rankMicroUsd', useful && useful * preference),
    };
  };
};

const isWorthwhile = ({ usefulHourMicroUsd, microUsdPerHour, percentOfOnDemand }: Figures): boolean =>
  usefulHourMicroUsd === undefined ||
  percentOfOnDemand === undefined ||
  (percentOfOnDemand * usefulHourMicroUsd) / microUsdPerHour! <= 100;

/** What is to be said of a pool by itself. */
const ownVerdict = (question: PoolQuestion, figures: Figures, now: EpochMs): PoolVerdict => {
  const { pool, percentOfOnDemand } = figures;
  const memory = question.memory[poolKey(pool)];
  if (isQuarantined(memory, now)) return { kind: 'set-aside', until: quarantineEnd(memory)! };
  if (percentOfOnDemand !== undefined && percentOfOnDemand > question.policy.spotPercentMax) {
    return { kind: 'too-dear' };
  }
  return isWorthwhile(figures) ? { kind: 'ask' } : { kind: 'not-worthwhile' };
};

const isAsked = ({ verdict }: PoolScore): boolean => verdict.kind === 'ask';

/**
 * A doubt and a storm set pools aside only while there are others to ask: on spot in a storm is better than not at all.
 */
const unlessLast = (
  scores: readonly PoolScore[],
  troubleOf: (pool: Pool) => PoolVerdict | undefined,
): readonly PoolScore[] => {
  const troubles = scores.map((score) => (isAsked(score) ? troubleOf(score.pool) : undefined));
  const isLast = !scores.some((score, index) => isAsked(score) && troubles[index] === undefined);
  return isLast ? scores : scores.map((score, index) => ({ ...score, verdict: troubles[index] ?? score.verdict }));
};

const stormOver =
  (storms: ReadonlySet<string>) =>
  ({ zone, instanceType }: Pool): PoolVerdict | undefined => {
    const shared = [zone, instanceType].find((name) => storms.has(name));
    return shared === undefined ? undefined : { kind: 'storm', shared };
  };

const dropDominated = (scores: readonly PoolScore[], strategy: PoolQuestion['policy']['spotStrategy']) => {
  const asked = scores.filter(isAsked);
  return scores.map((score): PoolScore => {
    const by = isAsked(score) ? dominatorOf(score, asked, strategy) : undefined;
    return by === undefined ? score : { ...score, verdict: { kind: 'dominated', by: by.pool } };
  });
};

const LAST = Number.POSITIVE_INFINITY;

/** Pools whose price is unknown follow those with one, in the user's order; nothing is concluded from the gap. */
const byRank = (one: PoolScore, other: PoolScore): number => {
  if (isAsked(one) !== isAsked(other)) return isAsked(one) ? -1 : 1;
  const [left, right] = [one.rankMicroUsd ?? LAST, other.rankMicroUsd ?? LAST];
  return left === right ? 0 : left - right;
};

/**
 * Every spot pool of a fleet with what is known of it and whether it is asked, those that are asked first and the cheapest
 * useful hour first among them. A pool that is not asked comes back by itself: memories decay, storms pass, prices are read
 * anew, and a pool that is dominated is asked as soon as what dominates it gives nothing.
 */
export const scorePools = (question: PoolQuestion, now: EpochMs): readonly PoolScore[] => {
  const board = believable(question.board, now);
  const heldInAll = [...question.held.values()].reduce((sum, count) => sum + count, 0);
  const figures = question.places.map(figuresOf(question, board, heldInAll));
  const judged = figures.map((one): PoolScore => ({ ...one, verdict: ownVerdict(question, one, now) }));
  const doubted = unlessLast(judged, (pool) => (question.doubted.has(poolKey(pool)) ? { kind: 'doubted' } : undefined));
  const weathered = unlessLast(doubted, stormOver(stormsAmong(question.places, question.memory, now)));
  return dropDominated(weathered, question.policy.spotStrategy).toSorted(byRank);
};

export const askedPools = (scores: readonly PoolScore[]): readonly Pool[] =>
  scores.filter(isAsked).map(({ pool }) => pool);
