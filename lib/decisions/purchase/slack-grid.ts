/**
 * The values are kept by slack: seconds left less work left. In slack, a machine that works stays where it is, a launch
 * costs a changeover and a step of idling costs a step, so the points where a choice stops being safe fall on the grid,
 * and nothing is blurred exactly where it matters.
 */
export interface SlackGrid {
  /** Ascending, from 0; beyond the head one point a step. */
  readonly points: Float64Array;
  readonly stepSeconds: number;
  /** First point of the even tail. */
  readonly tail: number;
}

/** A place between two points: share 0 is on the first of them. */
export interface Place {
  readonly index: number;
  readonly share: number;
}

/** Just before a point where a choice becomes safe. */
const BEFORE_SECONDS = 1e-3;
const CHANGEOVERS_EXACT = 6;
const HEAD_STEPS = 12;

const headPoints = (stepSeconds: number, changeoverSeconds: number): number[] => {
  const points = [0];
  for (let quarter = 1; quarter <= 16; quarter += 1) points.push((quarter * stepSeconds) / 4);
  for (let half = 9; half < 2 * HEAD_STEPS; half += 1) points.push((half * stepSeconds) / 2);
  for (let count = 1; count <= CHANGEOVERS_EXACT; count += 1) {
    const safe = [count * changeoverSeconds, stepSeconds + count * changeoverSeconds];
    points.push(...safe, ...safe.map((seconds) => seconds - BEFORE_SECONDS));
  }
  return points;
};

/** Points from no slack to at least so much. */
export const slackGrid = (stepSeconds: number, changeoverSeconds: number, slackSecondsMax: number): SlackGrid => {
  const tailFrom = HEAD_STEPS * stepSeconds;
  const head = headPoints(stepSeconds, changeoverSeconds).filter((point) => point >= 0 && point < tailFrom);
  const sorted = [...new Set(head)].sort((one, other) => one - other);
  const distinct = sorted.filter((point, index) => index === 0 || point - sorted[index - 1]! > BEFORE_SECONDS / 2);
  const tail = Array.from(
    { length: Math.max(2, Math.ceil(slackSecondsMax / stepSeconds) - HEAD_STEPS + 2) },
    (_, step) => tailFrom + step * stepSeconds,
  );
  return { points: Float64Array.from([...distinct, ...tail]), stepSeconds, tail: distinct.length };
};

/** Where a slack lies; below the first point the share is negative. */
export const placeOf = ({ points, stepSeconds, tail }: SlackGrid, slackSeconds: number): Place => {
  const last = points.length - 2;
  if (slackSeconds >= points[tail]!) {
    const steps = (slackSeconds - points[tail]!) / stepSeconds;
    const index = Math.min(last, tail + Math.floor(steps));
    return { index, share: Math.min(1, steps - (index - tail)) };
  }
  let low = 0;
  let high = tail;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle]! <= slackSeconds + 1e-9) low = middle;
    else high = middle;
  }
  const share = (slackSeconds - points[low]!) / (points[low + 1]! - points[low]!);
  return { index: low, share: low > 0 ? Math.max(0, share) : share };
};
