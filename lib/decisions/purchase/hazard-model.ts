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

/** What was learned from public traces, fitted at several lengths of step, and markets of another kind. */
export interface LearnedHazards {
  readonly regimes: readonly HazardModel[];
  readonly memoryless?: MemorylessMarkets;
}

/** Markets in which no spell is the safer for having lasted. */
export interface MemorylessMarkets {
  /** How likely a market is to be one of them, before anything was seen of it. */
  readonly share: number;
  /** How long a market is taken to stay of its kind. */
  readonly staySeconds: number;
  /** How long spot lasts, and how long it is away; every pair of the two is a market. */
  readonly lifeSeconds: readonly number[];
  readonly gapSeconds: readonly number[];
}

const MIDDLE_OF_LAST_CLASS = 1.5;

/** Steps in the middle of an age class. */
const middleOf = (ageClass: number): number => {
  const start = AGE_CLASS_STARTS[ageClass]!;
  const next = AGE_CLASS_STARTS[ageClass + 1];
  return next === undefined ? MIDDLE_OF_LAST_CLASS * start : (start + next - 1) / 2;
};

/** The model with another step: what was learned of a spell of so many seconds, whatever its age is in steps. */
const atStep = ({ regimes, stepSeconds: fitted }: HazardModel, stepSeconds: number): HazardModel => {
  const steps = stepSeconds / fitted;
  const scaled = (chances: readonly number[]): number[] =>
    chances.map((_chance, ageClass) => chanceIn(chances[ageClassOf(middleOf(ageClass) * steps)]!, steps));
  return {
    stepSeconds,
    regimes: regimes.map(({ entryShare, redrawChance, lossByAge, returnByAge }) => ({
      entryShare,
      redrawChance: chanceIn(redrawChance, steps),
      lossByAge: scaled(lossByAge),
      returnByAge: scaled(returnByAge),
    })),
  };
};

const constant = (chance: number): readonly number[] => AGE_CLASS_STARTS.map(() => chance);

const memorylessRegimes = (markets: MemorylessMarkets, stepSeconds: number): readonly Regime[] => {
  const { share, staySeconds, lifeSeconds, gapSeconds } = markets;
  const within = (seconds: number): number => 1 - Math.exp(-stepSeconds / seconds);
  return lifeSeconds.flatMap((life) =>
    gapSeconds.map((gap) => ({
      entryShare: share / (lifeSeconds.length * gapSeconds.length),
      redrawChance: within(staySeconds),
      lossByAge: constant(within(life)),
      returnByAge: constant(within(gap)),
    })),
  );
};

/** The model that was fitted at the step nearest to the wanted one, brought to it, and the markets of another kind. */
export const hazardsAt = ({ regimes: models, memoryless }: LearnedHazards, stepSeconds: number): HazardModel => {
  const distance = (model: HazardModel): number => Math.abs(Math.log(model.stepSeconds / stepSeconds));
  const learned = atStep(
    models.reduce((best, other) => (distance(other) < distance(best) ? other : best)),
    stepSeconds,
  );
  if (memoryless === undefined) return learned;
  const entered = learned.regimes.map((regime) => ({
    ...regime,
    entryShare: (1 - memoryless.share) * regime.entryShare,
  }));
  return { stepSeconds, regimes: [...entered, ...memorylessRegimes(memoryless, stepSeconds)] };
};
