import type { LossRecord } from '../fleet/price-board.ts';

/**
 * Belief before anything was seen: one loss in twenty machine-hours, weighing as much as ten hours seen. Between the
 * median life of a preemptible machine (1.9 h, 1,442 machines of 2019) and what AWS's Spot Advisor shows for most pools.
 */
const PRIOR_LOSSES = 0.5;
const PRIOR_HOURS = 10;

/** Losses for each machine-hour on spot, from a fleet's own machines: with few of them it stays near the belief. */
export const lossesPerHour = ({ hours, losses }: LossRecord = { hours: 0, losses: 0 }): number =>
  (losses + PRIOR_LOSSES) / (hours + PRIOR_HOURS);

/** The work of a machine starts this long after its launch: boot, installation and adoption. */
export const START_UP_SECONDS = 120;

const HOUR_SECONDS = 3_600;

/**
 * Paid hours that one loss wastes: a start-up, and half of a task where tasks take longer than the warning, because
 * shorter ones end within it.
 */
export const wastedHours = (taskSeconds: number | undefined, noticeSeconds: number): number => {
  const redoneSeconds = taskSeconds !== undefined && taskSeconds > noticeSeconds ? taskSeconds / 2 : 0;
  return (START_UP_SECONDS + redoneSeconds) / HOUR_SECONDS;
};

/** However bad a pool is, some of its hours are of use: keeps the cost of a useful hour finite. */
const USEFUL_SHARE_MIN = 0.02;

/** The share of paid hours in which work is done that counts. */
export const usefulShare = (losses: number, wasted: number): number => Math.max(USEFUL_SHARE_MIN, 1 - losses * wasted);
