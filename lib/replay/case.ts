/** What one policy made of one case: a job on a window, or a fleet on a trace. */
export interface Replayed {
  readonly policy: string;
  readonly cell: string;
  readonly block: string;
  /** In the suite's own unit. */
  readonly cost: number;
  readonly ratioToOptimum: number;
  /** A job that was not done by its deadline, a fleet below its throughput. */
  readonly isMissed: boolean;
  readonly launches: number;
  /** Where a most is stated: the cost as a share of it. */
  readonly ofMost?: number;
  /** Of a fleet: share of the time in which all its workers were ready. */
  readonly availability?: number;
  /** Of a fleet: share of the work that a full fleet does in the same time. */
  readonly throughput?: number;
}

/** Every policy is replayed on the same cases. */
export interface Case {
  /** The row of the table that it counts in. */
  readonly cell: string;
  /** The optimum and each policy that was named. */
  replay(policies: readonly string[]): readonly Replayed[];
}

/** The omniscient optimum stands in the tables as a policy of this name. */
export const OPTIMUM = 'optimum';
