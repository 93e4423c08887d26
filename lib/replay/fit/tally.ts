import type { HazardModel, Regime } from '../../decisions/purchase/hazard-model.ts';
import { count, type FlipCounts, noCounts } from './flip-counts.ts';
import type { Observed } from './stretches.ts';

/** What a model expects to have happened in what was observed. */
export interface Tally {
  /** By regime. */
  readonly counts: readonly FlipCounts[];
  readonly redraws: Float64Array;
  readonly entries: Float64Array;
  readonly steps: Float64Array;
}

export const emptyTally = (regimes: number): Tally => ({
  counts: Array.from({ length: regimes }, noCounts),
  redraws: new Float64Array(regimes),
  entries: new Float64Array(regimes),
  steps: new Float64Array(regimes),
});

const likelihood = ({ lossByAge, returnByAge }: Regime, { isAvailable, ageClass, hasFlipped }: Observed): number => {
  const hazard = (isAvailable ? lossByAge : returnByAge)[ageClass]!;
  return hasFlipped ? hazard : 1 - hazard;
};

/** How likely each regime is before anything was observed. */
const firstShares = ({ regimes }: HazardModel): Float64Array => {
  const presence = regimes.map(({ entryShare, redrawChance }) => entryShare / redrawChance);
  const all = presence.reduce((sum, value) => sum + value, 0);
  return Float64Array.from(presence, (value) => value / all);
};

/** How likely each regime is before each step, from what came before; and how likely each step was. */
interface Forward {
  readonly shares: readonly Float64Array[];
  readonly scales: Float64Array;
}

const forwardOver = (model: HazardModel, stretch: readonly Observed[]): Forward => {
  const { regimes } = model;
  const shares = [firstShares(model)];
  const scales = new Float64Array(stretch.length);
  for (const [step, observed] of stretch.entries()) {
    const before = shares[step]!;
    const seen = before.map((share, index) => share * likelihood(regimes[index]!, observed));
    const scale = seen.reduce((sum, value) => sum + value, 0);
    const now = seen.map((value) => value / scale);
    const drawn = now.reduce((sum, value, index) => sum + value * regimes[index]!.redrawChance, 0);
    shares.push(
      now.map((value, index) => value * (1 - regimes[index]!.redrawChance) + drawn * regimes[index]!.entryShare),
    );
    scales[step] = scale;
  }
  return { shares, scales };
};

/** What comes after a step, given each regime during it; returns the same for the step before. */
const tallyStep = (
  { regimes }: HazardModel,
  observed: Observed,
  shares: Float64Array,
  scale: number,
  after: Float64Array,
  tally: Tally,
): Float64Array => {
  const enters = regimes.reduce((sum, { entryShare }, index) => sum + entryShare * after[index]!, 0);
  return after.map((following, index) => {
    const { redrawChance } = regimes[index]!;
    const likely = likelihood(regimes[index]!, observed);
    const seen = (shares[index]! * likely) / scale;
    const follows = (1 - redrawChance) * following + redrawChance * enters;
    count(tally.counts[index]!, observed, seen * follows);
    tally.steps[index]! += seen * follows;
    tally.redraws[index]! += seen * redrawChance * enters;
    for (let to = 0; to < regimes.length; to += 1) {
      tally.entries[to]! += seen * redrawChance * regimes[to]!.entryShare * after[to]!;
    }
    return (likely / scale) * follows;
  });
};

/** Forward and backward over one stretch (Baum–Welch); adds what the model expects to the tally. */
export const tallyStretch = (model: HazardModel, stretch: readonly Observed[], tally: Tally): void => {
  const { shares, scales } = forwardOver(model, stretch);
  let after: Float64Array = new Float64Array(model.regimes.length).fill(1);
  for (let step = stretch.length - 1; step >= 0; step -= 1) {
    after = tallyStep(model, stretch[step]!, shares[step]!, scales[step]!, after, tally);
  }
};
