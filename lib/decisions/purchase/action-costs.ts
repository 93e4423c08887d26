import { onceFor } from '../once-for.ts';
import { ageClassOf } from './hazard-model.ts';
import { downState, IDLE, type JobValues, type Mode, ON_DEMAND, ON_SPOT, upState, valueAt } from './job-values.ts';
import type { MarketOutlook, PoolOutlook } from './market-outlook.ts';
import { upChance } from './pool-belief.ts';
import { outlookOf, type PurchaseChoice, type PurchaseView } from './purchase.ts';

const modeOf = (choice: PurchaseChoice): Mode =>
  choice.kind === 'idle' ? IDLE : choice.kind === 'on-demand' ? ON_DEMAND : ON_SPOT;

/** What follows on spot is asked about all pools alike. */
const SPOT: PurchaseChoice = { kind: 'spot', pool: '' };

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

/** What follows a tick on spot, whichever pool it is in: weighed by the chances that the market lasts and that it ends. */
interface AfterSpot {
  readonly now: number;
  readonly isDone: boolean;
  /** Where the market lasts and the machine is kept; where another has to be launched; where the market ends. */
  readonly kept: number;
  readonly hopped: number;
  readonly ended: number;
  /** What a hop costs. */
  readonly hop: number;
}

const afterSpot = (view: PurchaseView, market: MarketOutlook, choice: PurchaseChoice): AfterSpot => {
  const { values } = market;
  const { steps, workSeconds, workSecondsIfLost } = arrivalOf(view, choice, values);
  const staying = (mode: Mode, work: number): number =>
    costOfStaying(market, steps, (ageClass) => upState(ageClass, mode), work);
  const hopped = staying(IDLE, workSecondsIfLost);
  return {
    now: (values.problem.spotPrice * outlookOf(view, choice).usedSeconds) / 3_600,
    isDone: workSeconds <= 0,
    kept: staying(ON_SPOT, workSeconds),
    hopped,
    ended: costOfTurning(market, steps, downState(0, IDLE), workSecondsIfLost),
    hop: Math.max(0, hopped - staying(ON_SPOT, workSecondsIfLost)),
  };
};

/** What spot costs, pool by pool. */
export interface SpotCosts {
  /** A tick there and all that follows, in hours of on-demand. */
  readonly of: (pool: PoolOutlook) => number;
  /**
   * What the hop is expected to cost that follows where the pool ends soon: a changeover, at what an hour of slack is worth
   * there. Tells pools apart; the market's values know nothing of it.
   */
  readonly ofHopping: (pool: PoolOutlook) => number;
}

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

/** The same for spot. What follows is one for all pools but that of the machine which runs, and worked out once for them. */
export const spotCosts = (view: PurchaseView, market: MarketOutlook): SpotCosts => {
  const { running } = view;
  const isRunning = ({ name }: PoolOutlook): boolean => running.kind === 'spot' && running.pool === name;
  const after = onceFor((isKept: boolean) =>
    afterSpot(isKept ? view : { ...view, running: { kind: 'idle' } }, market, isKept ? running : SPOT),
  );
  const afterIn = (pool: PoolOutlook): AfterSpot => after(isRunning(pool));
  const marketLasts = Math.max(CHANCE_MIN, upChance(market.forecast));
  return {
    of: (pool) => {
      const { now, isDone, kept, hopped, ended } = afterIn(pool);
      const paid = now + premiumOf(view, pool, market);
      const lostShare = hopChance(market, pool);
      return isDone ? paid : paid + (1 - lostShare) * kept + lostShare * hopped + ended;
    },
    ofHopping: (pool) => (Math.max(0, pool.endsSoonChance) * afterIn(pool).hop) / marketLasts,
  };
};
