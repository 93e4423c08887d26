import type { JobRules, Market } from '../job.ts';

/** One job on one window: every policy is replayed on the same. */
export interface SuiteRun {
  /** The row of the table that it counts in. */
  readonly cell: string;
  readonly market: Market;
  readonly rules: JobRules;
  /** What costs are divided by before they are averaged: 1, or what on-demand alone would have cost. */
  readonly costUnit: number;
  /** Runs that share hours of the same trace are drawn together by the bootstrap. */
  readonly block: string;
}

/** The text of a trace file below the folder that the user named, unpacked. */
export type ReadTrace = (path: string) => string;

export interface Suite {
  readonly name: string;
  /** Meaning of the cost column. */
  readonly costMeaning: string;
  runs(readTrace: ReadTrace): Iterable<SuiteRun>;
  /** A figure of its own for the mean cost, such as the leaderboard's score. */
  score?(meanCost: number): number;
}
