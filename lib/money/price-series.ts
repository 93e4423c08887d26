import type { PricePoint } from '../fleet/run.ts';
import type { EpochMs } from '../fleet/time.ts';

export { spotSeriesKey } from '../fleet/price-board.ts';

/**
 * How many seconds of a run begin before `instant`: second k begins k seconds after the launch, and a second that has
 * begun counts in full.
 */
export const secondsBegunBefore = (launchedAt: EpochMs, instant: number): number =>
  Math.max(0, Math.ceil((instant - launchedAt) / 1_000));

/**
 * Price × time, in micro-USD-seconds per hour, over the seconds of a run that begin before `until`. Each second costs the
 * price in force when it begins; the price in force at the start is the last change at or before it (B28).
 * `unknown` when a second begins before the first known price.
 */
export const integratePrice = (
  series: readonly PricePoint[],
  launchedAt: EpochMs,
  until: EpochMs,
): bigint | 'unknown' => {
  const secondsTotal = secondsBegunBefore(launchedAt, until);
  const inOrder = [...series].sort((left, right) => left.at - right.at);
  const first = inOrder[0];
  if (secondsTotal === 0) return 0n;
  if (first === undefined || first.at > launchedAt) return 'unknown';
  return inOrder.reduce((sum, point, index) => {
    const from = secondsBegunBefore(launchedAt, point.at);
    const to = Math.min(secondsTotal, secondsBegunBefore(launchedAt, inOrder[index + 1]?.at ?? Number.MAX_VALUE));
    return to <= from ? sum : sum + BigInt(to - from) * BigInt(point.microUsdPerHour);
  }, 0n);
};
