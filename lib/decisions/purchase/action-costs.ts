import { ageClassOf } from './hazard-model.ts';
import { downState, IDLE, type JobValues, type Mode, ON_DEMAND, ON_SPOT, upState, valueAt } from './job-values.ts';
import type { Forecast } from './pool-belief.ts';
import { outlookOf, type PurchaseChoice, type PurchaseView } from './purchase.ts';

/** One pool over the next tick, as far as it can be foreseen. */
export interface PoolOutlook {
  readonly name: string;
  readonly forecast: Forecast;
  /** As a share of on-demand. */
  readonly share: number;
  /** The values of what follows, at the reference price. */
  readonly values: JobValues;
  /** Chance that another pool has spot after the tick. */
  readonly rivalChance: number;
}

const modeOf = (choice: PurchaseChoice): Mode =>
  choice.kind === 'idle' ? IDLE : choice.kind === 'on-demand' ? ON_DEMAND : ON_SPOT;

/** Chance that the pool has spot after the tick. */
export const upChance = ({ isAvailable, flipped, stayed }: Forecast): number => {
  const flips = flipped.reduce((sum, chance) => sum + chance, 0);
  if (!isAvailable) return flips;
  return stayed.reduce((sum, ofRegime) => sum + ofRegime.reduce((all, chance) => all + chance, 0), 0);
};

/** Where the tick leaves the job. */
interface Arrival {
  readonly steps: number;
  readonly mode: Mode;
  /** Work and start-up still to be done by what runs. */
  readonly workSeconds: number;
  /** Work still to be done if what runs is lost. */
  readonly workSecondsIfLost: number;
}

const arrivalOf = (view: PurchaseView, choice: PurchaseChoice, values: JobValues): Arrival => {
  const { workLeftSeconds, changeoverLeftSeconds } = outlookOf(view, choice);
  const owed = workLeftSeconds > 0 ? changeoverLeftSeconds : 0;
  return {
    steps: Math.max(0, view.secondsLeft - view.tickSeconds) / values.problem.model.stepSeconds,
    mode: modeOf(choice),
    workSeconds: workLeftSeconds + owed,
    workSecondsIfLost: choice.kind === 'spot' ? workLeftSeconds : workLeftSeconds + owed,
  };
};

const lostMode = (mode: Mode): Mode => (mode === ON_SPOT ? IDLE : mode);

/** Spot that is there: it lasts or it ends, and where it ends a rival may have it. */
const costFromUp = (outlook: PoolOutlook, arrival: Arrival): number => {
  const { values, forecast, rivalChance } = outlook;
  const { steps, mode, workSeconds, workSecondsIfLost } = arrival;
  const hasRivals = values.layout.hasRivals;
  const chance = hasRivals ? rivalChance : 0;
  const lost = lostMode(mode);
  const up = (regime: number, ageClass: number): number => {
    const alone = valueAt(values, steps, regime, upState(ageClass, false, mode), workSeconds);
    if (chance === 0) return alone;
    return alone * (1 - chance) + chance * valueAt(values, steps, regime, upState(ageClass, true, mode), workSeconds);
  };
  const regimeLast = values.problem.model.regimes.length - 1;
  let cost = 0;
  for (const [index, weights] of forecast.stayed.entries()) {
    const regime = Math.min(index, regimeLast);
    for (const [age, weight] of weights.entries()) {
      if (weight > 1e-9) cost += weight * up(regime, ageClassOf(forecast.ages[age]!));
    }
    const ends = forecast.flipped[index]!;
    const none = valueAt(values, steps, regime, downState(values.layout, 0, lost), workSecondsIfLost);
    const rival =
      chance === 0 ? 0 : valueAt(values, steps, regime, upState(RIVAL_AGE_CLASS, false, lost), workSecondsIfLost);
    cost += ends * (none * (1 - chance) + rival * chance);
  }
  return cost;
};

/** A rival's spell is taken to be of middling age. */
const RIVAL_AGE_CLASS = 5;

/** No spot anywhere: this pool comes back, or a rival does. */
const costFromDown = (outlook: PoolOutlook, arrival: Arrival): number => {
  const { values, forecast, rivalChance } = outlook;
  const { steps, mode, workSeconds } = arrival;
  const regimeLast = values.problem.model.regimes.length - 1;
  let cost = 0;
  for (const [index, weights] of forecast.stayed.entries()) {
    const regime = Math.min(index, regimeLast);
    const back = valueAt(values, steps, regime, upState(0, false, mode), workSeconds);
    for (const [age, weight] of weights.entries()) {
      if (weight <= 1e-9) continue;
      const state = downState(values.layout, ageClassOf(forecast.ages[age]!), mode);
      const none = valueAt(values, steps, regime, state, workSeconds);
      cost += weight * (rivalChance * back + (1 - rivalChance) * none);
    }
    cost += forecast.flipped[index]! * back;
  }
  return cost;
};

/** Seconds that a machine there may be expected to run on, from the chance that it is lost in the next tick. */
const lifeSeconds = ({ forecast }: PoolOutlook, tickSeconds: number): number =>
  tickSeconds / Math.max(1e-6, 1 - upChance(forecast));

/** What it costs that a machine is dearer than the reference for as long as it may be expected to last. */
const premiumCost = (view: PurchaseView, outlook: PoolOutlook, usedSeconds: number): number => {
  const reference = outlook.values.problem.spotPrice;
  const { workLeftSeconds } = outlookOf(view, { kind: 'spot', pool: outlook.name });
  const later = Math.min(workLeftSeconds, lifeSeconds(outlook, view.tickSeconds) - view.tickSeconds);
  return (outlook.share * usedSeconds + (outlook.share - reference) * Math.max(0, later)) / 3_600;
};

/**
 * Expected cost of a tick of this choice and of all that follows, in units of the on-demand price, as seen from one
 * pool: for spot its own, otherwise the one most worth waiting for.
 */
export const actionCost = (view: PurchaseView, choice: PurchaseChoice, outlook: PoolOutlook): number => {
  const { usedSeconds } = outlookOf(view, choice);
  const now = choice.kind === 'spot' ? premiumCost(view, outlook, usedSeconds) : usedSeconds / 3_600;
  const arrival = arrivalOf(view, choice, outlook.values);
  if (arrival.workSeconds <= 0) return now;
  return now + (outlook.forecast.isAvailable ? costFromUp(outlook, arrival) : costFromDown(outlook, arrival));
};
