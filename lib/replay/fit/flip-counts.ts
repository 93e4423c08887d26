import { AGE_CLASSES, type Regime } from '../../decisions/purchase/hazard-model.ts';
import type { Observed } from './stretches.ts';

/** Steps seen and spells ended, by age class: first those with spot, then those without. */
export interface FlipCounts {
  readonly steps: Float64Array;
  readonly flips: Float64Array;
}

export const noCounts = (): FlipCounts => ({
  steps: new Float64Array(2 * AGE_CLASSES),
  flips: new Float64Array(2 * AGE_CLASSES),
});

export const count = (counts: FlipCounts, observed: Observed, weight: number): void => {
  const cell = (observed.isAvailable ? 0 : AGE_CLASSES) + observed.ageClass;
  counts.steps[cell]! += weight;
  if (observed.hasFlipped) counts.flips[cell]! += weight;
};

/** What is expected where nothing was seen, and in how many steps that weighs. */
export interface Prior {
  readonly hazard: (cell: number) => number;
  readonly steps: number;
}

/** The chance that a spell ends, by age class; cells in which little was seen lean on the prior. */
export const hazardsOf = (counts: FlipCounts, prior: Prior): readonly number[] =>
  Array.from(
    counts.steps,
    (steps, cell) => (counts.flips[cell]! + prior.steps * prior.hazard(cell)) / (steps + prior.steps),
  );

export const byState = (hazards: readonly number[]): Pick<Regime, 'lossByAge' | 'returnByAge'> => ({
  lossByAge: hazards.slice(0, AGE_CLASSES),
  returnByAge: hazards.slice(AGE_CLASSES),
});
