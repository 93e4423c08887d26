/**
 * The values are kept by slack: seconds left less work left. In slack, a machine that works stays where it is, a launch
 * costs a changeover and a step of idling costs a step, so the points where a choice stops being safe fall on the grid,
 * and nothing is blurred exactly where it matters.
 */
export interface SlackGrid {
  /** Ascending, from 0; beyond the head one point a step. */
  readonly points: Float64Array;
  readonly stepSeconds: number;
}

/** A place between two points: share 0 is on the first of them. */
export interface Place {
  readonly index: number;
  readonly share: number;
}

/** Just before a point where a choice becomes safe. */
const BEFORE_SECONDS = 1e-3;
const CHANGEOVERS_EXACT = 4;
const HEAD_STEPS = 12;

/** Steps from one point to the next: the less slack there is, the more each bit of it is worth. */
const strideAt = (steps: number): number => (steps < 3 ? 1 / 4 : steps < 8 ? 1 / 2 : 1);

const headPoints = (stepSeconds: number, changeoverSeconds: number): number[] => {
  const points = [0];
  for (let steps = 1 / 4; steps < HEAD_STEPS; steps += strideAt(steps)) points.push(steps * stepSeconds);
  for (let count = 1; count <= CHANGEOVERS_EXACT; count += 1) {
    const safe = [count * changeoverSeconds, stepSeconds + count * changeoverSeconds];
    points.push(...safe, ...safe.map((seconds) => seconds - BEFORE_SECONDS));
  }
  return points;
};

/**
 * One point a step however much slack there is: just before a job is done its slack is all the time that is left, and between
 * a point with work and one without any it would be taken for nearly done, as if to wait were cheaper than to finish.
 */
const tailPoints = (stepSeconds: number, slackSecondsMax: number): number[] => {
  const count = Math.max(2, Math.ceil(slackSecondsMax / stepSeconds) - HEAD_STEPS + 2);
  return Array.from({ length: count }, (_, step) => (HEAD_STEPS + step) * stepSeconds);
};

/** Points from no slack to at least so much. */
export const slackGrid = (stepSeconds: number, changeoverSeconds: number, slackSecondsMax: number): SlackGrid => {
  const head = headPoints(stepSeconds, changeoverSeconds).filter(
    (point) => point >= 0 && point < HEAD_STEPS * stepSeconds,
  );
  const sorted = [...new Set(head)].sort((one, other) => one - other);
  const distinct = sorted.filter((point, index) => index === 0 || point - sorted[index - 1]! > BEFORE_SECONDS / 2);
  return { points: Float64Array.from([...distinct, ...tailPoints(stepSeconds, slackSecondsMax)]), stepSeconds };
};

/** Where a slack lies; below the first point the share is negative, beyond the last but one it is as there. */
export const placeOf = ({ points }: SlackGrid, slackSeconds: number): Place => {
  let low = 0;
  let high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (points[middle]! <= slackSeconds + 1e-9) low = middle;
    else high = middle;
  }
  const share = Math.min(1, (slackSeconds - points[low]!) / (points[low + 1]! - points[low]!));
  return { index: low, share: low > 0 ? Math.max(0, share) : share };
};
