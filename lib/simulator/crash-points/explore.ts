import type { MemoryWorld } from '../ports/memory-world.ts';
import { type CallSite, FAULT_OUTCOMES, type Fault, type FaultOutcome } from './call-recorder.ts';
import type { ExploredFunctions } from './functions.ts';
import type { Scenario } from './scenario.ts';
import { playScenario, type StageOptions } from './stage.ts';

/** One call of the outside world, with what was tried at it. */
export interface ExploredSite extends CallSite {
  readonly scenario: string;
  readonly outcomes: readonly FaultOutcome[];
  /** Everything held after each of the outcomes. */
  readonly held: boolean;
}

export interface Violation {
  readonly scenario: string;
  /** Absent when it was violated without any fault, or with every step done twice. */
  readonly fault?: Fault;
  readonly found: string;
}

export interface Exploration {
  readonly sites: readonly ExploredSite[];
  readonly scenarios: readonly string[];
  readonly sitesCount: number;
  readonly runs: number;
  readonly violations: readonly Violation[];
}

export interface ExploreOptions {
  readonly scenarios: readonly Scenario[];
  readonly functions: ExploredFunctions;
  readonly breaks?: (memory: MemoryWorld) => MemoryWorld;
  /** Told of each scenario once it has been explored. */
  readonly onScenario?: (scenario: string, sites: readonly ExploredSite[], violations: readonly Violation[]) => void;
}

type Player = (changes: Pick<StageOptions, 'faults' | 'isRepeated'>) => ReturnType<typeof playScenario>;

const NOT_STRUCK = 'the same scenario makes the same calls: this one was not made again';

const exploreSite = async (scenario: Scenario, site: CallSite, play: Player): Promise<Violation[]> => {
  const violations: Violation[] = [];
  for (const outcome of FAULT_OUTCOMES) {
    const fault: Fault = { call: site.call, nth: site.nth, outcome };
    const run = await play({ faults: [fault] });
    const found = run.struck.length === 1 ? run.violations : [NOT_STRUCK, ...run.violations];
    violations.push(...found.map((what) => ({ scenario: scenario.name, fault, found: what })));
  }
  return violations;
};

interface ScenarioExploration {
  readonly sites: readonly ExploredSite[];
  readonly violations: readonly Violation[];
  readonly runs: number;
}

/** Once as it is, once with every step done twice, and once for each call and outcome. */
const exploreScenario = async (scenario: Scenario, play: Player): Promise<ScenarioExploration> => {
  const plain = await play({});
  const repeated = await play({ isRepeated: true });
  const whole = [...plain.violations, ...repeated.violations.map((found) => `with every step done twice: ${found}`)];
  const violations: Violation[] = whole.map((found) => ({ scenario: scenario.name, found }));
  const sites: ExploredSite[] = [];
  for (const site of plain.sites) {
    const ofSite = await exploreSite(scenario, site, play);
    violations.push(...ofSite);
    sites.push({ scenario: scenario.name, ...site, outcomes: FAULT_OUTCOMES, held: ofSite.length === 0 });
  }
  return { sites, violations, runs: 2 + sites.length * FAULT_OUTCOMES.length };
};

/**
 * Fails every outside call of every scenario, in each of the ways in which a call can fail, one at a time; lets the
 * world recover by the retries that it has when deployed; and judges what became of it.
 */
export const exploreCrashPoints = async (options: ExploreOptions): Promise<Exploration> => {
  const { scenarios, functions, breaks, onScenario } = options;
  const explored: ScenarioExploration[] = [];
  for (const scenario of scenarios) {
    const play: Player = (changes) => playScenario({ scenario, functions, ...(breaks ? { breaks } : {}), ...changes });
    const result = await exploreScenario(scenario, play);
    explored.push(result);
    onScenario?.(scenario.name, result.sites, result.violations);
  }
  const sites = explored.flatMap((result) => result.sites);
  return {
    sites,
    scenarios: scenarios.map(({ name }) => name),
    sitesCount: sites.length,
    runs: explored.reduce((sum, result) => sum + result.runs, 0),
    violations: explored.flatMap((result) => result.violations),
  };
};
