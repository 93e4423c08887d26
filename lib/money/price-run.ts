import { FIRST_HOUR_SECONDS } from '../fleet/limits.ts';
import type { Pool } from '../fleet/pool.ts';
import type { EndedBy, PricePoint } from '../fleet/run.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import { type Amount, divideRounded } from './micros.ts';
import { integratePrice, secondsBegunBefore } from './price-series.ts';

/**
 * What a machine cost, by EC2's rules for Linux without hourly licences (reliability B28;
 * https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-for-interrupted-spot-instances.html):
 * spot that EC2 takes within its first hour is free, any other spot machine is charged by the second, and on demand is
 * charged by the second with a minimum of 60 seconds. Charging is taken to begin at the launch.
 */
export interface PricedRun {
  /** What is charged within the window, micro-USD. */
  readonly chargedMicros: Amount;
  /** The same machine time bought on demand, micro-USD. */
  readonly onDemandWouldBeMicros: Amount;
  readonly freeFirstHour: boolean;
  /** Machine time within the window. */
  readonly spotMs: number;
  readonly onDemandMs: number;
  /** Still running as spot in its first hour: EC2 may yet make it free. */
  readonly isProvisional: boolean;
}

/** A run, or as much of one as is known of a machine that still runs. */
export interface BilledRun {
  readonly pool: Pool;
  readonly launchedAt: EpochMs;
  /** For a machine that still runs: now. */
  readonly endedAt: EpochMs;
  readonly endedBy: EndedBy | 'still-running';
}

/** Half open. */
export interface Window {
  readonly from: EpochMs;
  readonly to: EpochMs;
}

/** https://aws.amazon.com/ec2/pricing/on-demand/: "per second, with a minimum of 60 seconds". */
const ON_DEMAND_SECONDS_MIN = 60;
const SECONDS_PER_HOUR = 3_600n;

const isYoung = (run: BilledRun): boolean => run.endedAt - run.launchedAt < secondsToMs(FIRST_HOUR_SECONDS);

/** The first hour is half open: a machine taken 3,600 seconds after its launch is charged. */
export const isFreeFirstHour = (run: BilledRun): boolean =>
  run.pool.purchase === 'spot' && run.endedBy === 'ec2' && isYoung(run);

/** Everything charged before `instant`. The minimum is charged with the end, so one period has it and not two. */
type Accrued = (instant: EpochMs) => bigint | 'unknown';

const accruedSpot =
  (run: BilledRun, series: readonly PricePoint[]): Accrued =>
  (instant) =>
    isFreeFirstHour(run) ? 0n : integratePrice(series, run.launchedAt, Math.min(instant, run.endedAt) as EpochMs);

const accruedOnDemand =
  (run: BilledRun, microUsdPerHour: number | undefined): Accrued =>
  (instant) => {
    if (microUsdPerHour === undefined) return 'unknown';
    const seconds = secondsBegunBefore(run.launchedAt, Math.min(instant, run.endedAt));
    const isEnded = run.endedBy !== 'still-running' && instant >= run.endedAt && instant > run.launchedAt;
    return BigInt(isEnded ? Math.max(ON_DEMAND_SECONDS_MIN, seconds) : seconds) * BigInt(microUsdPerHour);
  };

/** Rounded at both edges of the window, so that the windows of a run add up to the run, to the micro-unit. */
const chargedWithin = (accrued: Accrued, window: Window): Amount => {
  const before = accrued(window.from);
  const after = accrued(window.to);
  if (before === 'unknown' || after === 'unknown') return 'unknown';
  return divideRounded(after, SECONDS_PER_HOUR) - divideRounded(before, SECONDS_PER_HOUR);
};

const overlapMs = (run: BilledRun, window: Window): number =>
  Math.max(0, Math.min(run.endedAt, window.to) - Math.max(run.launchedAt, window.from));

/** The window that holds a whole run, the 60 seconds of a run without length included. */
const wholeOf = (run: BilledRun): Window => ({ from: run.launchedAt, to: addMs(run.endedAt, 1) });

/**
 * Prices one run, or the part of it within `window`.
 *
 * @param spotHistory the step series of its pool, see `Prices.spotHistory`; `undefined` when there is none
 * @param onDemandPrice micro-USD per hour of its instance type; `undefined` when unknown
 */
export const priceRun = (
  run: BilledRun,
  spotHistory: readonly PricePoint[] | undefined,
  onDemandPrice: number | undefined,
  window: Window = wholeOf(run),
): PricedRun => {
  const isSpot = run.pool.purchase === 'spot';
  const onDemand = accruedOnDemand(run, onDemandPrice);
  const runMs = overlapMs(run, window);
  return {
    chargedMicros: chargedWithin(isSpot ? accruedSpot(run, spotHistory ?? []) : onDemand, window),
    onDemandWouldBeMicros: chargedWithin(onDemand, window),
    freeFirstHour: isFreeFirstHour(run),
    spotMs: isSpot ? runMs : 0,
    onDemandMs: isSpot ? 0 : runMs,
    isProvisional: isSpot && run.endedBy === 'still-running' && isYoung(run),
  };
};
