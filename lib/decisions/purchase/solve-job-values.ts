import { chanceIn, stepsInAgeClass } from './hazard-model.ts';
import type { JobValues, Slice, ValueProblem } from './job-values.ts';
import { slackGrid } from './slack-grid.ts';
import { rowsOf } from './value-rows.ts';
import { emptySlices, extendDown, priceStep, type Step, type Sweep, stepOf, sweepOf } from './value-sweep.ts';

/** Changes of regime are rare enough to be drawn every so many steps, for all of them at once. */
const REDRAW_STEPS = 4;

/** What follows a change of regime, whatever the regime was. */
const drawAnew = ({ rows, drawn, entryShares }: Sweep, { width, cells }: Slice): void => {
  drawn.fill(0);
  for (const [regime, share] of entryShares.entries()) {
    if (share === 0) continue;
    const from = rows.first[regime]! * width;
    const count = 5 * rows.ages[regime]! * width;
    for (let cell = 0; cell < count; cell += 1) drawn[cell]! += share * cells[from + cell]!;
  }
};

/** The next values of one regime. */
interface Following {
  readonly low: number;
  readonly width: number;
  readonly cells: Float32Array;
  /** Where its rows begin among the cells. */
  readonly first: number;
}

/** One regime's values a step later. */
const followingOf = (sweep: Sweep, next: Slice, regime: number, redrawChance: number): Following => {
  const { low, width, cells } = next;
  const { rows, mixed, drawn } = sweep;
  const from = rows.first[regime]! * width;
  if (redrawChance === 0) return { low, width, cells, first: from };
  const kept = 1 - redrawChance;
  const count = 5 * rows.ages[regime]! * width;
  for (let cell = 0; cell < count; cell += 1) mixed[cell] = kept * cells[from + cell]! + redrawChance * drawn[cell]!;
  return { low, width, cells: mixed, first: 0 };
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

/** The points that a step looks at. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** What follows each way to spend a step while there is spot. Rows of an age class: idle, on spot, on demand. */
const expectUp = (sweep: Sweep, following: Following, span: Span, spell: Spell, ageClass: number, downAt: number) => {
  const { idle, demand, lasts, ends } = sweep;
  const { cells, low, width, first } = following;
  const { same, older, ends: chance, nextClass } = spell;
  const { from, to } = span;
  let now = first + 3 * ageClass * width + from - low;
  let later = first + 3 * nextClass * width + from - low;
  let lost = first + downAt * width + from - low;
  for (let point = from; point < to; point += 1, now += 1, later += 1, lost += 1) {
    const ended = chance * cells[lost]!;
    ends[point] = ended;
    idle[point] = same * cells[now]! + older * cells[later]! + ended;
    lasts[point] = same * cells[now + width]! + older * cells[later + width]!;
    demand[point] = same * cells[now + 2 * width]! + older * cells[later + 2 * width]! + chance * cells[lost + width]!;
  }
};

/** The same while there is none. Rows of an age class: idle, on demand. */
const expectDown = (sweep: Sweep, following: Following, span: Span, spell: Spell, ageClass: number, downAt: number) => {
  const { idle, demand } = sweep;
  const { cells, low, width, first } = following;
  const { same, older, ends: chance, nextClass } = spell;
  const { from, to } = span;
  let now = first + (downAt + 2 * ageClass) * width + from - low;
  let later = first + (downAt + 2 * nextClass) * width + from - low;
  let back = first + from - low;
  for (let point = from; point < to; point += 1, now += 1, later += 1, back += 1) {
    idle[point] = same * cells[now]! + older * cells[later]! + chance * cells[back]!;
    demand[point] = same * cells[now + width]! + older * cells[later + width]! + chance * cells[back + 2 * width]!;
  }
};

/** Lowest cost of each state of an age class with spot; `row` is its first. */
const chooseUp = (sweep: Sweep, { low, high }: Step, { cells, low: first, width }: Slice, row: number): void => {
  const { problem, grid, costs, idle, demand, lasts, ends, idleFrom, launchFrom, stayFrom } = sweep;
  const { spot, demand: demandNow, freshSpot, freshDemand } = costs;
  const { index: freshIndex, share: freshShare } = sweep.afterChangeover;
  const { index: idleIndex, share: idleShare } = sweep.afterIdling;
  const isLong = problem.changeoverSeconds > grid.stepSeconds;
  const { index: endIndex, share: endShare } = isLong ? sweep.afterIdling : sweep.afterChangeover;
  for (let point = low, cell = row * width + low - first; point < high; point += 1, cell += 1) {
    const after = freshIndex[point]!;
    const part = freshShare[point]!;
    const followed = demand[after]!;
    const onDemand = freshDemand[point]! + followed + part * (demand[after + 1]! - followed);
    let idling = Number.POSITIVE_INFINITY;
    if (point >= idleFrom) {
      const waited = idleIndex[point]!;
      const before = idle[waited]!;
      idling = before + idleShare[point]! * (idle[waited + 1]! - before);
    }
    let launching = idling;
    if (point >= launchFrom) {
      const ended = endIndex[point]!;
      const lasting = lasts[after]!;
      const ending = ends[ended]!;
      const onSpot =
        freshSpot[point]! +
        lasting +
        part * (lasts[after + 1]! - lasting) +
        ending +
        endShare[point]! * (ends[ended + 1]! - ending);
      if (onSpot < launching) launching = onSpot;
    }
    let staying = idling < onDemand ? idling : onDemand;
    if (point >= stayFrom) {
      const onSpot = spot[point]! + lasts[point]! + ends[point]!;
      if (onSpot < staying) staying = onSpot;
    }
    const keeping = demandNow[point]! + demand[point]!;
    cells[cell] = launching < onDemand ? launching : onDemand;
    cells[cell + width] = staying;
    cells[cell + 2 * width] = launching < keeping ? launching : keeping;
  }
};

/** The same without spot. */
const chooseDown = (sweep: Sweep, { low, high }: Step, { cells, low: first, width }: Slice, row: number): void => {
  const { costs, idle, demand, idleFrom } = sweep;
  const { demand: demandNow, freshDemand } = costs;
  const { index: freshIndex, share: freshShare } = sweep.afterChangeover;
  const { index: idleIndex, share: idleShare } = sweep.afterIdling;
  for (let point = low, cell = row * width + low - first; point < high; point += 1, cell += 1) {
    const after = freshIndex[point]!;
    const followed = demand[after]!;
    const launching = freshDemand[point]! + followed + freshShare[point]! * (demand[after + 1]! - followed);
    const keeping = demandNow[point]! + demand[point]!;
    let idling = Number.POSITIVE_INFINITY;
    if (point >= idleFrom) {
      const waited = idleIndex[point]!;
      const before = idle[waited]!;
      idling = before + idleShare[point]! * (idle[waited + 1]! - before);
    }
    cells[cell] = idling < launching ? idling : launching;
    cells[cell + width] = idling < keeping ? idling : keeping;
  }
};

const fillRegime = (sweep: Sweep, step: Step, slice: Slice, regime: number, following: Following): void => {
  const { rows, problem, length } = sweep;
  const { lossByAge, returnByAge } = problem.model.regimes[regime]!;
  const ages = rows.ages[regime]!;
  const downAt = 3 * ages;
  const first = rows.first[regime]!;
  const span = { from: slice.low, to: Math.min(length, step.high + 1) };
  for (let age = 0; age < ages; age += 1) {
    expectUp(sweep, following, span, spellOf(lossByAge, age, ages), age, downAt);
    chooseUp(sweep, step, slice, first + 3 * age);
    expectDown(sweep, following, span, spellOf(returnByAge, age, ages), age, downAt);
    chooseDown(sweep, step, slice, first + downAt + 2 * age);
  }
};

/** How likely each regime is drawn anew in this step; never one that leads nowhere else. */
const redrawChances = ({ problem, rows, entryShares }: Sweep, stepsLeft: number): readonly number[] => {
  const isDue = stepsLeft % REDRAW_STEPS === 0 && entryShares.filter((share) => share > 0).length > 1;
  return problem.model.regimes.map(({ redrawChance }, regime) =>
    isDue && rows.ages[regime]! > 1 ? chanceIn(redrawChance, REDRAW_STEPS) : 0,
  );
};

/** Fills a slice from the one with a step less left. */
const fillSlice = (sweep: Sweep, next: Slice, slice: Slice, stepsLeft: number): void => {
  const step = stepOf(sweep, stepsLeft);
  const chances = redrawChances(sweep, stepsLeft);
  priceStep(sweep, step);
  if (chances.some((chance) => chance > 0)) drawAnew(sweep, next);
  for (const [regime, chance] of chances.entries()) {
    fillRegime(sweep, step, slice, regime, followingOf(sweep, next, regime, chance));
  }
  extendDown(sweep, slice, step);
};

/**
 * Backward dynamic programming over (steps left, slack, what runs, whether spot is there, age class of the spell,
 * regime): a semi-Markov decision process. `growJobValues` works back from the deadline, where nothing is left, or it is
 * late; what is late is added where the slack is found negative.
 */
export const startJobValues = (problem: ValueProblem): JobValues => {
  const { stepSeconds } = problem.model;
  const rows = rowsOf(problem.model);
  const grid = slackGrid(stepSeconds, problem.changeoverSeconds, problem.slackSecondsMax);
  return { problem, grid, rows, bySteps: [] };
};

export const growJobValues = (values: JobValues, steps: number): void => {
  const { bySteps } = values;
  const sweep = sweepOf(values);
  for (const slice of emptySlices(sweep, bySteps.length, Math.min(steps, values.problem.stepsMax))) {
    const next = bySteps.at(-1);
    if (next !== undefined) fillSlice(sweep, next, slice, bySteps.length);
    bySteps.push(slice);
  }
};
