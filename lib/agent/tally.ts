/** What this agent has done with the messages it received; told in its last log line. */
export interface Tally {
  readonly done: number;
  readonly failed: number;
  readonly dead: number;
  readonly handedBack: number;
  /** Runs whose attempt was no longer ours: what they wrote was refused (W2), or they were stopped before they wrote. */
  readonly fencedOff: number;
  /** Messages met while their task ran elsewhere. */
  readonly putBack: number;
  /** Messages of a finished task, removed. */
  readonly removed: number;
  /** Messages and rows of a form this version does not know, or that name no task. */
  readonly leftAlone: number;
  /** Seconds run since the last accepted checkpoint, of the tasks handed back: to be run again. */
  readonly secondsLost: number;
  /** Seconds that handed-back tasks ran between the notice and deadline − margin, and how many there were. */
  readonly secondsOfNoticeUsed: number;
  readonly secondsOfNoticeAvailable: number;
  /** Polls that the queue refused because too many of its messages were in flight (F44). */
  readonly refusedReceives: number;
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
  secondsLost: 0,
  secondsOfNoticeUsed: 0,
  secondsOfNoticeAvailable: 0,
  refusedReceives: 0,
});
