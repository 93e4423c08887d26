/** What has been learned of how long tasks of this queue run; enough for a first judgement after a handful. */
export interface RunTimes {
  add(runMs: number): void;
  /** Nine of ten tasks end within this. `undefined` until enough have been seen. */
  expectedMs(): number | undefined;
}

const SAMPLES_MIN = 5;
/** Older ones are forgotten: a queue's tasks change. */
const SAMPLES_MAX = 64;
const SHARE = 0.9;

export const createRunTimes = (): RunTimes => {
  const samples: number[] = [];
  return {
    add: (runMs) => {
      samples.push(runMs);
      if (samples.length > SAMPLES_MAX) samples.shift();
    },
    expectedMs: () => {
      if (samples.length < SAMPLES_MIN) return undefined;
      const sorted = samples.toSorted((a, b) => a - b);
      return sorted[Math.ceil(SHARE * sorted.length) - 1];
    },
  };
};
