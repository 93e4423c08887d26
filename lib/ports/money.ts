import type { FleetName, InstanceId, TaskId } from '../fleet/ids.ts';
import type { Pool } from '../fleet/pool.ts';
import type { EpochMs } from '../fleet/time.ts';

/** Who ended a machine decides what it cost (reliability B28). */
export type EndedBy = 'ec2' | 'us' | 'itself' | 'unknown';

/** One machine's life, closed: what the report is made of. */
export interface Run {
  readonly form: 1;
  readonly instanceId: InstanceId;
  readonly fleet: FleetName;
  readonly pool: Pool;
  readonly launchedAt: EpochMs;
  readonly endedAt: EpochMs;
  readonly endedBy: EndedBy;
  readonly interruption: 'warned' | 'unwarned' | 'none';
}

/** One attempt at one task that ended in a commit, for the cost of a task. */
export interface TaskEntry {
  readonly form: 1;
  readonly taskId: TaskId;
  readonly fleet: FleetName;
  readonly instanceId: InstanceId;
  readonly attempt: number;
  readonly reclaims: number;
  readonly failures: number;
  readonly runningMs: number;
  readonly at: EpochMs;
}

/** A price that was in force from `at` until the next entry of its pool; micro-USD per hour, integer. */
export interface PricePoint {
  readonly at: EpochMs;
  readonly microUsdPerHour: number;
}

/** Append-only. Entries have natural keys, so that writing one twice is writing it once. */
export interface MoneyLedger {
  putRun(run: Run): Promise<void>;
  runs(fleet: FleetName, from: EpochMs, to: EpochMs): Promise<readonly Run[]>;
  /** The plan as it was decided: the audit trail. */
  putPlan(entry: {
    readonly fleet: FleetName;
    readonly at: EpochMs;
    readonly id: string;
    readonly plan: string;
  }): Promise<void>;
  /** Stored once; a second report for the same period and fleet answers the first (M2). */
  putReport(entry: StoredReport): Promise<StoredReport>;
  report(fleet: FleetName, periodKey: string): Promise<StoredReport | undefined>;
  /** Answers how often the mail of this report has been sent, this time included. */
  markSending(fleet: FleetName, periodKey: string): Promise<number>;
}

export interface StoredReport {
  readonly form: 1;
  readonly fleet: FleetName;
  readonly periodKey: string;
  readonly reportId: string;
  readonly madeAt: EpochMs;
  /** The figures, serialised. */
  readonly content: string;
  readonly sentCount: number;
}

export interface Prices {
  /** Step series; the first point may lie before `from`: the last change before the start is in force at the start. */
  spotHistory(
    instanceTypes: readonly string[],
    zones: readonly string[],
    from: EpochMs,
    to: EpochMs,
  ): Promise<ReadonlyMap<string, readonly PricePoint[]>>;
  /** Micro-USD per hour by instance type; a type without a known price is absent, never 0. */
  onDemand(instanceTypes: readonly string[]): Promise<ReadonlyMap<string, number>>;
}

export interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  /** The whole message in MIME form. */
  readonly raw: Buffer;
}

export interface Mailer {
  send(mail: Mail): Promise<void>;
}

export type { Pool };
