import { z } from 'zod';
import { fleetName } from '../lib/fleet/ids.ts';
import { epochMs } from '../lib/fleet/time.ts';
import { reportPeriod, runPeriod } from '../lib/money/period.ts';
import { lambdaEntry } from '../lib/telemetry/lambda-entry.ts';
import { reportWorld } from '../lib/wiring.ts';
import { makeDueReports } from '../lib/workflows/due-reports.ts';
import { makeReport, type ReportOutcome } from '../lib/workflows/report.ts';
import { type ReportWorld, reportSettingsOf } from '../lib/workflows/report-world.ts';

const FLEET = z
  .string()
  .min(1)
  .max(128)
  .transform((name) => fleetName(name));

/** ISO 8601 with its offset, or milliseconds since the epoch. */
const INSTANT = z
  .union([z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)), z.int().nonnegative()])
  .transform((ms) => epochMs(ms));

const KEY = z.string().min(1).max(64);

/** The schedule names the fleet; a person may name a period too, or an interval with a name of its own. */
const REPORT_EVENT = z.union([
  z.strictObject({ fleet: FLEET }),
  z.strictObject({ fleet: FLEET, key: KEY, again: z.boolean().optional() }),
  z.strictObject({ fleet: FLEET, key: KEY, from: INSTANT, to: INSTANT, again: z.boolean().optional() }),
]);

const FORMS = '{ fleet }, { fleet, key, again? } or { fleet, from, to, key, again? }';

export interface ReportAnswer extends ReportOutcome {
  /** Keys of earlier periods that were made up for by the same call. */
  readonly madeUpFor: readonly string[];
}

/** One report by hand, or all that are due by the schedule. What fails is thrown, so that it is tried again. */
export const reportHandler =
  (world: ReportWorld) =>
  async (event: unknown): Promise<ReportAnswer> => {
    const parsed = REPORT_EVENT.safeParse(event);
    if (!parsed.success) throw new Error(`Not a request for a report; send ${FORMS}: ${z.prettifyError(parsed.error)}`);
    const request = parsed.data;
    if (!('key' in request)) return newestFirst(await makeDueReports(world, request.fleet));
    const { timeZone } = reportSettingsOf(world, request.fleet);
    const period = 'from' in request ? runPeriod(request, timeZone) : reportPeriod(request.key, timeZone);
    const outcome = await makeReport(world, { fleet: request.fleet, period, again: request.again === true });
    return { ...outcome, madeUpFor: [] };
  };

const newestFirst = (outcomes: readonly ReportOutcome[]): ReportAnswer => ({
  ...outcomes.at(-1)!,
  madeUpFor: outcomes.slice(0, -1).map((outcome) => outcome.periodKey),
});

export const handler = lambdaEntry('report', (telemetry) => reportHandler(reportWorld(process.env, telemetry)));
