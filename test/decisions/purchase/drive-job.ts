import { decidePurchase } from '../../../lib/decisions/decide-purchase.ts';
import type { JobMemory } from '../../../lib/decisions/purchase/job-memory.ts';
import type { PurchaseChoice, PurchasePool, PurchaseView } from '../../../lib/decisions/purchase/purchase.ts';
import { makeValueTables, type ValueTables } from '../../../lib/decisions/purchase/value-tables.ts';

/** A job as it really is, and as it is described to the policy. */
export interface Job {
  readonly tickSeconds: number;
  readonly workSeconds: number;
  readonly ticks: number;
  /** What a start-up really takes. */
  readonly changeoverSeconds: number;
  /** What the policy is told that it takes; the truth where nothing is said. */
  readonly estimateSeconds?: number;
  /** Work that is told of for a second of real work; 1 where nothing is said. */
  readonly pace?: number;
  readonly onDemandPrice: number;
  readonly isOnDemandPriceKnown?: boolean;
  readonly extras?: Partial<PurchaseView>;
}

/** What the market does in a tick, which may depend on what runs: a pool that is out of spot loses its machine. */
export type MarketOf = (tick: number, running: PurchaseChoice) => readonly DrivenPool[];

export interface DrivenPool {
  readonly name: string;
  readonly isAvailable: boolean;
  readonly price: number;
  readonly isPriceKnown?: boolean;
  /** The machine there is lost although the pool goes on to show spot. */
  readonly losesMachine?: boolean;
}

export interface Driven {
  readonly cost: number;
  readonly isMissed: boolean;
  readonly launches: number;
  readonly choices: readonly PurchaseChoice[];
  readonly reasons: readonly string[];
}

/** Shared by all jobs of a file, as a service shares them. */
const SHARED = makeValueTables();

interface State {
  workLeft: number;
  running: PurchaseChoice;
  /** Real start-up left, and the time that the machine has run. */
  owed: number;
  ran: number;
}

const seen = ({ name, isAvailable, price, isPriceKnown }: DrivenPool): PurchasePool => ({
  name,
  isAvailable,
  price: isPriceKnown === false ? undefined : price,
});

const viewOf = (job: Job, tick: number, state: State, pools: readonly DrivenPool[]): PurchaseView => {
  const estimate = job.estimateSeconds ?? job.changeoverSeconds;
  return {
    tickSeconds: job.tickSeconds,
    secondsLeft: (job.ticks - tick) * job.tickSeconds,
    workLeftSeconds: state.workLeft * (job.pace ?? 1),
    changeoverSeconds: estimate,
    changeoverLeftSeconds: state.running.kind === 'idle' ? 0 : Math.max(0, estimate - state.ran),
    running: state.running,
    onDemandPrice: job.isOnDemandPriceKnown === false ? undefined : job.onDemandPrice,
    pools: pools.map(seen),
    ...job.extras,
  };
};

const same = (one: PurchaseChoice, other: PurchaseChoice): boolean =>
  one.kind === other.kind && (one.kind !== 'spot' || one.pool === (other as { pool: string }).pool);

const isLost = (running: PurchaseChoice, pools: readonly DrivenPool[]): boolean => {
  if (running.kind !== 'spot') return false;
  const pool = pools.find(({ name }) => name === running.pool);
  return pool === undefined || !pool.isAvailable || pool.losesMachine === true;
};

const priceOf = (job: Job, pools: readonly DrivenPool[], choice: PurchaseChoice): number => {
  if (choice.kind === 'idle') return 0;
  if (choice.kind === 'on-demand') return job.onDemandPrice;
  const pool = pools.find(({ name }) => name === choice.pool);
  if (pool?.isAvailable !== true) throw new Error(`There is no spot in ${choice.pool}.`);
  return pool.price;
};

/**
 * Runs a job by its own arithmetic with nothing to hold the policy back: no guard, no correction. What is promised must
 * come from the policy alone.
 */
export const driveJob = (job: Job, marketOf: MarketOf, tables: ValueTables = SHARED): Driven => {
  const state: State = { workLeft: job.workSeconds, running: { kind: 'idle' }, owed: 0, ran: 0 };
  const choices: PurchaseChoice[] = [];
  const reasons: string[] = [];
  let memory: JobMemory | undefined;
  let cost = 0;
  let launches = 0;
  for (let tick = 0; state.workLeft > 0 && tick < job.ticks; tick += 1) {
    const pools = marketOf(tick, state.running);
    if (isLost(state.running, pools)) Object.assign(state, { running: { kind: 'idle' }, owed: 0, ran: 0 });
    const decided = decidePurchase(tables, memory, viewOf(job, tick, state, pools));
    memory = decided.memory;
    choices.push(decided.choice);
    reasons.push(decided.reason);
    if (!same(decided.choice, state.running)) {
      if (decided.choice.kind !== 'idle') launches += 1;
      state.owed = decided.choice.kind === 'idle' ? 0 : job.changeoverSeconds;
      state.ran = 0;
    }
    state.running = decided.choice;
    if (decided.choice.kind === 'idle') continue;
    const used = Math.min(job.tickSeconds, state.owed + state.workLeft);
    cost += (priceOf(job, pools, decided.choice) * used) / 3_600;
    const paid = Math.min(state.owed, job.tickSeconds);
    state.owed -= paid;
    state.workLeft -= Math.min(job.tickSeconds - paid, state.workLeft);
    state.ran += job.tickSeconds;
  }
  return { cost, isMissed: state.workLeft > 0, launches, choices, reasons };
};

/** `S` spot (or the last letter of the pool), `D` on-demand, `.` nothing. */
export const drawn = ({ choices }: Driven): string =>
  choices
    .map((choice) => (choice.kind === 'idle' ? '.' : choice.kind === 'on-demand' ? 'D' : choice.pool.slice(-1)))
    .join('');

/** One pool, tick by tick: `#` where there is spot; the last state goes on for ever. */
export const onePool =
  (ticks: string, price = 0.3): MarketOf =>
  (tick) => [{ name: 'zone a', isAvailable: ticks[Math.min(tick, ticks.length - 1)] === '#', price }];
