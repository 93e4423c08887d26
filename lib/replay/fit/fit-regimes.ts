import type { HazardModel } from '../../decisions/purchase/hazard-model.ts';
import { byState, count, hazardsOf, noCounts, type Prior } from './flip-counts.ts';
import { type Availability, type Observed, stretchesOf } from './stretches.ts';
import { emptyTally, type Tally, tallyStretch } from './tally.ts';

/** Steps that the pooled hazards weigh in each regime's own. */
const PRIOR_STEPS = 20;
const ROUNDS = 40;

/** A regime lasts some hours to begin with; what it lasts is learned. */
const FIRST_REDRAW_CHANCE = 1 / 144;
/** Without these a regime that is met once lasts for ever, and one that is not met is never met again. */
const REDRAW_CHANCE_MIN = 1e-4;
const REDRAW_PRIOR = { redraws: 0.1, steps: 20 };
const ENTRY_PRIOR = 0.01;
const HAZARD_MAX = 0.95;

/** Factors on loss and return from which the regimes start: plentiful, scarce, restless, sluggish, middling. */
const STARTS = [
  [0.5, 2],
  [2, 0.5],
  [2, 2],
  [0.5, 0.5],
  [1, 1],
] as const;

const startOf = (pooled: readonly number[], regimes: number, stepSeconds: number): HazardModel => {
  const { lossByAge, returnByAge } = byState(pooled);
  const scaled = (factor: number) => (hazard: number) => Math.min(HAZARD_MAX, hazard * factor);
  return {
    stepSeconds,
    regimes: STARTS.slice(0, regimes).map(([loss, back]) => ({
      entryShare: 1 / regimes,
      redrawChance: FIRST_REDRAW_CHANCE,
      lossByAge: lossByAge.map(scaled(loss)),
      returnByAge: returnByAge.map(scaled(back)),
    })),
  };
};

/** The model under which what was tallied is likeliest. */
const refitted = ({ stepSeconds, regimes }: HazardModel, tally: Tally, prior: Prior): HazardModel => {
  const entries = tally.entries.reduce((sum, value) => sum + value, 0);
  return {
    stepSeconds,
    regimes: regimes.map((_regime, index) => ({
      entryShare: (tally.entries[index]! + ENTRY_PRIOR * entries) / (entries * (1 + ENTRY_PRIOR * regimes.length)),
      redrawChance: Math.max(
        REDRAW_CHANCE_MIN,
        (tally.redraws[index]! + REDRAW_PRIOR.redraws) / (tally.steps[index]! + REDRAW_PRIOR.steps),
      ),
      ...byState(hazardsOf(tally.counts[index]!, prior)),
    })),
  };
};

export interface FitOptions {
  /** Hidden regimes, at most five. */
  readonly regimes: number;
  readonly stepSeconds: number;
}

const pooledHazards = (stretches: readonly (readonly Observed[])[]): readonly number[] => {
  const all = noCounts();
  for (const stretch of stretches) for (const observed of stretch) count(all, observed, 1);
  return hazardsOf(all, { hazard: () => 0.5, steps: 1 });
};

/** Expectation–maximisation over hidden regimes; deterministic. */
export const fitRegimes = (series: readonly Availability[], { regimes, stepSeconds }: FitOptions): HazardModel => {
  const stretches = series.flatMap(stretchesOf);
  const pooled = pooledHazards(stretches);
  const prior: Prior = { hazard: (cell) => pooled[cell]!, steps: PRIOR_STEPS };
  let model = startOf(pooled, regimes, stepSeconds);
  for (let round = 0; round < ROUNDS; round += 1) {
    const tally = emptyTally(regimes);
    for (const stretch of stretches) tallyStretch(model, stretch, tally);
    model = refitted(model, tally, prior);
  }
  return model;
};
