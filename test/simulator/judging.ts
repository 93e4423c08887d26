import { type EpochMs, epochMs } from '../../lib/fleet/time.ts';

/** A judge that only remembers what was said. */
export const judging = () => {
  const found: string[] = [];
  return { found, judge: { violations: [], say: (_promise: string, text: string) => void found.push(text) } };
};

/** A clock that passes by hand, from so many milliseconds on. */
export const clockFrom = (ms: number) => {
  let now = ms;
  return { now: (): EpochMs => epochMs(now), pass: (seconds: number) => (now += seconds * 1_000) };
};
