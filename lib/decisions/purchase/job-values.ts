import { AGE_CLASSES, flipChance, type HazardModel, stepsInAgeClass } from './hazard-model.ts';

/** What the values are worked out for; prices in any currency, an hour. */
export interface ValueProblem {
  readonly model: HazardModel;
  readonly steps: number;
  readonly workSecondsMax: number;
  readonly unitSeconds: number;
  readonly changeoverSeconds: number;
  readonly spotPrice: number;
  readonly onDemandPrice: number;
}

/** What runs, as the values tell it apart. */
export type Mode = 0 | 1 | 2;
export const IDLE = 0;
export const ON_SPOT = 1;
export const ON_DEMAND = 2;

const STATES = 5 * AGE_CLASSES;

/** Work that cannot be done in time is worth so many times its on-demand price: more than any plan can save. */
const LATENESS = 10;

/**
 * Least expected cost to go, by backward dynamic programming over (steps left, work left, what runs, whether spot is
 * there, age class of the spell, regime): a semi-Markov decision process.
 */
export interface JobValues {
  readonly problem: ValueProblem;
  /** Cells of work per state. */
  readonly width: number;
  /** One array per number of steps left. */
  readonly bySteps: readonly Float32Array[];
}

export const stateOf = (isAvailable: boolean, ageClass: number, mode: Mode): number => {
  if (isAvailable) return 3 * ageClass + mode;
  return 3 * AGE_CLASSES + 2 * ageClass + (mode === ON_DEMAND ? 1 : 0);
};

/** Linear between the cells; nothing left costs nothing. */
const between = (cells: Float32Array, from: number, width: number, position: number): number => {
  if (position <= 0) return 0;
  if (position >= width - 1) return cells[from + width - 1]!;
  const cell = Math.floor(position);
  const share = position - cell;
  const low = cells[from + cell]!;
  return share === 0 ? low : low + (cells[from + cell + 1]! - low) * share;
};

export const valueOf = (values: JobValues, steps: number, regime: number, state: number, workSeconds: number): number => {
  if (workSeconds <= 0) return 0;
  const { width, bySteps, problem } = values;
  const from = (regime * STATES + state) * width;
  const position = workSeconds / problem.unitSeconds;
  const low = Math.min(Math.floor(steps), bySteps.length - 1);
  const value = between(bySteps[low]!, from, width, position);
  const share = steps - low;
  if (share <= 0 || low + 1 >= bySteps.length) return value;
  return value + (between(bySteps[low + 1]!, from, width, position) - value) * share;
};

class Sweep {
  readonly problem: ValueProblem;
  readonly width: number;
  readonly mixed: Float32Array;
  readonly stays: readonly Float32Array[];
  readonly flips: readonly Float32Array[];

  constructor(problem: ValueProblem) {
    this.problem = problem;
    this.width = Math.ceil((problem.workSecondsMax + problem.changeoverSeconds) / problem.unitSeconds) + 2;
    this.mixed = new Float32Array(STATES * this.width);
    this.stays = [0, 1, 2].map(() => new Float32Array(this.width));
    this.flips = [0, 1, 2].map(() => new Float32Array(this.width));
  }

  /** At the deadline all that is left is late. */
  last(): Float32Array {
    const { unitSeconds, onDemandPrice, model } = this.problem;
    const cells = new Float32Array(model.regimes.length * STATES * this.width);
    const late = (LATENESS * onDemandPrice * unitSeconds) / 3_600;
    for (let cell = 0; cell < cells.length; cell += 1) cells[cell] = late * (cell % this.width);
    return cells;
  }

  before(next: Float32Array, stepsLeft: number): Float32Array {
    const cells = new Float32Array(next.length);
    const { regimes } = this.problem.model;
    const drawn = new Float32Array(STATES * this.width);
    for (const [index, { entryShare }] of regimes.entries()) {
      const from = index * drawn.length;
      for (let cell = 0; cell < drawn.length; cell += 1) drawn[cell]! += entryShare * next[from + cell]!;
    }
    for (let regime = 0; regime < regimes.length; regime += 1) {
      const { redrawChance } = regimes[regime]!;
      const from = regime * drawn.length;
      for (let cell = 0; cell < drawn.length; cell += 1) {
        this.mixed[cell] = (1 - redrawChance) * next[from + cell]! + redrawChance * drawn[cell]!;
      }
      for (let ageClass = 0; ageClass < AGE_CLASSES; ageClass += 1) {
        this.state(cells, regime, true, ageClass, stepsLeft);
        this.state(cells, regime, false, ageClass, stepsLeft);
      }
    }
    return cells;
  }

  /** Fills, for one mode kept through the step, what follows when the spell lasts and when it ends, each with its chance. */
  follow(regime: number, isAvailable: boolean, ageClass: number, mode: Mode): void {
    const { width, mixed } = this;
    const chance = flipChance(this.problem.model.regimes[regime]!, isAvailable, ageClass);
    const ages = 1 / stepsInAgeClass(ageClass);
    const same = stateOf(isAvailable, ageClass, mode) * width;
    const older = stateOf(isAvailable, Math.min(ageClass + 1, AGE_CLASSES - 1), mode) * width;
    const other = stateOf(!isAvailable, 0, mode === ON_SPOT ? IDLE : mode) * width;
    const stays = this.stays[mode]!;
    const flips = this.flips[mode]!;
    const staysSame = (1 - chance) * (1 - ages);
    const staysOlder = (1 - chance) * ages;
    for (let cell = 0; cell < width; cell += 1) {
      stays[cell] = staysSame * mixed[same + cell]! + staysOlder * mixed[older + cell]!;
      flips[cell] = chance * mixed[other + cell]!;
    }
  }

  state(cells: Float32Array, regime: number, isAvailable: boolean, ageClass: number, stepsLeft: number): void {
    const { width, problem } = this;
    const { unitSeconds, changeoverSeconds, spotPrice, onDemandPrice, model } = problem;
    const step = model.stepSeconds;
    this.follow(regime, isAvailable, ageClass, IDLE);
    this.follow(regime, isAvailable, ageClass, ON_DEMAND);
    if (isAvailable) this.follow(regime, isAvailable, ageClass, ON_SPOT);
    const budget = (stepsLeft - 1) * step;
    const base = regime * STATES;
    const idleAt = (base + stateOf(isAvailable, ageClass, IDLE)) * width;
    const demandAt = (base + stateOf(isAvailable, ageClass, ON_DEMAND)) * width;
    const spotAt = (base + stateOf(isAvailable, ageClass, ON_SPOT)) * width;
    const [idleStays, spotStays, demandStays] = this.stays as readonly [Float32Array, Float32Array, Float32Array];
    const [idleFlips, spotFlips, demandFlips] = this.flips as readonly [Float32Array, Float32Array, Float32Array];
    const spotSecond = spotPrice / 3_600;
    const demandSecond = onDemandPrice / 3_600;
    const stepCells = step / unitSeconds;
    const freshCells = (step - changeoverSeconds) / unitSeconds;
    const freshDone = Math.max(0, freshCells);
    const limit = Math.min(width - 1, Math.ceil((stepsLeft * step) / unitSeconds) + 1);
    const late = (LATENESS * onDemandPrice * unitSeconds) / 3_600;
    for (let cell = 1; cell < width; cell += 1) {
      if (cell > limit) {
        const value = cells[idleAt + limit]! + late * (cell - limit);
        cells[idleAt + cell] = value;
        cells[demandAt + cell] = value;
        if (isAvailable) cells[spotAt + cell] = value;
        continue;
      }
      const work = cell * unitSeconds;
      const freshUsed = Math.min(step, work + changeoverSeconds);
      const stayUsed = Math.min(step, work);
      const demandFresh =
        demandSecond * freshUsed +
        between(demandStays, 0, width, cell - freshCells) +
        between(demandFlips, 0, width, cell - freshCells);
      const demandStay =
        demandSecond * stayUsed +
        between(demandStays, 0, width, cell - stepCells) +
        between(demandFlips, 0, width, cell - stepCells);
      const mayIdle = changeoverSeconds + work <= budget;
      const idle = mayIdle ? idleStays[cell]! + idleFlips[cell]! : Number.POSITIVE_INFINITY;
      let spotFresh = Number.POSITIVE_INFINITY;
      let spotStay = Number.POSITIVE_INFINITY;
      if (isAvailable) {
        const leftFresh = work - freshDone * unitSeconds;
        if (leftFresh <= 0 || changeoverSeconds + leftFresh <= budget) {
          spotFresh =
            spotSecond * freshUsed +
            between(spotStays, 0, width, cell - freshCells) +
            between(spotFlips, 0, width, cell - freshDone);
        }
        const leftStay = work - step;
        if (leftStay <= 0 || changeoverSeconds + leftStay <= budget) {
          spotStay =
            spotSecond * stayUsed +
            between(spotStays, 0, width, cell - stepCells) +
            between(spotFlips, 0, width, cell - stepCells);
        }
      }
      const anew = Math.min(idle, spotFresh);
      cells[idleAt + cell] = Math.min(anew, demandFresh);
      cells[demandAt + cell] = Math.min(anew, demandStay);
      if (isAvailable) cells[spotAt + cell] = Math.min(idle, spotStay, demandFresh);
    }
  }
}

export const solveJobValues = (problem: ValueProblem): JobValues => {
  const sweep = new Sweep(problem);
  const bySteps = [sweep.last()];
  for (let steps = 1; steps <= problem.steps; steps += 1) bySteps.push(sweep.before(bySteps[steps - 1]!, steps));
  return { problem, width: sweep.width, bySteps };
};
