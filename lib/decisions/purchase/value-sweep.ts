import type { HazardModel } from './hazard-model.ts';
import { type JobValues, LATENESS, type Slice, type ValueProblem } from './job-values.ts';
import { type Place, placeOf, type SlackGrid } from './slack-grid.ts';
import type { ValueRows } from './value-rows.ts';

/** For each point of the grid the place so many seconds of slack below it. */
interface Shift {
  readonly index: Int32Array;
  readonly share: Float64Array;
}

/** What each point costs in the step itself. */
interface StepCosts {
  readonly spot: Float64Array;
  readonly demand: Float64Array;
  /** After a launch; with what being below no slack at all costs. */
  readonly freshSpot: Float64Array;
  readonly freshDemand: Float64Array;
}

/** Room for one step of the programme, made once. Rows are as long as the grid. */
export interface Sweep {
  readonly problem: ValueProblem;
  readonly grid: SlackGrid;
  readonly rows: ValueRows;
  readonly entryShares: readonly number[];
  readonly length: number;
  /** Where each point lies after a changeover, and after a step of idling. */
  readonly afterChangeover: Shift;
  readonly afterIdling: Shift;
  readonly lateCost: Float64Array;
  /** The first points at which it is safe to idle, to launch on spot and to stay there. */
  readonly idleFrom: number;
  readonly launchFrom: number;
  readonly stayFrom: number;
  readonly costs: StepCosts;
  /** What follows a change of regime, by state; and what follows where one may come. As wide as the slice they are of. */
  readonly drawn: Float32Array;
  readonly mixed: Float32Array;
  /** What follows idling, on-demand, spot that lasts and spot that ends. */
  readonly idle: Float64Array;
  readonly demand: Float64Array;
  readonly lasts: Float64Array;
  readonly ends: Float64Array;
}

const shiftOf = (grid: SlackGrid, seconds: number): Shift => {
  const places = Array.from(grid.points, (point): Place => placeOf(grid, Math.max(0, point - seconds)));
  return {
    index: Int32Array.from(places, ({ index }) => index),
    share: Float64Array.from(places, ({ share }) => share),
  };
};

/** Against rounding in sums of seconds; less than the distance of the points just before a threshold. */
const ROUNDING = 1e-4;

const firstWith = ({ points }: SlackGrid, slackSeconds: number): number => {
  const index = points.findIndex((point) => point >= slackSeconds - ROUNDING);
  return index < 0 ? points.length : index;
};

const thresholdsOf = ({ changeoverSeconds }: ValueProblem, grid: SlackGrid) => ({
  idleFrom: firstWith(grid, grid.stepSeconds + changeoverSeconds),
  launchFrom: firstWith(grid, changeoverSeconds + Math.min(changeoverSeconds, grid.stepSeconds)),
  stayFrom: firstWith(grid, changeoverSeconds),
});

/** Regimes that a change of regime leads to: those that know of ages. One without ages is a market of its own. */
const entrySharesOf = ({ regimes }: HazardModel, { ages }: ValueRows): readonly number[] => {
  const shares = regimes.map(({ entryShare }, regime) => (ages[regime]! > 1 ? entryShare : 0));
  const all = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => (all > 0 ? share / all : 0));
};

const lateCostOf = ({ changeoverSeconds, onDemandPrice }: ValueProblem, { points }: SlackGrid): Float64Array =>
  points.map((point) => (Math.max(0, changeoverSeconds - point) * LATENESS * onDemandPrice) / 3_600);

const statesMost = ({ ages }: ValueRows): number => 5 * Math.max(...ages);

export const sweepOf = ({ problem, grid, rows }: JobValues): Sweep => {
  const { length } = grid.points;
  const row = () => new Float64Array(length);
  const states = () => new Float32Array(statesMost(rows) * length);
  return {
    problem,
    grid,
    rows,
    entryShares: entrySharesOf(problem.model, rows),
    length,
    afterChangeover: shiftOf(grid, problem.changeoverSeconds),
    afterIdling: shiftOf(grid, grid.stepSeconds),
    lateCost: lateCostOf(problem, grid),
    ...thresholdsOf(problem, grid),
    costs: { spot: row(), demand: row(), freshSpot: row(), freshDemand: row() },
    drawn: states(),
    mixed: states(),
    idle: row(),
    demand: row(),
    lasts: row(),
    ends: row(),
  };
};

/** The points that a job of at most so much work can be at with so many steps left. */
export interface Step {
  readonly low: number;
  /** The first point with nothing left to do. */
  readonly high: number;
  readonly secondsLeft: number;
}

export const stepOf = ({ problem, grid, length }: Sweep, steps: number): Step => {
  const { points, stepSeconds } = grid;
  const secondsLeft = steps * stepSeconds;
  const most = problem.workSecondsMax + 2 * problem.changeoverSeconds + stepSeconds;
  let high = placeOf(grid, secondsLeft).index;
  while (high < length && points[high]! < secondsLeft - ROUNDING) high += 1;
  const { index } = placeOf(grid, Math.max(0, secondsLeft - most));
  return { low: Math.min(index, high, length - 1), high, secondsLeft };
};

/** A slice for the points of its step and for those that the step before it looks at: more work, and nothing left to do. */
const extentOf = (sweep: Sweep, stepsLeft: number): Pick<Slice, 'low' | 'width'> => {
  const { problem, grid, length } = sweep;
  const least = grid.points[stepOf(sweep, stepsLeft).low]!;
  const from = placeOf(grid, Math.max(0, least - problem.changeoverSeconds - grid.stepSeconds)).index;
  return { low: from, width: Math.min(length, stepOf(sweep, stepsLeft + 1).high + 1) - from };
};

/** Slices of nothing for these numbers of steps left, in one stretch of memory: it is found more quickly than many small ones. */
export const emptySlices = (sweep: Sweep, from: number, to: number): readonly Slice[] => {
  const extents = Array.from({ length: Math.max(0, to + 1 - from) }, (_, index) => extentOf(sweep, from + index));
  const sizeOf = ({ width }: { readonly width: number }): number => sweep.rows.count * width;
  const cells = new Float32Array(extents.reduce((sum, extent) => sum + sizeOf(extent), 0));
  let used = 0;
  return extents.map((extent) => {
    const begin = used;
    used += sizeOf(extent);
    return { ...extent, cells: cells.subarray(begin, used) };
  });
};

/** More work than is asked about comes up where a start-up is longer than a step; it is done on demand. */
export const extendDown = ({ problem, grid, rows }: Sweep, { low, width, cells }: Slice, step: Step): void => {
  const least = step.low - low;
  for (let row = 0; row < rows.count; row += 1) {
    const from = row * width;
    for (let point = 0; point < least; point += 1) {
      const seconds = grid.points[step.low]! - grid.points[low + point]!;
      cells[from + point] = cells[from + least]! + (problem.onDemandPrice * seconds) / 3_600;
    }
  }
};

/** What the step itself costs at each of its points: the last step of a job is not used whole. */
export const priceStep = (sweep: Sweep, { low, high, secondsLeft }: Step): void => {
  const { problem, grid, costs, lateCost } = sweep;
  const { points, stepSeconds } = grid;
  const spotSecond = problem.spotPrice / 3_600;
  const demandSecond = problem.onDemandPrice / 3_600;
  for (let point = low; point < high; point += 1) {
    const work = secondsLeft - points[point]!;
    const used = Math.min(stepSeconds, work);
    const usedFresh = Math.min(stepSeconds, work + problem.changeoverSeconds);
    costs.spot[point] = spotSecond * used;
    costs.demand[point] = demandSecond * used;
    costs.freshSpot[point] = spotSecond * usedFresh + lateCost[point]!;
    costs.freshDemand[point] = demandSecond * usedFresh + lateCost[point]!;
  }
};
