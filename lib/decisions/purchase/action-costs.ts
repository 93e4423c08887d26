import { ageClassOf } from './hazard-model.ts';
import { downState, IDLE, type JobValues, type Mode, ON_DEMAND, ON_SPOT, upState, valueAt } from './job-values.ts';
import type { MarketOutlook, PoolOutlook } from './market-outlook.ts';
import { upChance } from './pool-belief.ts';
import { outlookOf, type PurchaseChoice, type PurchaseView } from './purchase.ts';

const modeOf = (choice: PurchaseChoice): Mode =>
  choice.kind === 'idle' ? IDLE : choice.kind === 'on-demand' ? ON_DEMAND : ON_SPOT;

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

/** Below this a chance changes nothing. */
const CHANCE_MIN = 1e-9;

/** What follows where the market goes on as it is, averaged over its regimes and the ages that its spell may have. */
const costOfStaying = (
  { forecast, values }: MarketOutlook,
  steps: number,
  state: (ageClass: number) => number,
  workSeconds: number,
): number => {
  let cost = 0;
  for (const [regime, weights] of forecast.stayed.entries()) {
    for (const [age, weight] of weights.entries()) {
      if (weight <= CHANCE_MIN) continue;
      cost += weight * valueAt(values, steps, regime, state(ageClassOf(forecast.ages[age]!)), workSeconds);
    }
  }
  return cost;
};

/** What follows where the market turns: spot is back, or the last of it is gone. */
const costOfTurning = (
  { forecast, values }: MarketOutlook,
  steps: number,
  state: number,
  workSeconds: number,
): number =>
  forecast.flipped.reduce(
    (sum, chance, regime) => sum + chance * valueAt(values, steps, regime, state, workSeconds),
    0,
  );

/** The chance that the pool's machine is lost in the tick although the market still has spot. */
const hopChance = (market: MarketOutlook, pool: PoolOutlook): number => {
  const marketLasts = upChance(market.forecast);
  return Math.max(0, marketLasts - upChance(pool.forecast)) / Math.max(CHANCE_MIN, marketLasts);
};

const costOnSpot = (market: MarketOutlook, arrival: Arrival, lostShare: number): number => {
  const { steps, workSeconds, workSecondsIfLost } = arrival;
  const lost = (ageClass: number): number => upState(ageClass, IDLE);
  const kept = costOfStaying(market, steps, (ageClass) => upState(ageClass, ON_SPOT), workSeconds);
  const hopped = lostShare > 0 ? costOfStaying(market, steps, lost, workSecondsIfLost) : 0;
  const ended = costOfTurning(market, steps, downState(0, IDLE), workSecondsIfLost);
  return (1 - lostShare) * kept + lostShare * hopped + ended;
};

const costOffSpot = (market: MarketOutlook, { steps, mode, workSeconds }: Arrival): number => {
  const stays = market.isAvailable ? upState : downState;
  const turned = market.isAvailable ? downState(0, mode) : upState(0, mode);
  return (
    costOfStaying(market, steps, (ageClass) => stays(ageClass, mode), workSeconds) +
    costOfTurning(market, steps, turned, workSeconds)
  );
};

/** Hours of on-demand that a machine there costs more than the reference, for as long as it may be expected to last. */
const premiumOf = (
  view: PurchaseView,
  { share, staySeconds }: PoolOutlook,
  { referenceShare }: MarketOutlook,
): number => {
  return ((share - referenceShare) * Math.min(view.workLeftSeconds, staySeconds)) / 3_600;
};

/** A difference in price of less than this share of it is a tremor: neither a hop nor a wait after it gains anything. */
export const PRICE_TREMOR = 0.05;

/** The chance that a tick later the pool is still there and none that is really cheaper is. */
const staysBestChance = (pool: PoolOutlook, { offers }: MarketOutlook): number =>
  offers.reduce(
    (chance, other) =>
      other.share < (1 - PRICE_TREMOR) * pool.share ? chance * (1 - upChance(other.forecast)) : chance,
    upChance(pool.forecast),
  );

/**
 * Expected cost of idling or of on-demand for a tick, and of all that follows, in hours of on-demand. Waiting where only
 * dear pools have spot saves their premium no more often than a cheaper one comes back.
 */
export const costWithoutSpot = (
  view: PurchaseView,
  choice: PurchaseChoice,
  market: MarketOutlook,
  bestPool: PoolOutlook | undefined,
): number => {
  const now = outlookOf(view, choice).usedSeconds / 3_600;
  const arrival = arrivalOf(view, choice, market.values);
  if (arrival.workSeconds <= 0) return now;
  const premium = bestPool === undefined ? 0 : premiumOf(view, bestPool, market) * staysBestChance(bestPool, market);
  return now + premium + costOffSpot(market, arrival);
};

/** The same for spot in this pool. */
export const costOfSpot = (view: PurchaseView, pool: PoolOutlook, market: MarketOutlook): number => {
  const choice: PurchaseChoice = { kind: 'spot', pool: pool.name };
  const { usedSeconds } = outlookOf(view, choice);
  const now = (market.values.problem.spotPrice * usedSeconds) / 3_600 + premiumOf(view, pool, market);
  const arrival = arrivalOf(view, choice, market.values);
  return arrival.workSeconds <= 0 ? now : now + costOnSpot(market, arrival, hopChance(market, pool));
};

/**
 * What the hop is expected to cost that follows where the pool ends soon: a changeover, at what an hour of slack is worth
 * there. Tells pools apart; the market's values know nothing of it.
 */
export const costOfHopping = (view: PurchaseView, pool: PoolOutlook, market: MarketOutlook): number => {
  const arrival = arrivalOf(view, { kind: 'spot', pool: pool.name }, market.values);
  if (arrival.workSecondsIfLost <= 0 || pool.endsSoonChance <= 0) return 0;
  const { steps, workSecondsIfLost } = arrival;
  const lost = costOfStaying(market, steps, (ageClass) => upState(ageClass, IDLE), workSecondsIfLost);
  const kept = costOfStaying(market, steps, (ageClass) => upState(ageClass, ON_SPOT), workSecondsIfLost);
  return (pool.endsSoonChance * Math.max(0, lost - kept)) / Math.max(CHANCE_MIN, upChance(market.forecast));
};
