/**
 * How much work a steady fleet has owed and how much of it was not done for want of ready machines, in machine-seconds.
 * Recent time counts most: a good month does not buy a bad day.
 */
export interface FleetShortfall {
  readonly workSeconds: number;
  readonly shortSeconds: number;
}

export const NO_SHORTFALL: FleetShortfall = { workSeconds: 0, shortSeconds: 0 };

const HALF_LIFE_SECONDS = 24 * 3_600;

/** Counts the time since the last look, in which so many of the workers were ready. */
export const afterService = (
  { workSeconds, shortSeconds }: FleetShortfall,
  { workers, ready, seconds }: { readonly workers: number; readonly ready: number; readonly seconds: number },
): FleetShortfall => {
  const kept = 0.5 ** (seconds / HALF_LIFE_SECONDS);
  return {
    workSeconds: workSeconds * kept + workers * seconds,
    shortSeconds: shortSeconds * kept + Math.max(0, workers - ready) * seconds,
  };
};

/** Two fifths of what the goal allows is kept for what no record foretells. */
const PLANNED_SHARE = 0.6;
/** A young fleet has earned hardly any allowance; it is lent as much as this long a time earns. */
const LENT_SECONDS = 6 * 3_600;

/** Share of the allowed shortfall that is used up; above 1 the goal is in danger. */
export const budgetUsed = (
  { workSeconds, shortSeconds }: FleetShortfall,
  { workers, throughputGoal }: { readonly workers: number; readonly throughputGoal: number },
): number => {
  const allowedSeconds = (1 - throughputGoal) * PLANNED_SHARE * Math.max(workSeconds, workers * LENT_SECONDS);
  return shortSeconds === 0 ? 0 : shortSeconds / allowedSeconds;
};

/** Worth of an hour of a missing machine, in hours of an on-demand machine: nothing used up yet. */
const SHORT_WORTH_LEAST = 2;
/** How many times more once the allowance is used up. */
const SHORT_WORTH_GROWTH = 20;
const SHORT_WORTH_MOST = 1_000;

/**
 * What an hour of a missing machine is worth preventing at, in hours of an on-demand machine. It rises as the allowance is
 * used up, so a fleet spends on safety exactly where its own losses demand it (the price of a constraint, found by
 * feedback instead of from a model of the market).
 */
export const shortHourWorth = (used: number): number =>
  Math.min(SHORT_WORTH_MOST, SHORT_WORTH_LEAST * SHORT_WORTH_GROWTH ** used);
