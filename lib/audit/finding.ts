import type { Promised } from './promises.ts';

/** A step that the protocol does not allow, and where it stands. */
export interface Finding {
  readonly line: number;
  /** Service time, in milliseconds since the Unix epoch; absent where the line does not tell. */
  readonly at?: number;
  readonly promise: Promised;
  /** What was done, to what, by whom: "commit of task-1 by i-1". */
  readonly what: string;
  readonly why: string;
  readonly allowed: string;
}

/** Whoever finds something tells it here. */
export type Report = (finding: Finding) => void;
