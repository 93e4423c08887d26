import type { JobRules } from '../job.ts';
import type { CountTrace } from '../traces/count-json.ts';
import { type JobRun, jobSuite } from './job-suite.ts';
import type { Suite } from './suite.ts';

/** One job, on somebody's own trace. */
export interface OwnJob {
  readonly rules: JobRules;
  readonly spotPrice: number;
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

const hours = (seconds: number): string => `${Number((seconds / 3_600).toFixed(3))} h`;

const runsOf = (trace: CountTrace, job: OwnJob): readonly JobRun[] => {
  const { rules, spotPrice } = job;
  const due = hours(rules.deadlineTicks * rules.tickSeconds);
  const cell = `${hours(rules.workSeconds)} of work in ${due}, start-up ${hours(rules.changeoverSeconds)}`;
  return startsOf(trace, job).map((start) => ({
    cell,
    market: {
      pools: trace.pools.map(({ name, counts }) => ({
        name,
        available: Uint8Array.from(counts.subarray(start, start + rules.deadlineTicks), (count) => (count > 0 ? 1 : 0)),
        price: new Float64Array(rules.deadlineTicks).fill(spotPrice),
      })),
    },
    rules,
    costUnit: 1,
    block: `${Math.floor(start / rules.deadlineTicks)}`,
  }));
};

/** The job on the trace, started again and again. */
export const ownJob = (trace: CountTrace, job: OwnJob): Suite =>
  jobSuite({ name: 'own', costMeaning: 'dollars a job', files: [], runs: () => runsOf(trace, job) });
