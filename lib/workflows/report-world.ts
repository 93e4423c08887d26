import type { FleetName } from '../fleet/ids.ts';
import type { ReportCurrency } from '../money/currency.ts';
import type { Clock } from '../ports/clock.ts';
import type { FleetStore } from '../ports/fleets.ts';
import type { Mailer, MoneyLedger, Prices } from '../ports/money.ts';
import type { NewId } from '../ports/random.ts';
import type { TaskLedger } from '../ports/tasks.ts';
import type { Log, Metrics } from '../ports/telemetry.ts';

/** What a fleet file says about the reports of one fleet. */
export interface ReportSettings {
  /** Nobody: the report is stored and not mailed. */
  readonly recipients: readonly string[];
  /** The sender, verified in SES; present whenever there are recipients. */
  readonly from?: string;
  /** As EventBridge Scheduler reads it; how long a report's period is follows from it. */
  readonly schedule: string;
  /** IANA name: where its days begin. */
  readonly timeZone: string;
  readonly currency: ReportCurrency;
}

/** Everything the report may touch. It launches nothing, ends nothing and writes to the money ledger only. */
export interface ReportWorld {
  readonly clock: Clock;
  readonly newId: NewId;
  readonly money: Pick<MoneyLedger, 'runs' | 'putReport' | 'report' | 'markSending' | 'markSent'>;
  readonly tasks: Pick<TaskLedger, 'countEnded'>;
  /** Machines that have no closed run yet. */
  readonly fleets: Pick<FleetStore, 'read'>;
  readonly prices: Prices;
  readonly mailer: Mailer;
  readonly reports: ReadonlyMap<FleetName, ReportSettings>;
  readonly log: Log;
  readonly metrics: Metrics;
}

export const reportSettingsOf = (world: Pick<ReportWorld, 'reports'>, fleet: FleetName): ReportSettings => {
  const settings = world.reports.get(fleet);
  if (settings !== undefined) return settings;
  const known = [...world.reports.keys()].join(', ') || 'none';
  throw new Error(`No fleet ${JSON.stringify(fleet).slice(0, 80)} in the fleet file; it has: ${known}.`);
};
