import { charge, type Ledger, openLedger } from './guards.ts';
import type { HazardModel } from './hazard-model.ts';
import { anyHasSpot, type Offer, offersOf } from './offers.ts';
import {
  hasRoomForDoubt,
  inMachineSeconds,
  learnedPace,
  NO_PACE,
  type Pace,
  paceAfterChoosing,
  paceOn,
} from './pace.ts';
import type { PoolBelief } from './pool-belief.ts';
import { afterLoss, type PoolWatch, watchOn, watchPool } from './pool-watch.ts';
import { isSameChoice, type PurchaseChoice, type PurchasePool, type PurchaseView } from './purchase.ts';
import { referenceShareOn } from './reference-share.ts';
import { type SharedBeliefs, sharedBeliefs } from './shared-beliefs.ts';
import { afterChoosing, afterRunning, noStartUps, type StartUps, withLearnedStartUp } from './start-ups.ts';
import type { JobPlan, ValueTables } from './value-tables.ts';

/** What the policy carries from one decision about a job to the next. */
export interface JobMemory {
  readonly plan: JobPlan;
  readonly hazards: HazardModel;
  readonly elapsedSeconds: number;
  readonly tickSeconds: number;
  /** As it was told. */
  readonly workLeftSeconds: number;
  readonly pace: Pace;
  /** Even twice the work could have been done in time when the job was first seen. */
  readonly hasRoomForDoubt: boolean;
  readonly watches: ReadonlyMap<string, PoolWatch>;
  /** What may be bought from those pools. */
  readonly offers: readonly Offer[];
  /** All offers seen as one, which has spot as long as any of them has. */
  readonly market: PoolBelief | undefined;
  /** What spot is taken to cost from here on, as a share of on-demand. */
  readonly referenceShare: number | undefined;
  readonly startUps: StartUps;
  readonly ledger: Ledger;
  readonly choice: PurchaseChoice;
  /** Of that choice. */
  readonly price: number;
  /** Since when the machine of that choice runs. */
  readonly startedAtSeconds: number;
}

/** A memory that has been brought up to the present, and the view as the job itself has learned to see it. */
export type Recalled = JobMemory & {
  readonly market: PoolBelief;
  readonly referenceShare: number;
  readonly view: PurchaseView;
};

const firstMemory = (tables: ValueTables, view: PurchaseView): JobMemory => {
  const { tickSeconds, secondsLeft, workLeftSeconds, changeoverSeconds } = view;
  const plan = { tickSeconds, secondsLeft, workSeconds: workLeftSeconds, changeoverSeconds };
  const hazards = tables.hazardsFor(plan);
  return {
    plan,
    hazards,
    elapsedSeconds: 0,
    tickSeconds: 0,
    workLeftSeconds,
    pace: NO_PACE,
    hasRoomForDoubt: hasRoomForDoubt(view),
    watches: new Map(),
    offers: [],
    market: undefined,
    referenceShare: undefined,
    startUps: noStartUps(view),
    ledger: openLedger(view),
    choice: { kind: 'idle' },
    price: 0,
    startedAtSeconds: 0,
  };
};

/** A machine lost so soon that it had hardly paid for its start-up has failed. */
const EARLY_CHANGEOVERS = 2;

const hasLost = (memory: JobMemory, view: PurchaseView, pool: PurchasePool): boolean =>
  memory.choice.kind === 'spot' && memory.choice.pool === pool.name && view.running.kind === 'idle';

const watchedOn = (memory: JobMemory, beliefs: SharedBeliefs, view: PurchaseView, pool: PurchasePool): PoolWatch => {
  const watch = memory.watches.get(pool.name);
  if (watch === undefined) return watchPool(beliefs, pool);
  const lost = hasLost(memory, view, pool);
  const seen = watchOn(beliefs, watch, pool, lost && pool.isAvailable);
  if (!lost) return seen;
  const nowSeconds = memory.elapsedSeconds + memory.tickSeconds;
  const wasEarly = nowSeconds - memory.startedAtSeconds <= EARLY_CHANGEOVERS * view.changeoverSeconds;
  return afterLoss(seen, wasEarly, nowSeconds, memory.hazards.stepSeconds);
};

/** Work that grows although nothing was lost was misjudged; where a machine was lost, it is to be done again. */
const chargedOn = (memory: JobMemory, told: PurchaseView): Ledger => {
  const { ledger, choice, price, tickSeconds } = memory;
  const worked = memory.workLeftSeconds - told.workLeftSeconds;
  const usedSeconds = choice.kind === 'idle' ? 0 : tickSeconds;
  if (worked >= 0 || !isSameChoice(choice, told.running)) return charge(ledger, price, usedSeconds, worked);
  return charge({ ...ledger, aloneWork: ledger.aloneWork - worked }, price, usedSeconds, 0);
};

/** More work than was planned for by this factor, or so much more time beyond it, is another job. */
const OTHER_JOB = 1.5;

const slackOf = ({ secondsLeft }: PurchaseView | JobPlan, workSeconds: number): number => secondsLeft - workSeconds;

const planOn = (tables: ValueTables, { plan }: JobMemory, view: PurchaseView): JobPlan => {
  const isLonger = view.workLeftSeconds > OTHER_JOB * plan.workSeconds;
  const isFreer =
    slackOf(view, view.workLeftSeconds) > OTHER_JOB * Math.max(plan.tickSeconds, slackOf(plan, plan.workSeconds));
  return isLonger || isFreer ? { ...firstMemory(tables, view).plan, tickSeconds: plan.tickSeconds } : plan;
};

const marketOn = ({ market }: JobMemory, beliefs: SharedBeliefs, offers: readonly Offer[]): PoolBelief => {
  const hasSpot = anyHasSpot(offers);
  return market === undefined ? beliefs.first(hasSpot) : beliefs.after(market, hasSpot);
};

const pacedOn = ({ pace, choice, tickSeconds, workLeftSeconds }: JobMemory, told: PurchaseView): Pace => {
  const progress = {
    chosen: choice,
    ranSeconds: tickSeconds,
    leftBeforeSeconds: workLeftSeconds,
    leftSeconds: told.workLeftSeconds,
  };
  return paceOn(pace, progress, told);
};

/** A start-up that differs from the one planned with by less than this share of it changes no plan. */
const LIKE_PLANNED = 0.05;

/** The start-up that the values are worked out for is the one that the job has seen. */
const seenPlan = (tables: ValueTables, known: JobMemory, { changeoverSeconds, ...seen }: PurchaseView): JobPlan => {
  const plan = planOn(tables, known, { ...seen, changeoverSeconds });
  const isAlike = Math.abs(changeoverSeconds - plan.changeoverSeconds) <= LIKE_PLANNED * plan.changeoverSeconds;
  return isAlike ? plan : { ...plan, changeoverSeconds };
};

/** The memory brought up to what is told now, before anything is decided. */
export const recall = (tables: ValueTables, memory: JobMemory | undefined, told: PurchaseView): Recalled => {
  const known = memory ?? firstMemory(tables, told);
  const elapsedSeconds = known.elapsedSeconds + known.tickSeconds;
  const pace = pacedOn(known, told);
  const learned = learnedPace(pace, told);
  const startUps = afterRunning(known.startUps, known.choice, known.tickSeconds, learned, told);
  const view = withLearnedStartUp(startUps, learned, inMachineSeconds(pace, known.hasRoomForDoubt, told));
  const beliefs = sharedBeliefs(known.hazards, known.tickSeconds / known.hazards.stepSeconds);
  const watches = new Map(view.pools.map((pool) => [pool.name, watchedOn(known, beliefs, view, pool)]));
  const offers = offersOf(watches, view, elapsedSeconds);
  return {
    ...known,
    plan: seenPlan(tables, known, view),
    view,
    elapsedSeconds,
    tickSeconds: told.tickSeconds,
    workLeftSeconds: told.workLeftSeconds,
    pace,
    watches,
    offers,
    market: marketOn(known, beliefs, offers),
    referenceShare: referenceShareOn(known.hazards, offers, known.referenceShare),
    startUps,
    ledger: chargedOn(known, told),
  };
};

/** The memory with what was decided on it. */
export const remember = (
  { view, ...memory }: Recalled,
  told: PurchaseView,
  { choice, price }: { readonly choice: PurchaseChoice; readonly price: number },
): JobMemory => ({
  ...memory,
  choice,
  price,
  startedAtSeconds: isSameChoice(choice, view.running) ? memory.startedAtSeconds : memory.elapsedSeconds,
  pace: paceAfterChoosing(memory.pace, told, choice),
  startUps: afterChoosing(memory.startUps, learnedPace(memory.pace, told), told, choice),
});
