/**
 * What a market is made of. Every figure is a setting; the defaults say where they come from.
 *
 * Not modelled: capacity that shrinks by part of a pool (a pool has its capacity or none), hibernation, stopping,
 * and demand of our own moving the price.
 */
import type { EpochMs } from '../fleet/time.ts';
import type { Range } from './draw.ts';
import { pricedType } from './example-types.ts';
import type { HazardStep } from './hazard.ts';

export interface MarketType {
  readonly instanceType: string;
  readonly vcpu: number;
  readonly onDemandMicroUsdPerHour: number;
  /** How much less than on demand the spot price is about: 0.65 means about 65 % less. */
  readonly spotDiscount: number;
}

export interface MarketSettings {
  /** Every random number of the market follows from it. */
  readonly seed: number;
  /** When the market begins; every pool is up then, for some time already. */
  readonly startsAt: EpochMs;
  readonly types: readonly MarketType[];
  readonly zones: readonly string[];
  /** Multiplies every risk of being reclaimed. 1 is what was measured; any other value is stated in the summary. */
  readonly restlessness: number;
  /** Risk of losing a spot machine, by its age (and by the age of its pool's present up spell). */
  readonly reclaimHazard: readonly HazardStep[];
  /** How soon a pool without capacity has some again, by the age of the outage. */
  readonly returnHazard: readonly HazardStep[];
  /** Share of the reclaim risk that strikes a whole pool at once, as an outage; the rest strikes machines one by one. */
  readonly correlation: number;
  /** Machines that a pool can hold while it is up; drawn anew for every up spell. */
  readonly poolMachines: Range;
  /** Share of reclaims that come without any notice. */
  readonly shareWithoutWarning: number;
  /** Share of notices that a rebalance recommendation comes before (or with). */
  readonly shareWithRebalance: number;
  readonly rebalanceLeadMs: Range;
  readonly priceStepMs: Range;
  /** Largest single movement of the spot price, as a share of its usual level. */
  readonly priceSwing: number;
}

/** EC2 warns two minutes ahead (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html). */
export const NOTICE_MS = 120_000;

const MINUTE_MS = 60_000;

/** A probability per ten minutes as the constant hazard that gives it. */
const perHour = (probability: number): number => -Math.log(1 - probability) * 6;

/** Steps of 1, 2, 4, 8, 16 and 32 ticks of ten minutes, and everything older. */
const byAge = (probabilities: readonly number[]): readonly HazardStep[] =>
  probabilities.map((probability, index) =>
    index < probabilities.length - 1
      ? { untilAgeMs: 2 ** index * 10 * MINUTE_MS, perHour: perHour(probability) }
      : { perHour: perHour(probability) },
  );

/**
 * Chance per ten minutes, by age, that spot is lost, and that it returns. Computed from the availability of eight GPU
 * pools in 2022 (the published skypilot spot traces); CPU pools are calmer, so this is the hard case.
 */
export const MEASURED_RECLAIM_HAZARD = byAge([0.344, 0.219, 0.177, 0.086, 0.061, 0.03, 0.018]);
export const MEASURED_RETURN_HAZARD = byAge([0.48, 0.208, 0.179, 0.117, 0.054, 0.048, 0.008]);

const EXAMPLE_NAMES = ['c5.large', 'c6i.large', 'm5.large', 'm6i.large', 't3.medium', 't3a.medium'];

const EXAMPLE_TYPES: readonly MarketType[] = EXAMPLE_NAMES.map((name) => pricedType(name)!);

/** A market of six types in three zones, with the measured figures; give `settings` to change any of it. */
export const exampleMarket = (
  seed: number,
  startsAt: EpochMs,
  settings: Partial<Omit<MarketSettings, 'seed' | 'startsAt'>> = {},
): MarketSettings => ({
  seed,
  startsAt,
  types: EXAMPLE_TYPES,
  zones: ['us-east-1a', 'us-east-1b', 'us-east-1c'],
  restlessness: 1,
  reclaimHazard: MEASURED_RECLAIM_HAZARD,
  returnHazard: MEASURED_RETURN_HAZARD,
  correlation: 0.7,
  poolMachines: { least: 4, most: 40 },
  shareWithoutWarning: 0.05,
  shareWithRebalance: 0.5,
  rebalanceLeadMs: { least: 0, most: 20 * MINUTE_MS },
  priceStepMs: { least: 30 * MINUTE_MS, most: 360 * MINUTE_MS },
  priceSwing: 0.08,
  ...settings,
});
