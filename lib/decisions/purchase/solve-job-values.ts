import { type HazardModel, stepsInAgeClass } from './hazard-model.ts';
import { type JobValues, LATENESS, type Slice, type ValueProblem } from './job-values.ts';
import { type Place, placeOf, type SlackGrid, slackGrid } from './slack-grid.ts';
import { rowsOf, type ValueRows } from './value-rows.ts';

/** For each point of the grid the place so many seconds of slack below it. */
interface Shift {
  readonly index: Int32Array;
  readonly share: Float64Array;
  /** What being below no slack at all costs. */
  readonly lateCost: Float64Array;
}

/** Room for one step of the programme, made once. Rows are as long as the grid. */
interface Sweep {
  readonly problem: ValueProblem;
  readonly grid: SlackGrid;
  readonly rows: ValueRows;
  readonly length: number;
  /** Where each point lies after a changeover, and after a step of idling. */
  readonly afterChangeover: Shift;
  readonly afterIdling: Shift;
  /** What follows a change of regime, by state; and one regime's next values, by state. */
  readonly drawn: Float32Array;
  readonly mixed: Float32Array;
  /** What follows idling, on-demand, spot that lasts and spot that ends. */
  readonly idle: Float64Array;
  readonly demand: Float64Array;
  readonly lasts: Float64Array;
  readonly ends: Float64Array;
}

const shiftOf = ({ onDemandPrice }: ValueProblem, grid: SlackGrid, seconds: number): Shift => {
  const places = Array.from(grid.points, (point): Place => placeOf(grid, Math.max(0, point - seconds)));
  return {
    index: Int32Array.from(places, ({ index }) => index),
    share: Float64Array.from(places, ({ share }) => share),
    lateCost: grid.points.map((point) => (Math.max(0, seconds - point) * LATENESS * onDemandPrice) / 3_600),
  };
};

const statesMost = ({ ages }: ValueRows): number => 5 * Math.max(...ages);

const sweepOf = ({ problem, grid, rows }: JobValues): Sweep => {
  const { length } = grid.points;
  const row = () => new Float64Array(length);
  const states = () => new Float32Array(statesMost(rows) * length);
  return {
    problem,
    grid,
    rows,
    length,
    afterChangeover: shiftOf(problem, grid, problem.changeoverSeconds),
    afterIdling: shiftOf(problem, grid, grid.stepSeconds),
    drawn: states(),
    mixed: states(),
    idle: row(),
    demand: row(),
    lasts: row(),
    ends: row(),
  };
};

/** The points that a job of at most so much work can be at with so many steps left. */
interface Step {
  readonly low: number;
  /** The first point with nothing left to do. */
  readonly high: number;
  readonly secondsLeft: number;
}

/** Against rounding in sums of seconds; less than the distance of the points just before a threshold. */
const ROUNDING = 1e-4;

const stepOf = ({ problem, grid, length }: Sweep, steps: number): Step => {
  const { points, stepSeconds } = grid;
  const secondsLeft = steps * stepSeconds;
  const most = problem.workSecondsMax + 2 * problem.changeoverSeconds + stepSeconds;
  let high = placeOf(grid, secondsLeft).index;
  while (high < length && points[high]! < secondsLeft - ROUNDING) high += 1;
  const { index } = placeOf(grid, Math.max(0, secondsLeft - most));
  return { low: Math.min(index, high), high, secondsLeft };
};

/** At the deadline nothing is left, or it is late; what is late is added where the slack is found negative. */
const sliceAtDeadline = (rows: ValueRows): Slice => ({ low: 0, width: 1, cells: new Float32Array(rows.count) });

/** Regimes that a change of regime leads to: those that know of ages. One without ages is a market of its own. */
const entryShares = ({ regimes }: HazardModel, { ages }: ValueRows): readonly number[] => {
  const shares = regimes.map(({ entryShare }, regime) => (ages[regime]! > 1 ? entryShare : 0));
  const all = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => (all > 0 ? share / all : 0));
};

/** Adds so much of one regime's rows of a slice, spread over the grid. */
const spread = (sweep: Sweep, target: Float32Array, slice: Slice, regime: number, weight: number): void => {
  const { rows, length } = sweep;
  const { low, width, cells } = slice;
  const states = 5 * rows.ages[regime]!;
  for (let state = 0; state < states; state += 1) {
    const from = (rows.first[regime]! + state) * width;
    const to = state * length + low;
    for (let point = 0; point < width; point += 1) target[to + point]! += weight * cells[from + point]!;
  }
};

/** What follows a change of regime, whatever the regime was. */
const drawAnew = (sweep: Sweep, next: Slice, shares: readonly number[]): void => {
  sweep.drawn.fill(0);
  for (const [regime, share] of shares.entries()) if (share > 0) spread(sweep, sweep.drawn, next, regime, share);
};

/** One regime's values a step later, after its change of regime. */
const mixRegime = (sweep: Sweep, next: Slice, regime: number, isAlone: boolean): void => {
  const { rows, length, mixed, drawn, problem } = sweep;
  const { low, width, cells } = next;
  const redraw = isAlone || rows.ages[regime] === 1 ? 0 : problem.model.regimes[regime]!.redrawChance;
  const states = 5 * rows.ages[regime]!;
  for (let state = 0; state < states; state += 1) {
    const from = (rows.first[regime]! + state) * width;
    const to = state * length + low;
    for (let point = 0; point < width; point += 1) {
      mixed[to + point] = (1 - redraw) * cells[from + point]! + redraw * drawn[to + point]!;
    }
    mixed.fill(0, to + width, (state + 1) * length);
  }
};

/** More work than is asked about comes up where a start-up is longer than a step; it is done on demand. */
const extendDown = ({ problem, grid, length, mixed }: Sweep, from: number, low: number, states: number): void => {
  for (let state = 0; state < states; state += 1) {
    for (let point = from; point < low; point += 1) {
      const seconds = grid.points[low]! - grid.points[point]!;
      mixed[state * length + point] = mixed[state * length + low]! + (problem.onDemandPrice * seconds) / 3_600;
    }
  }
};

/** How a spell goes on: a step older in the same class or the next, or ended. */
interface Spell {
  readonly same: number;
  readonly older: number;
  readonly ends: number;
  readonly nextClass: number;
}

const spellOf = (chances: readonly number[], ageClass: number, ages: number): Spell => {
  const ends = chances[ageClass]!;
  const ageing = ages === 1 ? 0 : 1 / stepsInAgeClass(ageClass);
  const nextClass = Math.min(ageClass + 1, ages - 1);
  return { ends, same: (1 - ends) * (1 - ageing), older: (1 - ends) * ageing, nextClass };
};

/** What follows each way to spend a step while there is spot. Rows of an age class: idle, on spot, on demand. */
const expectUp = (sweep: Sweep, spell: Spell, ageClass: number, downAt: number, from: number, to: number): void => {
  const { mixed, length, idle, demand, lasts, ends } = sweep;
  const { same, older, ends: chance, nextClass } = spell;
  const now = 3 * ageClass * length;
  const later = 3 * nextClass * length;
  const lost = downAt * length;
  for (let point = from; point < to; point += 1) {
    const ended = chance * mixed[lost + point]!;
    ends[point] = ended;
    idle[point] = same * mixed[now + point]! + older * mixed[later + point]! + ended;
    lasts[point] = same * mixed[now + length + point]! + older * mixed[later + length + point]!;
    demand[point] =
      same * mixed[now + 2 * length + point]! +
      older * mixed[later + 2 * length + point]! +
      chance * mixed[lost + length + point]!;
  }
};

/** The same while there is none. Rows of an age class: idle, on demand. */
const expectDown = (sweep: Sweep, spell: Spell, ageClass: number, downAt: number, from: number, to: number): void => {
  const { mixed, length, idle, demand } = sweep;
  const { same, older, ends: chance, nextClass } = spell;
  const now = (downAt + 2 * ageClass) * length;
  const later = (downAt + 2 * nextClass) * length;
  for (let point = from; point < to; point += 1) {
    idle[point] = same * mixed[now + point]! + older * mixed[later + point]! + chance * mixed[point]!;
    demand[point] =
      same * mixed[now + length + point]! +
      older * mixed[later + length + point]! +
      chance * mixed[2 * length + point]!;
  }
};

/** Lowest cost of each state of an age class with spot; `at` is its first row. */
const chooseUp = (sweep: Sweep, step: Step, cells: Float32Array, at: number): void => {
  const { problem, grid, afterChangeover, afterIdling, idle, demand, lasts, ends } = sweep;
  const { low, high, secondsLeft } = step;
  const { changeoverSeconds } = problem;
  const { points, stepSeconds } = grid;
  const { index: freshIndex, share: freshShare, lateCost } = afterChangeover;
  const { index: idleIndex, share: idleShare } = afterIdling;
  const { index: endIndex, share: endShare } = changeoverSeconds > stepSeconds ? afterIdling : afterChangeover;
  const idleLeast = stepSeconds + changeoverSeconds - ROUNDING;
  const freshLeast = changeoverSeconds + Math.min(changeoverSeconds, stepSeconds) - ROUNDING;
  const stayLeast = changeoverSeconds - ROUNDING;
  const spotSecond = problem.spotPrice / 3_600;
  const demandSecond = problem.onDemandPrice / 3_600;
  const width = high - low;
  for (let point = low; point < high; point += 1) {
    const slack = points[point]!;
    const work = secondsLeft - slack;
    const usedFresh = Math.min(stepSeconds, work + changeoverSeconds);
    const used = Math.min(stepSeconds, work);
    const after = freshIndex[point]!;
    const part = freshShare[point]!;
    const late = lateCost[point]!;
    const demandFresh = demandSecond * usedFresh + demand[after]! + part * (demand[after + 1]! - demand[after]!) + late;
    let idling = Number.POSITIVE_INFINITY;
    if (slack >= idleLeast) {
      const waited = idleIndex[point]!;
      idling = idle[waited]! + idleShare[point]! * (idle[waited + 1]! - idle[waited]!);
    }
    let launching = idling;
    if (slack >= freshLeast) {
      const ended = endIndex[point]!;
      const spotFresh =
        spotSecond * usedFresh +
        lasts[after]! +
        part * (lasts[after + 1]! - lasts[after]!) +
        late +
        ends[ended]! +
        endShare[point]! * (ends[ended + 1]! - ends[ended]!);
      if (spotFresh < launching) launching = spotFresh;
    }
    let staying = Math.min(idling, demandFresh);
    if (slack >= stayLeast) staying = Math.min(staying, spotSecond * used + lasts[point]! + ends[point]!);
    const cell = at * width + point - low;
    cells[cell] = Math.min(launching, demandFresh);
    cells[cell + width] = staying;
    cells[cell + 2 * width] = Math.min(launching, demandSecond * used + demand[point]!);
  }
};

/** The same without spot. */
const chooseDown = (sweep: Sweep, step: Step, cells: Float32Array, at: number): void => {
  const { problem, grid, afterChangeover, afterIdling, idle, demand } = sweep;
  const { low, high, secondsLeft } = step;
  const { points, stepSeconds } = grid;
  const { index: freshIndex, share: freshShare, lateCost } = afterChangeover;
  const { index: idleIndex, share: idleShare } = afterIdling;
  const idleLeast = stepSeconds + problem.changeoverSeconds - ROUNDING;
  const demandSecond = problem.onDemandPrice / 3_600;
  const width = high - low;
  for (let point = low; point < high; point += 1) {
    const slack = points[point]!;
    const work = secondsLeft - slack;
    const after = freshIndex[point]!;
    const followed = demand[after]! + freshShare[point]! * (demand[after + 1]! - demand[after]!);
    const launching =
      demandSecond * Math.min(stepSeconds, work + problem.changeoverSeconds) + followed + lateCost[point]!;
    const staying = demandSecond * Math.min(stepSeconds, work) + demand[point]!;
    let idling = Number.POSITIVE_INFINITY;
    if (slack >= idleLeast) {
      const waited = idleIndex[point]!;
      idling = idle[waited]! + idleShare[point]! * (idle[waited + 1]! - idle[waited]!);
    }
    const cell = at * width + point - low;
    cells[cell] = Math.min(idling, launching);
    cells[cell + width] = Math.min(idling, staying);
  }
};

const fillRegime = (sweep: Sweep, step: Step, cells: Float32Array, regime: number, from: number): void => {
  const { rows, problem } = sweep;
  const { lossByAge, returnByAge } = problem.model.regimes[regime]!;
  const ages = rows.ages[regime]!;
  const downAt = 3 * ages;
  const first = rows.first[regime]!;
  const to = Math.min(sweep.length, step.high + 1);
  for (let age = 0; age < ages; age += 1) {
    expectUp(sweep, spellOf(lossByAge, age, ages), age, downAt, from, to);
    chooseUp(sweep, step, cells, first + 3 * age);
    expectDown(sweep, spellOf(returnByAge, age, ages), age, downAt, from, to);
    chooseDown(sweep, step, cells, first + downAt + 2 * age);
  }
};

/** The first point that anything of this step or the next looks at. */
const lookedAtFrom = ({ problem, grid }: Sweep, low: number): number =>
  placeOf(grid, Math.max(0, grid.points[low]! - problem.changeoverSeconds - grid.stepSeconds)).index;

const sliceBefore = (sweep: Sweep, next: Slice, stepsLeft: number): Slice => {
  const { problem, rows, length } = sweep;
  const step = stepOf(sweep, stepsLeft);
  const width = step.high - step.low;
  const cells = new Float32Array(rows.count * width);
  const shares = entryShares(problem.model, rows);
  const isAlone = shares.filter((share) => share > 0).length < 2;
  const from = lookedAtFrom(sweep, Math.min(step.low, next.low, length - 1));
  if (!isAlone) drawAnew(sweep, next, shares);
  for (let regime = 0; regime < rows.ages.length; regime += 1) {
    mixRegime(sweep, next, regime, isAlone);
    extendDown(sweep, from, next.low, 5 * rows.ages[regime]!);
    fillRegime(sweep, step, cells, regime, from);
  }
  return { low: step.low, width, cells };
};

/**
 * Backward dynamic programming over (steps left, slack, what runs, whether spot is there, age class of the spell,
 * regime): a semi-Markov decision process. Starts at the deadline; `growJobValues` works back from it.
 */
export const startJobValues = (problem: ValueProblem): JobValues => {
  const { stepSeconds } = problem.model;
  const rows = rowsOf(problem.model);
  const grid = slackGrid(stepSeconds, problem.changeoverSeconds, problem.slackSecondsMax);
  return { problem, grid, rows, bySteps: [sliceAtDeadline(rows)] };
};

export const growJobValues = (values: JobValues, steps: number): void => {
  const { bySteps } = values;
  const sweep = sweepOf(values);
  const last = Math.min(steps, values.problem.stepsMax);
  while (bySteps.length <= last) bySteps.push(sliceBefore(sweep, bySteps.at(-1)!, bySteps.length));
};
