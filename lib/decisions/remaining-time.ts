import type { RunTimeSummary } from '../fleet/instance.ts';

/** What is believed of the time a running task still needs. */
export interface Forecast {
  /** `told` by the task, `learned` from its queue, or nothing to go by. */
  readonly source: 'told' | 'learned' | 'unknown';
  /** It ends within this as likely as not. */
  readonly medianMs: number;
  /** The chance, 0 to 1, that it ends within so many milliseconds from now. */
  chanceWithin(ms: number): number;
}

/**
 * Nothing to go by but how long it has run: the longer it has, the longer it will. With survival 1/t, the Pareto law of
 * index 1, half of what has run for e ends within another e.
 */
const forecastOfAge = (elapsedMs: number): Forecast => ({
  source: 'unknown',
  medianMs: elapsedMs,
  chanceWithin: (ms) => (ms <= 0 ? 0 : ms / (elapsedMs + ms)),
});

/** Of a log-logistic law, nine of ten lie below median × 9^(1/shape). */
const NINE_TENTHS_ODDS = 9;

/** Estimates are taken to be right within one and a half times, nine times of ten. */
const TOLD_SHAPE = Math.log(NINE_TENTHS_ODDS) / Math.log(1.5);

const forecastOfTold = (leftMs: number): Forecast => ({
  source: 'told',
  medianMs: leftMs,
  chanceWithin: (ms) => (ms <= 0 ? 0 : 1 / (1 + (leftMs / ms) ** TOLD_SHAPE)),
});

/** Times that were all alike are not proof that the next will be: at least a tenth lies between half and nine tenths. */
const SPREAD_LEAST = 1.1;

/**
 * The queue's times as a log-logistic law through both of its quantiles, given that this task has run for so long
 * already: survival S(t) = 1 / (1 + (t / half)^shape), chance to end within x = 1 − S(elapsed + x) / S(elapsed).
 */
const forecastOfQueue = ({ halfMs, nineTenthsMs }: RunTimeSummary, elapsedMs: number): Forecast => {
  const half = Math.max(1, halfMs);
  const shape = Math.log(NINE_TENTHS_ODDS) / Math.log(Math.max(SPREAD_LEAST, nineTenthsMs / half));
  const odds = (ms: number): number => (ms / half) ** shape;
  const now = odds(elapsedMs);
  return {
    source: 'learned',
    medianMs: half * (1 + 2 * now) ** (1 / shape) - elapsedMs,
    chanceWithin: (ms) => (ms <= 0 ? 0 : 1 - (1 + now) / (1 + odds(elapsedMs + ms))),
  };
};

/** What a forecast is made from; whatever is known is better than what is not. */
export interface Evidence {
  readonly elapsedMs: number;
  /** By the task itself, counted down to now; used up when it is not positive. */
  readonly toldLeftMs?: number;
  readonly learned?: RunTimeSummary;
}

/**
 * The task's own word first, then its queue's times. A task that has outrun its own word, or nine tenths of its queue, is
 * none of those the figures are about: that it should have ended says nothing of when it will.
 */
export const forecastOf = ({ elapsedMs, toldLeftMs, learned }: Evidence): Forecast => {
  if (toldLeftMs !== undefined) return toldLeftMs > 0 ? forecastOfTold(toldLeftMs) : forecastOfAge(elapsedMs);
  if (learned !== undefined && elapsedMs < learned.nineTenthsMs) return forecastOfQueue(learned, elapsedMs);
  return forecastOfAge(elapsedMs);
};
