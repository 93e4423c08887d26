import { EMPTY_LEDGER, type Ledger } from './guards.ts';
import type { HazardModel } from './hazard-model.ts';
import { afterLoss, type PoolWatch, watchOn, watchPool } from './pool-watch.ts';
import type { PurchaseChoice, PurchasePool, PurchaseView } from './purchase.ts';
import type { JobPlan, ValueTables } from './value-tables.ts';

/** What the policy carries from one decision about a job to the next. */
export interface JobMemory {
  readonly plan: JobPlan;
  readonly hazards: HazardModel;
  readonly elapsedSeconds: number;
  readonly tickSeconds: number;
  readonly watches: ReadonlyMap<string, PoolWatch>;
  readonly ledger: Ledger;
  readonly choice: PurchaseChoice;
  /** Since when the machine of that choice runs. */
  readonly startedAtSeconds: number;
}

const firstMemory = (tables: ValueTables, view: PurchaseView): JobMemory => {
  const { tickSeconds, secondsLeft, workLeftSeconds: workSeconds, changeoverSeconds, pools } = view;
  const plan = { tickSeconds, secondsLeft, workSeconds, changeoverSeconds, hasRivals: pools.length > 1 };
  return {
    plan,
    hazards: tables.hazardsFor(plan),
    elapsedSeconds: 0,
    tickSeconds: 0,
    watches: new Map(),
    ledger: EMPTY_LEDGER,
    choice: { kind: 'idle' },
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

/** The memory brought up to what is seen now, before anything is decided. */
export const recall = (tables: ValueTables, memory: JobMemory | undefined, view: PurchaseView): JobMemory => {
  const known = memory ?? firstMemory(tables, view);
  const plan = view.workLeftSeconds > 1.5 * known.plan.workSeconds ? firstMemory(tables, view).plan : known.plan;
  return {
    ...known,
    plan: { ...plan, tickSeconds: known.plan.tickSeconds, changeoverSeconds: view.changeoverSeconds },
    elapsedSeconds: known.elapsedSeconds + known.tickSeconds,
    tickSeconds: view.tickSeconds,
    watches: new Map(view.pools.map((pool) => [pool.name, watchedOn(known, view, pool)])),
  };
};
