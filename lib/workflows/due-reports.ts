import type { FleetName } from '../fleet/ids.ts';
import { lastCompletePeriod, periodBefore, type ReportPeriod } from '../money/period.ts';
import { scheduleKind } from '../money/schedule-kind.ts';
import type { StoredReport } from '../ports/money.ts';
import { throwFirstFailure, valuesOf } from './in-parallel.ts';
import { makeReport, type ReportOutcome } from './report.ts';
import { type ReportSettings, type ReportWorld, reportSettingsOf } from './report-world.ts';

/** A week of days and one more: what a scheduler that was away is made up for without anybody asking. */
const PERIODS_LOOKED_BACK_MAX = 8;

/**
 * Reports every period that is over and has not been reported: the last one, and those before it that a skipped or late
 * schedule left out (B27, F119). A fleet without any report yet starts with the last period. Answers the newest last.
 */
export const makeDueReports = async (world: ReportWorld, fleet: FleetName): Promise<readonly ReportOutcome[]> => {
  const settled: PromiseSettledResult<ReportOutcome>[] = [];
  for (const period of await duePeriods(world, fleet)) {
    settled.push(...(await Promise.allSettled([makeReport(world, { fleet, period })])));
  }
  throwFirstFailure(settled);
  return valuesOf(settled);
};

/** Oldest first, the last complete period always among them. */
const duePeriods = async (world: ReportWorld, fleet: FleetName): Promise<readonly ReportPeriod[]> => {
  const settings = reportSettingsOf(world, fleet);
  const periods = recentPeriods(
    lastCompletePeriod(scheduleKind(settings.schedule), settings.timeZone, world.clock.now()),
  );
  const stored = await Promise.all(periods.map((period) => world.money.report(fleet, period.key)));
  const oldestStored = stored.findLastIndex((report) => report !== undefined);
  return periods
    .filter((_period, age) => age === 0 || (age <= oldestStored && !isDelivered(stored[age], settings)))
    .reverse();
};

/** The newest first. */
const recentPeriods = (last: ReportPeriod): readonly ReportPeriod[] => {
  const periods = [last];
  while (periods.length < PERIODS_LOOKED_BACK_MAX) periods.push(periodBefore(periods.at(-1)!));
  return periods;
};

const isDelivered = (stored: StoredReport | undefined, settings: ReportSettings): boolean =>
  stored !== undefined && (stored.sentAt !== undefined || settings.recipients.length === 0);
