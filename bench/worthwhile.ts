import { rounded } from './statistics.ts';

/** Below this share of the plain consumer's throughput, what Spothop adds costs more than it should. */
const WORTHWHILE_RATIO = 0.9;

/** One measured point: tasks of so many seconds, and Spothop's throughput over the plain consumer's. */
export interface MeasuredPoint {
  readonly seconds: number;
  readonly ratio: number;
}

/** A task that does nothing still takes about a millisecond to be called. */
export const NOOP_SECONDS = 0.001;

/** Where the line between two points, over the logarithm of the length, reaches the ratio. */
const crossing = (below: MeasuredPoint, above: MeasuredPoint): number => {
  const share = (WORTHWHILE_RATIO - below.ratio) / (above.ratio - below.ratio);
  return below.seconds * (above.seconds / below.seconds) ** share;
};

/**
 * The overhead of each task is what the longest tasks show: a ratio r at length L means (1 / r − 1) × L more for each, and
 * tasks of nine times that overhead are at nine tenths.
 */
const beyond = ({ seconds, ratio }: MeasuredPoint): number =>
  ((1 / ratio - 1) * seconds * WORTHWHILE_RATIO) / (1 - WORTHWHILE_RATIO);

/** At one concurrency, from points in any order: the length from which on the ratio stays at least `WORTHWHILE_RATIO`. */
export const worthwhileFrom = (points: readonly MeasuredPoint[]): number => {
  const byLength = points.toSorted((one, other) => one.seconds - other.seconds);
  const lastBelow = byLength.findLastIndex(({ ratio }) => ratio < WORTHWHILE_RATIO);
  const below = byLength[lastBelow];
  if (below === undefined) return byLength[0]?.seconds ?? 0;
  const above = byLength[lastBelow + 1];
  return above === undefined ? beyond(below) : crossing(below, above);
};

/**
 * The task length below which Spothop is the wrong tool: at the concurrency where it does worst, tasks that are shorter
 * reach less than nine tenths of the plain consumer's throughput. Seconds, to a hundredth.
 */
export const shortestWorthwhileTaskSeconds = (byConcurrency: readonly (readonly MeasuredPoint[])[]): number =>
  rounded(Math.max(0, ...byConcurrency.map(worthwhileFrom)));
