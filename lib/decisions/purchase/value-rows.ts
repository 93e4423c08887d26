import { AGE_CLASSES, type HazardModel, type Regime } from './hazard-model.ts';

/** Where the values of each regime stand. A regime whose chances do not depend on age has one age class, not fourteen. */
export interface ValueRows {
  readonly count: number;
  /** First row of each regime. */
  readonly first: readonly number[];
  /** Age classes of each regime. */
  readonly ages: readonly number[];
}

/** Three modes while there is spot and two while there is none, in each age class. */
const STATES_AN_AGE = 5;
const UP_STATES = 3 * AGE_CLASSES;

const isConstant = (chances: readonly number[]): boolean => chances.every((chance) => chance === chances[0]);

const isAgeless = ({ lossByAge, returnByAge }: Regime): boolean => isConstant(lossByAge) && isConstant(returnByAge);

export const rowsOf = ({ regimes }: HazardModel): ValueRows => {
  const ages = regimes.map((regime) => (isAgeless(regime) ? 1 : AGE_CLASSES));
  let count = 0;
  const first = ages.map((classes) => {
    const from = count;
    count += STATES_AN_AGE * classes;
    return from;
  });
  return { count, first, ages };
};

/** The row of a state of a regime. */
export const rowIn = ({ first, ages }: ValueRows, regime: number, state: number): number => {
  const from = first[regime]!;
  if (ages[regime] === AGE_CLASSES) return from + state;
  return from + (state < UP_STATES ? state % 3 : 3 + ((state - UP_STATES) % 2));
};
