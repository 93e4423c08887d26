/** What a job may run on in one tick: nothing, on demand, or spot in the pool of that index. */
export type Choice = 'idle' | 'on-demand' | number;

/** One job with a deadline, and what time and machines cost it. Seconds throughout; prices in dollars an hour. */
export interface JobRules {
  readonly tickSeconds: number;
  readonly workSeconds: number;
  /** Ticks from the start within which the work must be done. */
  readonly deadlineTicks: number;
  /** Paid from zero by every launch and every change of machine; it does not stack. */
  readonly changeoverSeconds: number;
  readonly onDemandPrice: number;
  /** The last tick is billed whole; otherwise only as much of it as was used. */
  readonly billsWholeTicks: boolean;
  /** A machine on spot is lost at the end of the tick in which its start-up ends, whatever its pool shows. */
  readonly isSpotDeadly?: boolean;
}

/** What the market shows of one window, tick by tick from the job's start, for each pool. */
export interface Market {
  readonly pools: readonly MarketPool[];
}

export interface MarketPool {
  readonly name: string;
  /** 1 where spot can be had. What was not observed counts as not available. */
  readonly available: Uint8Array;
  /** Dollars an hour, tick by tick. */
  readonly price: Float64Array;
  /** 1 where the price is told as well as charged; everywhere where nothing is said. */
  readonly isPriceKnown?: Uint8Array;
}

/** What a policy may know at the start of a tick: the past and the present, never the future. */
export interface JobView {
  readonly rules: JobRules;
  readonly market: Market;
  readonly tick: number;
  readonly workLeftSeconds: number;
  /** What runs now; a spot machine whose pool has just gone is not running any more. */
  readonly running: Choice;
  /** Start-up still to be paid by what runs. */
  readonly changeoverLeftSeconds: number;
}

/** A purchasing policy for one run of one job; it may remember what it has seen. */
export interface JobPolicy {
  choose(view: JobView): Choice;
}

/** Makes a fresh policy for every run, so that nothing is carried over from one to the next. */
export interface JobPolicyMaker {
  readonly name: string;
  /** Its choices stand even when the deadline is lost by them: its own rule is its safety net. */
  readonly guardsItself?: boolean;
  create(rules: JobRules): JobPolicy;
}

export interface JobOutcome {
  readonly cost: number;
  /** Work was left at the deadline. */
  readonly isMissed: boolean;
  readonly launches: number;
  /** What ran in each tick. */
  readonly choices: readonly Choice[];
}

export const isAvailable = ({ pools }: Market, pool: number, tick: number): boolean =>
  pools[pool]?.available[tick] === 1;
