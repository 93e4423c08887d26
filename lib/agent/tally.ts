/** What this agent has done with the messages it received; told in its last log line. */
export interface Tally {
  readonly done: number;
  readonly failed: number;
  readonly dead: number;
  readonly handedBack: number;
  /** Results, checkpoints and failures that the ledger refused because the attempt was no longer ours (W2). */
  readonly fencedOff: number;
  /** Messages met while their task ran elsewhere. */
  readonly putBack: number;
  /** Messages of a finished task, removed. */
  readonly removed: number;
  /** Messages and rows of a form this version does not know, or that name no task. */
  readonly leftAlone: number;
}

export type MutableTally = { -readonly [Name in keyof Tally]: number };

export const emptyTally = (): MutableTally => ({
  done: 0,
  failed: 0,
  dead: 0,
  handedBack: 0,
  fencedOff: 0,
  putBack: 0,
  removed: 0,
  leftAlone: 0,
});
