import type { FleetName } from '../fleet/ids.ts';
import type { Pool } from '../fleet/pool.ts';
import type { TaskCounts } from '../fleet/run.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { ReportCurrency } from './currency.ts';
import type { Amount, Sum } from './micros.ts';
import type { ReportPeriod } from './period.ts';

/** Machine time by what it cost: the three parts are the whole. */
export interface MachineTime {
  readonly spotMs: number;
  /** Spot that EC2 took within its first hour. */
  readonly freeMs: number;
  readonly onDemandMs: number;
}

/** What a set of runs cost, in micro-units of the report's currency. */
export interface Figures {
  readonly runCount: number;
  readonly time: MachineTime;
  readonly spent: Sum;
  /** The same machine time bought on demand. */
  readonly onDemandWouldBe: Sum;
  /** Of the runs for which both are known. */
  readonly saved: Sum;
  /** What those runs would have cost on demand: what `saved` is a share of. */
  readonly comparedMicros: number;
  readonly stillRunningCount: number;
  /** Of those, spot machines in their first hour, which EC2 may yet make free. */
  readonly provisionalCount: number;
}

export interface PoolLine extends Figures {
  readonly pool: Pool;
}

export interface Interruptions {
  readonly warned: number;
  readonly unwarned: number;
  readonly rebalances: number;
}

/** The figures of one period, complete: whoever renders them computes no money. Stored as JSON. */
export interface CostReport {
  readonly form: 1;
  readonly reportId: string;
  readonly fleet: FleetName;
  readonly period: ReportPeriod;
  readonly madeAt: EpochMs;
  readonly currency: ReportCurrency;
  readonly total: Figures;
  /** `saved` in hundredths of a percent of what on demand would have cost. */
  readonly savedBasisPoints: Amount;
  /** Every figure of `total` is the sum of these, to the micro-unit. */
  readonly pools: readonly PoolLine[];
  readonly interruptions: Interruptions;
  readonly tasks: TaskCounts;
  readonly costPerTaskMicros: Amount;
}
