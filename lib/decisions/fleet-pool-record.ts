/**
 * What is remembered of one pool by whoever buys for a steady fleet. Everything in it decays, so a bad hour is forgotten
 * without anybody lifting it.
 */
export interface FleetPoolRecord {
  /** Machine-hours held and machines lost, recent ones counting most. */
  readonly heldHours: number;
  readonly losses: number;
  readonly learntAtSeconds: number;
  /** Losses in a row, in effect: halved with every hour. */
  readonly strikes: number;
  readonly refusalsInARow: number;
  /** Not asked before. */
  readonly setAsideUntilSeconds: number;
}

const MEMORY_HALF_LIFE_HOURS = 6;
const STRIKE_HALF_LIFE_HOURS = 1;

/**
 * Belief before anything was seen: one loss in twenty machine-hours, weighing as much as ten hours seen. Between the
 * median life of a preemptible machine (1.9 h, 1,442 machines of 2019) and what AWS's Spot Advisor shows for most pools.
 */
const PRIOR_LOSSES = 0.5;
const PRIOR_HOURS = 10;

/** Capacity that is refused is asked for again soon: asking costs nothing, every hour on demand does. */
const REFUSAL_SECONDS = 60;
const REFUSAL_SECONDS_MAX = 120;
const LOSS_SECONDS_MAX = 1_800;

const HOUR_SECONDS = 3_600;

export const NEW_POOL: FleetPoolRecord = {
  heldHours: 0,
  losses: 0,
  learntAtSeconds: 0,
  strikes: 0,
  refusalsInARow: 0,
  setAsideUntilSeconds: 0,
};

const share = (hours: number, halfLifeHours: number): number => 0.5 ** (hours / halfLifeHours);

/** Lets the record age to this moment, in which so many machines were held since the last. */
export const afterHolding = (record: FleetPoolRecord, machines: number, nowSeconds: number): FleetPoolRecord => {
  const hours = Math.max(0, nowSeconds - record.learntAtSeconds) / HOUR_SECONDS;
  const kept = share(hours, MEMORY_HALF_LIFE_HOURS);
  return {
    ...record,
    heldHours: record.heldHours * kept + machines * hours,
    losses: record.losses * kept,
    strikes: record.strikes * share(hours, STRIKE_HALF_LIFE_HOURS),
    learntAtSeconds: nowSeconds,
  };
};

/**
 * A loss sets the pool aside for as long as it leaves the fleet short, twice as long with every strike that is not
 * forgotten; not at all where the warning covers the whole start-up, because then a loss costs hardly anything.
 */
export const afterLoss = (
  record: FleetPoolRecord,
  machines: number,
  nowSeconds: number,
  uncoveredSeconds: number,
): FleetPoolRecord => {
  const asideSeconds = Math.min(LOSS_SECONDS_MAX, uncoveredSeconds * 2 ** record.strikes);
  return {
    ...record,
    losses: record.losses + machines,
    strikes: record.strikes + 1,
    setAsideUntilSeconds: nowSeconds + asideSeconds,
  };
};

export const afterAnswer = (record: FleetPoolRecord, wasGrantedAll: boolean, nowSeconds: number): FleetPoolRecord => {
  if (wasGrantedAll) return { ...record, refusalsInARow: 0 };
  const asideSeconds = Math.min(REFUSAL_SECONDS_MAX, REFUSAL_SECONDS * 2 ** record.refusalsInARow);
  return {
    ...record,
    refusalsInARow: record.refusalsInARow + 1,
    setAsideUntilSeconds: Math.max(record.setAsideUntilSeconds, nowSeconds + asideSeconds),
  };
};

/** Losses for each machine-hour. */
export const hazardOf = ({ heldHours, losses }: FleetPoolRecord): number =>
  (losses + PRIOR_LOSSES) / (heldHours + PRIOR_HOURS);
