import { type Estimates, misinformed, TRUE_ESTIMATES } from '../estimates.ts';
import type { JobRules, MarketPool } from '../job.ts';
import { JOB_POLICIES } from '../policies/all.ts';
import { type Timeline, timelineOf } from '../timeline.ts';
import type { CountTrace, TracePool } from '../traces/count-json.ts';
import { type JobRun, jobSuite } from './job-suite.ts';
import type { Suite } from './suite.ts';

/** One job, on somebody's own trace. */
export interface OwnJob {
  readonly rules: JobRules;
  /** Dollars an hour in pools whose trace has no prices. */
  readonly spotPrice?: number;
  /** A single run from this tick; otherwise one from every quarter of the deadline on, as far as the trace reaches. */
  readonly startTick?: number;
}

const STARTS_A_DEADLINE = 4;

/** Ticks that all pools of the trace have. */
export const ticksOf = ({ pools }: CountTrace): number => Math.min(...pools.map(({ counts }) => counts.length));

/** Ticks at which a run can start and still have its whole deadline within the trace. */
export const startsOf = (trace: CountTrace, { rules: { deadlineTicks }, startTick }: OwnJob): readonly number[] => {
  const last = ticksOf(trace) - deadlineTicks;
  if (startTick !== undefined) return startTick <= last ? [startTick] : [];
  const every = Math.max(1, Math.floor(deadlineTicks / STARTS_A_DEADLINE));
  return last < 0 ? [] : Array.from({ length: Math.floor(last / every) + 1 }, (_, index) => index * every);
};

/** A tick whose price nobody knows is not offered: a missing price is unknown, never nothing. */
const cut = ({ name, counts, price }: TracePool, start: number, ticks: number, spotPrice = Number.NaN): MarketPool => {
  const prices = price?.slice(start, start + ticks) ?? new Float64Array(ticks).fill(spotPrice);
  const offered = (count: number, tick: number): number => (count > 0 && prices[tick]! > 0 ? 1 : 0);
  return { name, price: prices, available: Uint8Array.from(counts.subarray(start, start + ticks), offered) };
};

const hours = (seconds: number): string => `${Number((seconds / 3_600).toFixed(3))} h`;

interface OwnRun extends JobRun {
  readonly startTick: number;
}

const runsOf = (trace: CountTrace, job: OwnJob): readonly OwnRun[] => {
  const { rules, spotPrice } = job;
  const due = hours(rules.deadlineTicks * rules.tickSeconds);
  const cell = `${hours(rules.workSeconds)} of work in ${due}, start-up ${hours(rules.changeoverSeconds)}`;
  return startsOf(trace, job).map((start) => ({
    cell,
    market: { pools: trace.pools.map((pool) => cut(pool, start, rules.deadlineTicks, spotPrice)) },
    rules,
    costUnit: 1,
    block: `${Math.floor(start / rules.deadlineTicks)}`,
    startTick: start,
  }));
};

/** The job on the trace, started again and again. */
export const ownJob = (trace: CountTrace, job: OwnJob): Suite =>
  jobSuite({ name: 'own', costMeaning: 'dollars a job', files: [], runs: () => runsOf(trace, job) });

/** What each of the policies ran, tick by tick, in a single run; nothing where there are several runs. */
export const ownTimeline = (
  trace: CountTrace,
  job: OwnJob,
  policies: readonly string[],
  estimates: Estimates = TRUE_ESTIMATES,
): Timeline | undefined => {
  const runs = runsOf(trace, job);
  const makers = JOB_POLICIES.filter(({ name }) => policies.includes(name));
  const told = makers.map((maker) => misinformed(maker, estimates));
  return runs.length === 1 ? timelineOf(runs[0]!, told) : undefined;
};
