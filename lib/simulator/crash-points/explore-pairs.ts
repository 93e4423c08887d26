import { seededRandom } from '../random.ts';
import { FAULT_OUTCOMES, type Fault } from './call-recorder.ts';
import type { ExploredFunctions } from './functions.ts';
import type { Scenario } from './scenario.ts';
import { playScenario, type StageRun } from './stage.ts';

/** One call of a scenario with one outcome, to be followed by every other. The campaign goes by its place in their list. */
export interface FirstFault {
  readonly scenario: Scenario;
  readonly fault: Fault;
}

export interface PairViolation {
  readonly scenario: string;
  readonly faults: readonly Fault[];
  /** Every function was run twice in a row. */
  readonly isRepeated?: true;
  readonly found: string;
}

export interface PairsExploration {
  /** Ordered pairs that were played. */
  readonly pairs: number;
  readonly runs: number;
  readonly violations: readonly PairViolation[];
}

/** Every call that every scenario makes, in each of the ways in which it can fail: always the same list. */
export const firstFaults = async (
  scenarios: readonly Scenario[],
  functions: ExploredFunctions,
): Promise<readonly FirstFault[]> => {
  const first: FirstFault[] = [];
  for (const scenario of scenarios) {
    const { sites } = await playScenario({ scenario, functions });
    for (const { call, nth } of sites) {
      for (const outcome of FAULT_OUTCOMES) first.push({ scenario, fault: { call, nth, outcome } });
    }
  }
  return first;
};

/**
 * All of them in an order of chance, the same for the same seed: any range of it is a sample of the whole, and the next range
 * is another one.
 */
export const inSeededOrder = (faults: readonly FirstFault[], seed: string): readonly FirstFault[] => {
  const { next } = seededRandom(`pairs ${seed}`);
  return faults
    .map((fault) => ({ fault, place: next() }))
    .toSorted((one, other) => one.place - other.place)
    .map(({ fault }) => fault);
};

/** Calls that are made after the last fault has struck, whatever they were to have been without it. */
const callsAfter = ({ sites, struck }: StageRun) => sites.slice((struck.at(-1) ?? sites.length) + 1);

/** Plays the first fault with everything done twice, and then with each call that follows it failing in each way. */
export const explorePairsOf = async (
  { scenario, fault }: FirstFault,
  functions: ExploredFunctions,
): Promise<PairsExploration> => {
  const violations: PairViolation[] = [];
  const note = (run: StageRun, told: Omit<PairViolation, 'found' | 'scenario'>): void => {
    for (const found of run.violations) violations.push({ scenario: scenario.name, ...told, found });
  };
  const alone = await playScenario({ scenario, functions, faults: [fault] });
  note(await playScenario({ scenario, functions, faults: [fault], isRepeated: true }), {
    faults: [fault],
    isRepeated: true,
  });
  let pairs = 0;
  for (const { call, nth } of callsAfter(alone)) {
    for (const outcome of FAULT_OUTCOMES) {
      const faults = [fault, { call, nth, outcome }];
      note(await playScenario({ scenario, functions, faults }), { faults });
      pairs += 1;
    }
  }
  return { pairs, runs: pairs + 2, violations };
};
