import type { RunTimeSummary } from '../fleet/instance.ts';

/** A machine that has seen more than this is no better a witness: what it saw long ago it has forgotten too. */
const WEIGHT_MAX = 64;

interface Weighed {
  readonly weight: number;
  readonly ms: number;
}

/** Whole milliseconds; `undefined` of nothing. */
const mean = (figures: readonly Weighed[]): number | undefined => {
  const weight = figures.reduce((sum, figure) => sum + figure.weight, 0);
  if (weight === 0) return undefined;
  return Math.round(figures.reduce((sum, figure) => sum + figure.weight * figure.ms, 0) / weight);
};

/**
 * What the machines of a fleet have seen, as one: each figure is the mean of theirs, weighed by how many tasks each has
 * seen. Between the least and the greatest of them, whatever their order; `undefined` when none has seen enough.
 */
export const mergeRunTimes = (summaries: readonly (RunTimeSummary | undefined)[]): RunTimeSummary | undefined => {
  const known = summaries.filter((summary) => summary !== undefined && summary.samples > 0) as RunTimeSummary[];
  const weightOf = ({ samples }: RunTimeSummary): number => Math.min(samples, WEIGHT_MAX);
  const meanOf = (figure: (summary: RunTimeSummary) => number | undefined): number | undefined =>
    mean(
      known.flatMap((summary) => {
        const ms = figure(summary);
        return ms === undefined ? [] : [{ weight: weightOf(summary), ms }];
      }),
    );
  const halfMs = meanOf((summary) => summary.halfMs);
  const nineTenthsMs = meanOf((summary) => summary.nineTenthsMs);
  if (halfMs === undefined || nineTenthsMs === undefined) return undefined;
  const checkpointNineTenthsMs = meanOf((summary) => summary.checkpointNineTenthsMs);
  return {
    samples: known.reduce((sum, summary) => sum + summary.samples, 0),
    halfMs,
    nineTenthsMs,
    ...(checkpointNineTenthsMs === undefined ? {} : { checkpointNineTenthsMs }),
  };
};

/** Smaller changes than this are not worth a write in every minute. */
const CHANGE_LEAST = 0.1;

const hasMoved = (before: number | undefined, after: number | undefined): boolean => {
  if (before === undefined || after === undefined) return before !== after && after !== undefined;
  return Math.abs(after - before) > CHANGE_LEAST * Math.max(1, before);
};

/** Whether what is known now differs enough from what was written down to be written again. */
export const isWorthNoting = (noted: RunTimeSummary | undefined, known: RunTimeSummary | undefined): boolean =>
  known !== undefined &&
  (hasMoved(noted?.halfMs, known.halfMs) ||
    hasMoved(noted?.nineTenthsMs, known.nineTenthsMs) ||
    hasMoved(noted?.checkpointNineTenthsMs, known.checkpointNineTenthsMs));
