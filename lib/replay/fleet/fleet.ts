/** A pool and how many machines of it could be had, step by step. */
export interface CountedPool {
  readonly name: string;
  readonly counts: Float64Array;
}

export interface FleetMarket {
  readonly pools: readonly CountedPool[];
}

/** A fleet that must stay up. Prices in dollars an hour, or shares of on-demand. */
export interface FleetRules {
  readonly workers: number;
  /** How often the market and the policy act. */
  readonly stepSeconds: number;
  /** From launch to ready. */
  readonly coldStartSeconds: number;
  /** How long beforehand a loss is told; 0 for never. */
  readonly warningSeconds: number;
  readonly spotPrice: number;
  readonly onDemandPrice: number;
}

export type FleetPlace = 'on-demand' | number;

export interface FleetMachine {
  readonly id: number;
  readonly place: FleetPlace;
  readonly launchedAtSeconds: number;
  readonly readyAtSeconds: number;
}

/** What a policy may know: its own machines, and how its own requests went; never a pool's count. */
export interface FleetView {
  readonly rules: FleetRules;
  readonly poolNames: readonly string[];
  readonly nowSeconds: number;
  readonly machines: readonly FleetMachine[];
  /** Machines that have been told that they will be taken. */
  readonly warned: ReadonlySet<number>;
  /** Taken at the start of this step; only in the first round of a step. */
  readonly lost: readonly FleetMachine[];
  /** What became of the requests of the round before, in this same step. */
  readonly answers: readonly LaunchAnswer[];
}

export interface LaunchRequest {
  readonly place: FleetPlace;
  readonly count: number;
}

export interface LaunchAnswer extends LaunchRequest {
  readonly granted: number;
}

export interface FleetPlan {
  readonly launch: readonly LaunchRequest[];
  readonly release: readonly number[];
}

export interface FleetPolicy {
  decide(view: FleetView): FleetPlan;
}

export interface FleetPolicyMaker {
  readonly name: string;
  create(rules: FleetRules): FleetPolicy;
}

export interface FleetOutcome {
  readonly cost: number;
  readonly launches: number;
  /** Share of the steps in which all workers were ready. */
  readonly availability: number;
  /** Share of the work that a full fleet would have done. */
  readonly throughput: number;
  /** What the least possible would have cost, with no start-up and all known. */
  readonly leastCost: number;
  readonly onDemandCost: number;
  readonly steps: readonly FleetStep[];
}

export interface FleetStep {
  readonly ready: number;
  readonly spot: number;
  readonly onDemand: number;
}

export const isReady = ({ readyAtSeconds }: FleetMachine, nowSeconds: number): boolean => readyAtSeconds <= nowSeconds;
