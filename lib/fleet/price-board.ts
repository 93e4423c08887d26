import { PRICES_STALE_SECONDS } from './limits.ts';
import { type EpochMs, secondsToMs } from './time.ts';

/** What our own machines lived through in one pool, recent days counting most. */
export interface LossRecord {
  /** Machine-hours on spot. */
  readonly hours: number;
  /** Machines that EC2 took. */
  readonly losses: number;
}

/** EC2's placement scores go from 1, where a request is unlikely to be met, to this. */
export const PLACEMENT_SCORE_MAX = 10;

/**
 * What is known of the prices of a fleet's pools, read by schedule and kept for the reconcile. What could not be read is
 * absent, never 0.
 */
export interface PriceBoard {
  readonly form: 1;
  readonly readAt: EpochMs;
  /** When what changes slowly was read: on-demand prices, placement scores, losses. */
  readonly slowReadAt: EpochMs;
  /** Spot price in micro-USD per hour, by `spotSeriesKey`. */
  readonly spot: Readonly<Record<string, number>>;
  /** On-demand price in micro-USD per hour, by instance type. */
  readonly onDemand: Readonly<Record<string, number>>;
  /**
   * EC2's placement score of each zone for the fleet's types and size, 1 to 10
   * (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-placement-score.html).
   */
  readonly scores: Readonly<Record<string, number>>;
  /** By `spotSeriesKey`. */
  readonly losses: Readonly<Record<string, LossRecord>>;
}

/** EC2 prices spot capacity by instance type and zone. */
export const spotSeriesKey = (pool: { readonly instanceType: string; readonly zone: string }): string =>
  `${pool.instanceType}/${pool.zone}`;

/** The board as far as it may still be believed: one that is too old knows no price, and its losses stand. */
export const believable = (board: PriceBoard | undefined, now: EpochMs): PriceBoard | undefined =>
  board === undefined || now < board.readAt + secondsToMs(PRICES_STALE_SECONDS)
    ? board
    : { ...board, spot: {}, scores: {} };
