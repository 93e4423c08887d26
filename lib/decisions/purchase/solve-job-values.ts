import { AGE_CLASSES, flipChance, stepsInAgeClass } from './hazard-model.ts';
import {
  downState,
  IDLE,
  type JobValues,
  LATENESS,
  type Mode,
  ON_DEMAND,
  ON_SPOT,
  type Slice,
  STATES,
  upState,
  type ValueProblem,
} from './job-values.ts';
import { type Place, placeOf, type SlackGrid, slackGrid } from './slack-grid.ts';

/** Room for one step of the programme, made once. Rows are as long as the grid; beyond the work that is left they are 0. */
interface Sweep {
  readonly problem: ValueProblem;
  readonly grid: SlackGrid;
  readonly length: number;
  /** Where each point lies after a changeover, and after a step of idling. */
  readonly afterChangeover: Shift;
  readonly afterIdling: Shift;
  /** One regime's next values, after its change of regime. */
  readonly mixed: Float32Array;
  readonly idle: Float32Array;
  readonly demand: Float32Array;
  readonly spotLasts: Float32Array;
  readonly spotEnds: Float32Array;
}

/** For each point the place so many seconds of slack below it. */
interface Shift {
  readonly index: Int32Array;
  readonly share: Float64Array;
  /** Seconds below no slack at all. */
  readonly lateSeconds: Float64Array;
}

const shiftOf = (grid: SlackGrid, seconds: number): Shift => {
  const places = Array.from(grid.points, (point): Place => placeOf(grid, Math.max(0, point - seconds)));
  return {
    index: Int32Array.from(places, ({ index }) => index),
    share: Float64Array.from(places, ({ share }) => share),
    lateSeconds: grid.points.map((point) => Math.max(0, seconds - point)),
  };
};

const sweepOf = ({ problem, grid }: JobValues): Sweep => {
  const { length } = grid.points;
  const row = () => new Float32Array(length);
  return {
    problem,
    grid,
    length,
    afterChangeover: shiftOf(grid, problem.changeoverSeconds),
    afterIdling: shiftOf(grid, grid.stepSeconds),
    mixed: new Float32Array(STATES * length),
    idle: row(),
    demand: row(),
    spotLasts: row(),
    spotEnds: row(),
  };
};

/** The points that a job of at most so much work can be at with so many steps left. */
interface Range {
  readonly low: number;
  /** The first point with nothing left to do. */
  readonly high: number;
}

const rangeOf = (problem: ValueProblem, grid: SlackGrid, steps: number): Range => {
  const seconds = steps * grid.stepSeconds;
  const most = problem.workSecondsMax + 2 * problem.changeoverSeconds + grid.stepSeconds;
  const end = placeOf(grid, seconds);
  return { low: placeOf(grid, Math.max(0, seconds - most)).index, high: end.index + (end.share > 1e-9 ? 1 : 0) };
};

/** At the deadline nothing is left, or it is late; what is late is added where the slack is found negative. */
const sliceAtDeadline = ({ model }: ValueProblem): Slice => ({
  low: 0,
  width: 1,
  cells: new Float32Array(model.regimes.length * STATES),
});

/** One regime's rows of a slice, spread over the grid. */
const spread = ({ length }: Sweep, target: Float32Array, slice: Slice, regime: number, weight: number): void => {
  const { low, width, cells } = slice;
  for (let state = 0; state < STATES; state += 1) {
    const from = (regime * STATES + state) * width;
    const to = state * length + low;
    for (let point = 0; point < width; point += 1) target[to + point]! += weight * cells[from + point]!;
  }
};

/** What follows a change of regime, whatever the regime was. */
const valuesAfterRedraw = (sweep: Sweep, next: Slice): Float32Array => {
  const drawn = new Float32Array(sweep.mixed.length);
  for (const [index, { entryShare }] of sweep.problem.model.regimes.entries()) {
    spread(sweep, drawn, next, index, entryShare);
  }
  return drawn;
};

const mixRegime = (sweep: Sweep, next: Slice, drawn: Float32Array, regime: number): void => {
  const { redrawChance } = sweep.problem.model.regimes[regime]!;
  for (let cell = 0; cell < drawn.length; cell += 1) sweep.mixed[cell] = redrawChance * drawn[cell]!;
  spread(sweep, sweep.mixed, next, regime, 1 - redrawChance);
  if (next.low > 0) extendDown(sweep, next.low);
};

/** More work than is asked about comes up where a start-up is longer than a step; it is done on demand. */
const extendDown = ({ problem, grid, length, mixed }: Sweep, low: number): void => {
  const { index: from } = placeOf(grid, Math.max(0, grid.points[low]! - problem.changeoverSeconds - grid.stepSeconds));
  for (let state = 0; state < STATES; state += 1) {
    for (let point = from; point < low; point += 1) {
      const seconds = grid.points[low]! - grid.points[point]!;
      mixed[state * length + point] = mixed[state * length + low]! + (problem.onDemandPrice * seconds) / 3_600;
    }
  }
};

/** Spot that is there: what lasting and ending are worth, each times its chance. */
const expectUp = (
  sweep: Sweep,
  regime: number,
  ageClass: number,
  mode: Mode,
  lasts: Float32Array,
  ends: Float32Array,
) => {
  const { problem, length, mixed } = sweep;
  const chance = flipChance(problem.model.regimes[regime]!, true, ageClass);
  const ages = 1 / stepsInAgeClass(ageClass);
  const same = upState(ageClass, mode) * length;
  const older = upState(Math.min(ageClass + 1, AGE_CLASSES - 1), mode) * length;
  const staysSame = (1 - chance) * (1 - ages);
  const staysOlder = (1 - chance) * ages;
  const end = downState(0, mode === ON_SPOT ? IDLE : mode) * length;
  for (let point = 0; point < length; point += 1) {
    lasts[point] = staysSame * mixed[same + point]! + staysOlder * mixed[older + point]!;
    ends[point] = chance * mixed[end + point]!;
  }
};

/** No spot: it comes back or it does not. */
const expectDown = (sweep: Sweep, regime: number, ageClass: number, mode: Mode, target: Float32Array): void => {
  const { problem, length, mixed } = sweep;
  const chance = flipChance(problem.model.regimes[regime]!, false, ageClass);
  const ages = 1 / stepsInAgeClass(ageClass);
  const same = downState(ageClass, mode) * length;
  const older = downState(Math.min(ageClass + 1, AGE_CLASSES - 1), mode) * length;
  const up = upState(0, mode) * length;
  const staysSame = (1 - chance) * (1 - ages);
  const staysOlder = (1 - chance) * ages;
  for (let point = 0; point < length; point += 1) {
    target[point] = staysSame * mixed[same + point]! + staysOlder * mixed[older + point]! + chance * mixed[up + point]!;
  }
};

/** Where the slices of a step begin and end, and how much time is left. */
interface Step extends Range {
  readonly secondsLeft: number;
}

/** One way to spend a step. */
interface Way {
  readonly price: number;
  /** Start-up that is paid first. */
  readonly owedSeconds: number;
  /** Least slack with which it is safe. */
  readonly slackSecondsMin: number;
}

const read = (row: Float32Array, { index, share }: Shift, point: number): number => {
  const at = index[point]!;
  const low = row[at]!;
  const part = share[point]!;
  return part === 0 ? low : low + part * (row[at + 1]! - low);
};

/** Lowers each value to what this way costs, followed by what comes after it. */
const lower = (
  { grid, problem, afterChangeover, afterIdling }: Sweep,
  { low, high, secondsLeft }: Step,
  target: Float32Array,
  to: number,
  way: Way,
  lasts: Float32Array,
  ends?: Float32Array,
): void => {
  const { stepSeconds, points } = grid;
  const isFresh = way.owedSeconds > 0;
  const endShift = way.owedSeconds > stepSeconds ? afterIdling : afterChangeover;
  const latePrice = (LATENESS * problem.onDemandPrice) / 3_600;
  for (let point = low; point < high; point += 1) {
    const slack = points[point]!;
    if (slack < way.slackSecondsMin) continue;
    const used = Math.min(stepSeconds, secondsLeft - slack + way.owedSeconds);
    let value = (way.price * used) / 3_600;
    if (isFresh) {
      value += read(lasts, afterChangeover, point) + latePrice * afterChangeover.lateSeconds[point]!;
      if (ends !== undefined) value += read(ends, endShift, point);
    } else value += lasts[point]! + (ends === undefined ? 0 : ends[point]!);
    const cell = to + point - low;
    if (value < target[cell]!) target[cell] = value;
  }
};

const startIdle = (sweep: Sweep, { low, high }: Step, cells: Float32Array, to: number): void => {
  const { grid, idle, afterIdling, problem } = sweep;
  const least = grid.stepSeconds + problem.changeoverSeconds;
  cells.fill(Number.POSITIVE_INFINITY, to, to + high - low);
  for (let point = low; point < high; point += 1) {
    if (grid.points[point]! >= least - ROUNDING) cells[to + point - low] = read(idle, afterIdling, point);
  }
};

/** Against rounding in sums of seconds; less than the distance of the points just before a threshold. */
const ROUNDING = 1e-4;

interface Ways {
  readonly spotFresh: Way;
  readonly spotStay: Way;
  readonly demandFresh: Way;
  readonly demandStay: Way;
}

const waysOf = ({ spotPrice, onDemandPrice, changeoverSeconds }: ValueProblem, stepSeconds: number): Ways => {
  const always = Number.NEGATIVE_INFINITY;
  const freshLeast = changeoverSeconds + Math.min(changeoverSeconds, stepSeconds) - ROUNDING;
  return {
    spotFresh: { price: spotPrice, owedSeconds: changeoverSeconds, slackSecondsMin: freshLeast },
    spotStay: { price: spotPrice, owedSeconds: 0, slackSecondsMin: changeoverSeconds - ROUNDING },
    demandFresh: { price: onDemandPrice, owedSeconds: changeoverSeconds, slackSecondsMin: always },
    demandStay: { price: onDemandPrice, owedSeconds: 0, slackSecondsMin: always },
  };
};

const add = (target: Float32Array, other: Float32Array): void => {
  for (let point = 0; point < target.length; point += 1) target[point]! += other[point]!;
};

const fillUp = (sweep: Sweep, slice: Slice, step: Step, regime: number, ageClass: number): void => {
  const { idle, demand, spotLasts, spotEnds, problem, grid } = sweep;
  const { cells, width } = slice;
  const at = (mode: Mode): number => (regime * STATES + upState(ageClass, mode)) * width;
  const [idleAt, spotAt, demandAt] = [at(IDLE), at(ON_SPOT), at(ON_DEMAND)];
  const ways = waysOf(problem, grid.stepSeconds);
  expectUp(sweep, regime, ageClass, IDLE, idle, spotEnds);
  add(idle, spotEnds);
  expectUp(sweep, regime, ageClass, ON_DEMAND, demand, spotEnds);
  add(demand, spotEnds);
  expectUp(sweep, regime, ageClass, ON_SPOT, spotLasts, spotEnds);
  startIdle(sweep, step, cells, idleAt);
  cells.copyWithin(spotAt, idleAt, idleAt + width);
  lower(sweep, step, cells, spotAt, ways.spotStay, spotLasts, spotEnds);
  lower(sweep, step, cells, idleAt, ways.spotFresh, spotLasts, spotEnds);
  cells.copyWithin(demandAt, idleAt, idleAt + width);
  lower(sweep, step, cells, idleAt, ways.demandFresh, demand);
  lower(sweep, step, cells, spotAt, ways.demandFresh, demand);
  lower(sweep, step, cells, demandAt, ways.demandStay, demand);
};

const fillDown = (sweep: Sweep, slice: Slice, step: Step, regime: number, ageClass: number): void => {
  const { idle, demand, problem, grid } = sweep;
  const { cells, width } = slice;
  const at = (mode: Mode): number => (regime * STATES + downState(ageClass, mode)) * width;
  const [idleAt, demandAt] = [at(IDLE), at(ON_DEMAND)];
  const ways = waysOf(problem, grid.stepSeconds);
  expectDown(sweep, regime, ageClass, IDLE, idle);
  expectDown(sweep, regime, ageClass, ON_DEMAND, demand);
  startIdle(sweep, step, cells, idleAt);
  cells.copyWithin(demandAt, idleAt, idleAt + width);
  lower(sweep, step, cells, idleAt, ways.demandFresh, demand);
  lower(sweep, step, cells, demandAt, ways.demandStay, demand);
};

const sliceBefore = (sweep: Sweep, next: Slice, stepsLeft: number): Slice => {
  const { problem, grid } = sweep;
  const { regimes } = problem.model;
  const range = rangeOf(problem, grid, stepsLeft);
  const width = range.high - range.low;
  const slice: Slice = { low: range.low, width, cells: new Float32Array(regimes.length * STATES * width) };
  const step = { ...range, secondsLeft: stepsLeft * grid.stepSeconds };
  const drawn = valuesAfterRedraw(sweep, next);
  for (let regime = 0; regime < regimes.length; regime += 1) {
    mixRegime(sweep, next, drawn, regime);
    for (let age = 0; age < AGE_CLASSES; age += 1) fillUp(sweep, slice, step, regime, age);
    for (let age = 0; age < AGE_CLASSES; age += 1) fillDown(sweep, slice, step, regime, age);
  }
  return slice;
};

/**
 * Backward dynamic programming over (steps left, slack, what runs, whether spot is there, age class of the spell,
 * regime): a semi-Markov decision process. Starts at the deadline; `growJobValues` works back from it.
 */
export const startJobValues = (problem: ValueProblem): JobValues => {
  const grid = slackGrid(problem.model.stepSeconds, problem.changeoverSeconds, problem.stepsMax);
  return { problem, grid, bySteps: [sliceAtDeadline(problem)] };
};

export const growJobValues = (values: JobValues, steps: number): void => {
  const { bySteps } = values;
  const sweep = sweepOf(values);
  const last = Math.min(steps, values.problem.stepsMax);
  while (bySteps.length <= last) bySteps.push(sliceBefore(sweep, bySteps.at(-1)!, bySteps.length));
};
