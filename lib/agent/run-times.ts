import type { RunTimeSummary } from '../fleet/instance.ts';

/** What has been learned of how long tasks of this queue run, and how long their checkpoints take to write. */
export interface RunTimes {
  /** A task ran so long from its very beginning to its end. */
  add(runMs: number): void;
  /** A checkpoint took so long: from asking for it, where it was asked for, until it was accepted. */
  addCheckpoint(checkpointMs: number): void;
  /** Nine of ten tasks end within this. `undefined` until enough have been seen, here or on the fleet's other machines. */
  expectedMs(): number | undefined;
  /** The best there is to decide by: this machine's own times, else the fleet's. */
  learned(): RunTimeSummary | undefined;
  /** Nine of ten checkpoints are written within this; one is enough for a first answer. */
  checkpointMs(): number | undefined;
  /** What this machine has seen itself, to be told to the others. `undefined` until it is enough. */
  summary(): RunTimeSummary | undefined;
}

const SAMPLES_MIN = 5;
/** Older ones are forgotten: a queue's tasks change. */
const SAMPLES_MAX = 64;
const HALF = 0.5;
const NINE_TENTHS = 0.9;

interface Samples {
  add(ms: number): void;
  /** All that were ever seen. */
  seen(): number;
  /** The least sample that so large a share of them does not exceed. */
  quantile(share: number): number | undefined;
}

const createSamples = (): Samples => {
  const samples: number[] = [];
  let sorted: readonly number[] | undefined;
  let seen = 0;
  return {
    add: (ms) => {
      seen += 1;
      samples.push(ms);
      if (samples.length > SAMPLES_MAX) samples.shift();
      sorted = undefined;
    },
    seen: () => seen,
    quantile: (share) => {
      sorted ??= samples.toSorted((one, other) => one - other);
      return sorted[Math.ceil(share * sorted.length) - 1];
    },
  };
};

/** `expected`: what the fleet's other machines had seen when this one was adopted. */
export const createRunTimes = (expected?: RunTimeSummary): RunTimes => {
  const runs = createSamples();
  const checkpoints = createSamples();
  const checkpointMs = () => checkpoints.quantile(NINE_TENTHS) ?? expected?.checkpointNineTenthsMs;

  const summary = (): RunTimeSummary | undefined => {
    const halfMs = runs.quantile(HALF);
    const nineTenthsMs = runs.quantile(NINE_TENTHS);
    if (runs.seen() < SAMPLES_MIN || halfMs === undefined || nineTenthsMs === undefined) return undefined;
    const checkpointNineTenthsMs = checkpoints.quantile(NINE_TENTHS);
    const ofCheckpoints = checkpointNineTenthsMs === undefined ? {} : { checkpointNineTenthsMs };
    return { samples: runs.seen(), halfMs, nineTenthsMs, ...ofCheckpoints };
  };

  const learned = () => summary() ?? expected;
  return {
    add: runs.add,
    addCheckpoint: checkpoints.add,
    expectedMs: () => learned()?.nineTenthsMs,
    learned,
    checkpointMs,
    summary,
  };
};
