import { AGE_CLASSES, type HazardModel } from './hazard-model.ts';
import { placeOf, type SlackGrid } from './slack-grid.ts';
import { rowIn, type ValueRows } from './value-rows.ts';

/** What the values are worked out for; prices in any currency, an hour. */
export interface ValueProblem {
  readonly model: HazardModel;
  readonly workSecondsMax: number;
  /** Time beyond the work that a job may have; with more it is worth what it is worth with this much. */
  readonly slackSecondsMax: number;
  readonly stepsMax: number;
  readonly changeoverSeconds: number;
  readonly spotPrice: number;
  readonly onDemandPrice: number;
}

/** What runs, as the values tell it apart. */
export type Mode = 0 | 1 | 2;
export const IDLE = 0;
export const ON_SPOT = 1;
export const ON_DEMAND = 2;

/** Work that cannot be done in time is worth so many times its on-demand price: more than any plan can save. */
export const LATENESS = 10;

/** The values with one number of steps left, for the slack that a job of at most that much work can have. */
export interface Slice {
  /** First point of the grid that is kept. */
  readonly low: number;
  readonly width: number;
  /** By row and point. */
  readonly cells: Float32Array;
}

/** Least expected cost to go. More steps are worked out when they are asked for. */
export interface JobValues {
  readonly problem: ValueProblem;
  readonly grid: SlackGrid;
  readonly rows: ValueRows;
  readonly bySteps: Slice[];
}

/** Spot is there, for so long, and this runs. */
export const upState = (ageClass: number, mode: Mode): number => 3 * ageClass + mode;

/** No spot, for so long; only on-demand can be running. */
export const downState = (ageClass: number, mode: Mode): number =>
  3 * AGE_CLASSES + 2 * ageClass + (mode === ON_DEMAND ? 1 : 0);

const sliceValue = ({ low, width, cells }: Slice, row: number, index: number, share: number): number => {
  const point = index - low;
  if (point >= width) return 0;
  const from = row * width;
  if (point < 0) return cells[from]!;
  const value = cells[from + point]!;
  if (share === 0) return value;
  return value + ((point + 1 < width ? cells[from + point + 1]! : 0) - value) * share;
};

/** Expected cost to go with so many steps left; between whole steps it is interpolated. */
export const valueAt = (
  values: JobValues,
  steps: number,
  regime: number,
  state: number,
  workSeconds: number,
): number => {
  if (workSeconds <= 0) return 0;
  const { problem, grid, rows, bySteps } = values;
  const slackSeconds = steps * problem.model.stepSeconds - workSeconds;
  const late = slackSeconds < 0 ? (-slackSeconds * LATENESS * problem.onDemandPrice) / 3_600 : 0;
  const { index, share } = placeOf(grid, Math.max(0, slackSeconds));
  const row = rowIn(rows, regime, state);
  const low = Math.min(Math.floor(steps + 1e-9), bySteps.length - 1);
  const value = late + sliceValue(bySteps[low]!, row, index, share);
  const part = steps - low;
  if (part < 1e-9 || low + 1 >= bySteps.length) return value;
  return value + (late + sliceValue(bySteps[low + 1]!, row, index, share) - value) * part;
};
