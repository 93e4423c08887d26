import type { Case } from '../case.ts';
import type { Estimates } from '../estimates.ts';

/** The text of a trace file below the folder that the user named, unpacked. */
export type ReadTrace = (path: string) => string;

export interface Suite {
  readonly name: string;
  /** Meaning of the cost column. */
  readonly costMeaning: string;
  /** Trace files that it reads, below the folder of traces. */
  readonly files: readonly string[];
  /** What it compares, in the order of its tables. */
  readonly policies: readonly string[];
  /** Its policies are told the truth where nothing is said. */
  cases(readTrace: ReadTrace, estimates?: Estimates): Iterable<Case>;
  /** A figure of its own for the mean cost, such as the leaderboard's score. */
  score?(meanCost: number): number;
}
