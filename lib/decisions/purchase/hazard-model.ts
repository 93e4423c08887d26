/**
 * How spot comes and goes in one pool. The pool is in one of a few hidden regimes (plentiful, scarce, restless, …); in
 * each, the chance that spot is lost or comes back in the next step depends on how long the present spell has lasted.
 * Real pools lose a fresh machine up to twenty times as often as an old one, so memoryless models are wrong.
 */
export interface HazardModel {
  readonly stepSeconds: number;
  readonly regimes: readonly Regime[];
}

export interface Regime {
  /** Share of the changes of regime that end in this one. */
  readonly entryShare: number;
  /** Chance in a step that the regime is drawn anew. */
  readonly redrawChance: number;
  /** Chance in a step that spot which is there is gone, by age of the spell. */
  readonly lossByAge: readonly number[];
  /** Chance in a step that spot which is gone is back, by age of the spell. */
  readonly returnByAge: readonly number[];
}

/** First age, in steps, of each age class; the last class has no end. */
export const AGE_CLASS_STARTS: readonly number[] = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 129];

export const AGE_CLASSES = AGE_CLASS_STARTS.length;

export const ageClassOf = (ageSteps: number): number => {
  let ageClass = 0;
  while (ageClass + 1 < AGE_CLASSES && ageSteps >= AGE_CLASS_STARTS[ageClass + 1]!) ageClass += 1;
  return ageClass;
};

/** Steps that a spell spends in an age class if it lasts; infinite for the last. */
export const stepsInAgeClass = (ageClass: number): number =>
  ageClass + 1 < AGE_CLASSES ? AGE_CLASS_STARTS[ageClass + 1]! - AGE_CLASS_STARTS[ageClass]! : Number.POSITIVE_INFINITY;

export const flipChance = (regime: Regime, isAvailable: boolean, ageClass: number): number =>
  (isAvailable ? regime.lossByAge : regime.returnByAge)[ageClass]!;

/** The chance that something of this chance in one step happens in so many. */
export const chanceIn = (chance: number, steps: number): number => (steps === 1 ? chance : 1 - (1 - chance) ** steps);

/** Steps that a spell spends in each age class on average, from its start. */
export const expectedStepsByAge = (flipChances: readonly number[]): readonly number[] => {
  let surviving = 1;
  return flipChances.map((chance, ageClass) => {
    const steps = stepsInAgeClass(ageClass);
    const survivesClass = Number.isFinite(steps) ? (1 - chance) ** steps : 0;
    const spent = chance > 0 ? (surviving * (1 - survivesClass)) / chance : surviving * steps;
    surviving *= survivesClass;
    return spent;
  });
};

/** What was learned from public traces, fitted at several lengths of step. */
export interface LearnedHazards {
  readonly regimes: readonly HazardModel[];
}

/** The model whose step is nearest to the wanted one, its chances scaled to it. */
export const hazardsAt = (models: readonly HazardModel[], stepSeconds: number): HazardModel => {
  const distance = (model: HazardModel): number => Math.abs(Math.log(model.stepSeconds / stepSeconds));
  const model = models.reduce((best, other) => (distance(other) < distance(best) ? other : best));
  const steps = stepSeconds / model.stepSeconds;
  const scaled = (chances: readonly number[]): number[] => chances.map((chance) => chanceIn(chance, steps));
  return {
    stepSeconds,
    regimes: model.regimes.map(({ entryShare, redrawChance, lossByAge, returnByAge }) => ({
      entryShare,
      redrawChance: chanceIn(redrawChance, steps),
      lossByAge: scaled(lossByAge),
      returnByAge: scaled(returnByAge),
    })),
  };
};
