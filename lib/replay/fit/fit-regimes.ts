import { AGE_CLASSES, ageClassOf, type HazardModel, type Regime } from '../../decisions/purchase/hazard-model.ts';

/** One step of one pool whose age was known: what it was, how old its spell, and whether it ended. */
interface Observed {
  readonly isAvailable: boolean;
  readonly ageClass: number;
  readonly hasFlipped: boolean;
}

/** Availability step by step; `undefined` is a step that nobody observed. */
export type Availability = readonly (boolean | undefined)[];

/** Stretches without gaps, each from its first flip on: before it the age is unknown. */
export const stretchesOf = (series: Availability): readonly (readonly Observed[])[] => {
  const stretches: Observed[][] = [];
  let open: Observed[] | undefined;
  let age = 0;
  for (let step = 0; step + 1 < series.length; step += 1) {
    const now = series[step];
    const next = series[step + 1];
    if (now === undefined || next === undefined) {
      open = undefined;
      continue;
    }
    if (open !== undefined) open.push({ isAvailable: now, ageClass: ageClassOf(age), hasFlipped: next !== now });
    age += 1;
    if (next !== now) {
      age = 1;
      if (open === undefined) {
        open = [];
        stretches.push(open);
      }
    }
  }
  return stretches;
};

/** Counts that the pooled hazards weigh in each regime's own. */
const PRIOR_STEPS = 20;
const ROUNDS = 40;

const hazardOf = (regime: Regime, { isAvailable, ageClass }: Observed): number =>
  (isAvailable ? regime.lossByAge : regime.returnByAge)[ageClass]!;

const likelihood = (regime: Regime, observed: Observed): number => {
  const hazard = hazardOf(regime, observed);
  return observed.hasFlipped ? hazard : 1 - hazard;
};

interface Counts {
  readonly steps: Float64Array;
  readonly flips: Float64Array;
}

const countsOf = (): Counts => ({ steps: new Float64Array(2 * AGE_CLASSES), flips: new Float64Array(2 * AGE_CLASSES) });

const count = (counts: Counts, observed: Observed, weight: number): void => {
  const cell = (observed.isAvailable ? 0 : AGE_CLASSES) + observed.ageClass;
  counts.steps[cell]! += weight;
  if (observed.hasFlipped) counts.flips[cell]! += weight;
};

const hazardsOf = (counts: Counts, pooled: readonly number[] | undefined, priorSteps: number): number[] =>
  Array.from(counts.steps, (steps, cell) => {
    const prior = pooled === undefined ? 0.5 : pooled[cell]!;
    const weight = pooled === undefined ? 1 : priorSteps;
    return (counts.flips[cell]! + weight * prior) / (steps + weight);
  });

const split = (hazards: readonly number[]): Pick<Regime, 'lossByAge' | 'returnByAge'> => ({
  lossByAge: hazards.slice(0, AGE_CLASSES),
  returnByAge: hazards.slice(AGE_CLASSES),
});

/** Factors on loss and return from which the regimes start: plentiful, scarce, restless, sluggish, middling. */
const STARTS = [
  [0.5, 2],
  [2, 0.5],
  [2, 2],
  [0.5, 0.5],
  [1, 1],
  [0.25, 1],
  [1, 0.25],
] as const;

const scaled = (hazard: number, factor: number): number => Math.min(0.95, hazard * factor);

const startOf = (pooled: readonly number[], regimes: number, stepSeconds: number): HazardModel => ({
  stepSeconds,
  regimes: STARTS.slice(0, regimes).map(([loss, back]) => {
    const { lossByAge, returnByAge } = split(pooled);
    return {
      entryShare: 1 / regimes,
      redrawChance: 1 / 144,
      lossByAge: lossByAge.map((hazard) => scaled(hazard, regimes === 1 ? 1 : loss)),
      returnByAge: returnByAge.map((hazard) => scaled(hazard, regimes === 1 ? 1 : back)),
    };
  }),
});

interface Tally {
  readonly counts: readonly Counts[];
  readonly redraws: Float64Array;
  readonly entries: Float64Array;
  readonly steps: Float64Array;
  logLikelihood: number;
}

/** Forward and backward over one stretch; adds what it expects to the tally. */
const tallyStretch = (model: HazardModel, stretch: readonly Observed[], tally: Tally): void => {
  const { regimes } = model;
  const size = regimes.length;
  const length = stretch.length;
  const forward = new Float64Array((length + 1) * size);
  const scales = new Float64Array(length);
  const presence = regimes.map(({ entryShare, redrawChance }) => entryShare / redrawChance);
  const all = presence.reduce((sum, value) => sum + value, 0);
  presence.forEach((value, index) => {
    forward[index] = value / all;
  });
  for (let step = 0; step < length; step += 1) {
    let scale = 0;
    let drawn = 0;
    const seen = new Float64Array(size);
    for (let index = 0; index < size; index += 1) {
      seen[index] = forward[step * size + index]! * likelihood(regimes[index]!, stretch[step]!);
      scale += seen[index]!;
    }
    scales[step] = scale;
    for (let index = 0; index < size; index += 1) {
      seen[index]! /= scale;
      drawn += seen[index]! * regimes[index]!.redrawChance;
    }
    for (let index = 0; index < size; index += 1) {
      const { redrawChance, entryShare } = regimes[index]!;
      forward[(step + 1) * size + index] = seen[index]! * (1 - redrawChance) + drawn * entryShare;
    }
    tally.logLikelihood += Math.log(scale);
  }
  let backward = new Float64Array(size).fill(1);
  for (let step = length - 1; step >= 0; step -= 1) {
    const enters = regimes.reduce((sum, { entryShare }, index) => sum + entryShare * backward[index]!, 0);
    const before = new Float64Array(size);
    for (let index = 0; index < size; index += 1) {
      const { redrawChance } = regimes[index]!;
      const seen = (forward[step * size + index]! * likelihood(regimes[index]!, stretch[step]!)) / scales[step]!;
      const follows = (1 - redrawChance) * backward[index]! + redrawChance * enters;
      const weight = seen * follows;
      count(tally.counts[index]!, stretch[step]!, weight);
      tally.steps[index]! += weight;
      tally.redraws[index]! += seen * redrawChance * enters;
      for (let to = 0; to < size; to += 1) {
        tally.entries[to]! += seen * redrawChance * regimes[to]!.entryShare * backward[to]!;
      }
      before[index] = (likelihood(regimes[index]!, stretch[step]!) / scales[step]!) * follows;
    }
    backward = before;
  }
};

export interface FitOptions {
  readonly regimes: number;
  readonly stepSeconds: number;
  readonly priorSteps?: number;
  readonly redrawMin?: number;
}

/** Expectation–maximisation over hidden regimes; deterministic. */
export const fitRegimes = (series: readonly Availability[], options: FitOptions): HazardModel => {
  const stretches = series.flatMap(stretchesOf);
  const all = countsOf();
  for (const stretch of stretches) for (const observed of stretch) count(all, observed, 1);
  const pooled = hazardsOf(all, undefined, 0);
  let model = startOf(pooled, options.regimes, options.stepSeconds);
  for (let round = 0; round < (options.regimes === 1 ? 1 : ROUNDS); round += 1) {
    const tally: Tally = {
      counts: model.regimes.map(countsOf),
      redraws: new Float64Array(options.regimes),
      entries: new Float64Array(options.regimes),
      steps: new Float64Array(options.regimes),
      logLikelihood: 0,
    };
    for (const stretch of stretches) tallyStretch(model, stretch, tally);
    const entries = tally.entries.reduce((sum, value) => sum + value, 0);
    model = {
      stepSeconds: options.stepSeconds,
      regimes: model.regimes.map((_, index) => ({
        entryShare: (tally.entries[index]! + 0.01 * entries) / (entries * (1 + 0.01 * options.regimes)),
        redrawChance: Math.max(options.redrawMin ?? 1e-4, (tally.redraws[index]! + 0.1) / (tally.steps[index]! + 20)),
        ...split(hazardsOf(tally.counts[index]!, pooled, options.priorSteps ?? PRIOR_STEPS)),
      })),
    };
    if (process.env['FITLOG'] && round % 10 === 9) console.log(round, tally.logLikelihood);
  }
  return model;
};
