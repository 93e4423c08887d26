import { type Case, OPTIMUM, type Replayed } from '../case.ts';
import { type Estimates, misinformed, TRUE_ESTIMATES } from '../estimates.ts';
import type { JobPolicyMaker, JobRules, Market } from '../job.ts';
import { optimumCost } from '../optimum.ts';
import { JOB_POLICIES } from '../policies/all.ts';
import { runJob } from '../run-job.ts';
import type { ReadTrace, Suite } from './suite.ts';

/** One job on one window. */
export interface JobRun {
  readonly cell: string;
  readonly market: Market;
  readonly rules: JobRules;
  /** What costs are divided by before they are averaged: 1, or what on-demand alone would have cost. */
  readonly costUnit: number;
  /** What the policies are told, where it differs from what all the suite's are told. */
  readonly estimates?: Estimates;
  /** Dollars that ours promises not to go beyond, where the suite is about that. */
  readonly most?: number;
  /** Runs that share hours of the same trace are drawn together by the bootstrap. */
  readonly block: string;
}

const replayed = (run: JobRun, optimum: number, maker: JobPolicyMaker): Replayed => {
  const { cost, isMissed, launches } = runJob(maker, run.market, run.rules);
  const { cell, block, costUnit, most } = run;
  const kept = most === undefined ? {} : { ofMost: cost / most };
  return {
    policy: maker.name,
    cell,
    block,
    cost: cost / costUnit,
    ratioToOptimum: cost / optimum,
    isMissed,
    launches,
    ...kept,
  };
};

const caseOf = (run: JobRun, compared: readonly JobPolicyMaker[], estimates: Estimates): Case => ({
  cell: run.cell,
  replay: (policies) => {
    const optimum = optimumCost(run.market, run.rules);
    const { cell, block, costUnit } = run;
    const named = compared.filter(({ name }) => policies.includes(name));
    const makers = named.map((maker) => misinformed(maker, run.estimates ?? estimates));
    return [
      ...makers.map((maker) => replayed(run, optimum, maker)),
      { policy: OPTIMUM, cell, block, cost: optimum / costUnit, ratioToOptimum: 1, isMissed: false, launches: 0 },
    ];
  },
});

/** A suite whose cases are jobs with a deadline. */
export interface JobSuite extends Suite {
  runs(readTrace: ReadTrace): Iterable<JobRun>;
}

/** Compares these policies, which is all of them where a suite has no rules of its own. */
export const jobSuite = (
  described: Omit<JobSuite, 'cases' | 'policies'>,
  compared: readonly JobPolicyMaker[] = JOB_POLICIES,
): JobSuite => ({
  ...described,
  policies: compared.map(({ name }) => name),
  cases: (readTrace, estimates = TRUE_ESTIMATES) =>
    Array.from(described.runs(readTrace), (run) => caseOf(run, compared, estimates)),
});
