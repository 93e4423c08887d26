import { compareDecisions, type DecisionsTried } from '../decision-table.ts';

/** A case in words, what the code answers to it, and the answer of the rule, worked out by hand. */
export interface ToldCase {
  readonly of: string;
  readonly decided: () => string;
  readonly due: string;
}

/** Asks the code about cases whose answers are written beside them. */
export const compareTold = (cases: readonly ToldCase[]): DecisionsTried =>
  compareDecisions(
    cases,
    ({ decided }) => decided(),
    ({ due }) => due,
  );

/** Several kinds of cases of one table together. */
export const triedTogether = (...tried: readonly DecisionsTried[]): DecisionsTried => ({
  cases: tried.reduce((sum, { cases }) => sum + cases, 0),
  differences: tried.flatMap(({ differences }) => differences),
});
