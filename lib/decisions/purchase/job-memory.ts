import { charge, type Ledger, openLedger } from './guards.ts';
import type { HazardModel } from './hazard-model.ts';
import { anyHasSpot, type Offer, offersOf } from './offers.ts';
import { afterSeeing, firstBelief, type PoolBelief } from './pool-belief.ts';
import { afterLoss, type PoolWatch, watchOn, watchPool } from './pool-watch.ts';
import { isSameChoice, type PurchaseChoice, type PurchasePool, type PurchaseView } from './purchase.ts';
import { referenceShareOn } from './reference-share.ts';
import { afterChoosing, afterRunning, noStartUps, type StartUps } from './start-ups.ts';
import type { JobPlan, ValueTables } from './value-tables.ts';

/** What the policy carries from one decision about a job to the next. */
export interface JobMemory {
  readonly plan: JobPlan;
  readonly hazards: HazardModel;
  readonly elapsedSeconds: number;
  readonly tickSeconds: number;
  readonly workLeftSeconds: number;
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

/** A memory that has been brought up to the present. */
export type Recalled = JobMemory & { readonly market: PoolBelief; readonly referenceShare: number };

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

const watchedOn = (memory: JobMemory, view: PurchaseView, pool: PurchasePool): PoolWatch => {
  const watch = memory.watches.get(pool.name);
  if (watch === undefined) return watchPool(memory.hazards, pool);
  const lost = hasLost(memory, view, pool);
  const seen = watchOn(memory.hazards, watch, pool, memory.tickSeconds, lost && pool.isAvailable);
  if (!lost) return seen;
  const nowSeconds = memory.elapsedSeconds + memory.tickSeconds;
  const wasEarly = nowSeconds - memory.startedAtSeconds <= EARLY_CHANGEOVERS * view.changeoverSeconds;
  return afterLoss(seen, wasEarly, nowSeconds, memory.hazards.stepSeconds);
};

/** Work that grows although nothing was lost was misjudged; where a machine was lost, it is to be done again. */
const chargedOn = (memory: JobMemory, view: PurchaseView): Ledger => {
  const { ledger, choice, price, tickSeconds } = memory;
  const workedSeconds = memory.workLeftSeconds - view.workLeftSeconds;
  const usedSeconds = choice.kind === 'idle' ? 0 : tickSeconds;
  if (workedSeconds >= 0 || !isSameChoice(choice, view.running)) {
    return charge(ledger, price, usedSeconds, workedSeconds);
  }
  const grown = { ...ledger, aloneSeconds: ledger.aloneSeconds - workedSeconds };
  return charge(grown, price, usedSeconds, 0);
};

/** More work than was planned for by this factor is another job. */
const OTHER_JOB = 1.5;

const planOn = (tables: ValueTables, { plan }: JobMemory, view: PurchaseView): JobPlan =>
  view.workLeftSeconds > OTHER_JOB * plan.workSeconds
    ? { ...firstMemory(tables, view).plan, tickSeconds: plan.tickSeconds }
    : plan;

const marketOn = ({ hazards, market, tickSeconds }: JobMemory, offers: readonly Offer[]): PoolBelief => {
  const hasSpot = anyHasSpot(offers);
  if (market === undefined) return firstBelief(hazards, hasSpot);
  return afterSeeing(hazards, market, hasSpot, tickSeconds / hazards.stepSeconds);
};

/** The memory brought up to what is seen now, before anything is decided. */
export const recall = (tables: ValueTables, memory: JobMemory | undefined, view: PurchaseView): Recalled => {
  const known = memory ?? firstMemory(tables, view);
  const elapsedSeconds = known.elapsedSeconds + known.tickSeconds;
  const watches = new Map(view.pools.map((pool) => [pool.name, watchedOn(known, view, pool)]));
  const offers = offersOf(watches, view, elapsedSeconds);
  return {
    ...known,
    plan: planOn(tables, known, view),
    elapsedSeconds,
    tickSeconds: view.tickSeconds,
    workLeftSeconds: view.workLeftSeconds,
    watches,
    offers,
    market: marketOn(known, offers),
    referenceShare: referenceShareOn(known.hazards, offers, known.referenceShare),
    startUps: afterRunning(known.startUps, known.choice, known.tickSeconds, view),
    ledger: chargedOn(known, view),
  };
};

/** The memory with what was decided on it. */
export const remember = (
  memory: JobMemory,
  view: PurchaseView,
  { choice, price }: { readonly choice: PurchaseChoice; readonly price: number },
): JobMemory => ({
  ...memory,
  choice,
  price,
  startedAtSeconds: isSameChoice(choice, view.running) ? memory.startedAtSeconds : memory.elapsedSeconds,
  startUps: afterChoosing(memory.startUps, view, choice),
});
