import type { JobPolicyMaker } from './job.ts';
import { optimumCost } from './optimum.ts';
import { runJob } from './run-job.ts';
import type { SuiteRun } from './suites/suite.ts';

/** What one policy made of one run. */
export interface Replayed {
  readonly cell: string;
  readonly block: string;
  /** In the suite's own unit. */
  readonly cost: number;
  readonly ratioToOptimum: number;
  readonly isMissed: boolean;
  readonly launches: number;
}

/** The omniscient optimum stands in the tables as a policy of this name. */
export const OPTIMUM = 'optimum';

export type ReplayedByPolicy = ReadonlyMap<string, readonly Replayed[]>;

const replayed = (run: SuiteRun, optimum: number, maker: JobPolicyMaker): Replayed => {
  const { cost, isMissed, launches } = runJob(maker, run.market, run.rules);
  const { cell, block, costUnit } = run;
  return { cell, block, cost: cost / costUnit, ratioToOptimum: cost / optimum, isMissed, launches };
};

/** Replays every policy on every run; `onRun` is told after each, for progress. */
export const evaluate = (
  runs: Iterable<SuiteRun>,
  policies: readonly JobPolicyMaker[],
  onRun: (done: number) => void,
): ReplayedByPolicy => {
  const results = new Map<string, Replayed[]>([...policies.map(({ name }) => name), OPTIMUM].map((name) => [name, []]));
  let done = 0;
  for (const run of runs) {
    const optimum = optimumCost(run.market, run.rules);
    for (const maker of policies) results.get(maker.name)!.push(replayed(run, optimum, maker));
    const { cell, block, costUnit } = run;
    const best = { cell, block, cost: optimum / costUnit, ratioToOptimum: 1, isMissed: false, launches: 0 };
    results.get(OPTIMUM)!.push(best);
    done += 1;
    onRun(done);
  }
  return results;
};

export interface Figures {
  readonly runs: number;
  readonly cost: number;
  readonly ratioToOptimum: number;
  readonly misses: number;
  /** Launches a run. */
  readonly launches: number;
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

export const figuresOf = (runs: readonly Replayed[]): Figures => ({
  runs: runs.length,
  cost: meanOf(runs.map(({ cost }) => cost)),
  ratioToOptimum: meanOf(runs.map(({ ratioToOptimum }) => ratioToOptimum)),
  misses: runs.filter(({ isMissed }) => isMissed).length,
  launches: meanOf(runs.map(({ launches }) => launches)),
});

/** The same figures for each cell, in the order in which the suite names them. */
export const figuresByCell = (runs: readonly Replayed[]): ReadonlyMap<string, Figures> =>
  new Map([...Map.groupBy(runs, ({ cell }) => cell)].map(([cell, ofCell]) => [cell, figuresOf(ofCell)]));
