import type { FleetName } from '../fleet/ids.ts';
import type { Pool } from '../fleet/pool.ts';
import type { PricePoint, Run } from '../fleet/run.ts';
import type { EpochMs } from '../fleet/time.ts';

/** Append-only. Entries have natural keys, so that writing one twice is writing it once: the first stands. */
export interface MoneyLedger {
  /** Kept under the UTC day of its end. */
  putRun(run: Run): Promise<void>;
  /** Runs that ended within the half-open interval, whenever they began. */
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
  /** Written before the mail goes out. Answers how many sendings have begun, this one included. */
  markSending(fleet: FleetName, periodKey: string): Promise<number>;
  /** Written after the mailer took the mail. A sending that began and was not marked may or may not have arrived. */
  markSent(fleet: FleetName, periodKey: string, at: EpochMs): Promise<void>;
}

export interface StoredReport {
  readonly form: 1;
  readonly fleet: FleetName;
  readonly periodKey: string;
  readonly reportId: string;
  readonly madeAt: EpochMs;
  /** The figures, serialised. */
  readonly content: string;
  /** Sendings begun. */
  readonly sentCount: number;
  /** When the mailer last took the mail. */
  readonly sentAt?: EpochMs;
}

export interface Prices {
  /**
   * Step series by `spotSeriesKey` (`<instance type>/<zone>`), each in order of time. The first point may lie before
   * `from`: the last change before the start is in force at the start. A series without any point is absent.
   */
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
  /** Resolves when the service took the mail; rejects otherwise. */
  send(mail: Mail): Promise<void>;
}

export type { EndedBy, PricePoint, Run, TaskCounts } from '../fleet/run.ts';
export type { Pool };
