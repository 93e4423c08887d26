import type { FleetName } from '../fleet/ids.ts';
import type { PricePoint, Run } from '../fleet/run.ts';
import { addMs, type EpochMs, toIso } from '../fleet/time.ts';
import { buildReport, type ReportInput } from '../money/build-report.ts';
import type { CostReport } from '../money/cost-report.ts';
import type { ReportPeriod } from '../money/period.ts';
import type { StoredReport } from '../ports/money.ts';
import { composeMail } from '../report/mail.ts';
import { countUnknownForm } from './count-unknown-form.ts';
import { type ReportSettings, type ReportWorld, reportSettingsOf } from './report-world.ts';

export interface ReportRequest {
  readonly fleet: FleetName;
  readonly period: ReportPeriod;
  /** Mail it even if it has been mailed; the mail says so. */
  readonly again?: boolean;
}

export interface ReportOutcome {
  readonly reportId: string;
  readonly periodKey: string;
  /** Whether a mail went out for this request. */
  readonly sent: boolean;
}

/**
 * Makes the report of a period once, stores it, then mails what is stored. The order is store, mark, send, mark: whatever
 * breaks in between, a repeat finds the same report, and a mail that may be the second one says so (M2, F126–F127).
 *
 * Throws what it could not do, after counting it: the scheduler asks again, a bounded number of times.
 */
export const makeReport = async (world: ReportWorld, request: ReportRequest): Promise<ReportOutcome> => {
  try {
    const settings = reportSettingsOf(world, request.fleet);
    const stored = await storedReport(world, request, settings);
    const sent = await sendReport(world, stored, settings, request.again === true);
    return { reportId: stored.reportId, periodKey: stored.periodKey, sent };
  } catch (error) {
    const { fleet, period } = request;
    world.metrics.count('ReportsFailed', 1, { fleet });
    countUnknownForm(world, error);
    world.log.error('The cost report failed; it is asked for again by the schedule.', {
      fleet,
      period: period.key,
      error: error instanceof Error ? error.message : String(error),
    });
    throw error;
  }
};

const storedReport = async (
  world: ReportWorld,
  request: ReportRequest,
  settings: ReportSettings,
): Promise<StoredReport> => {
  const { fleet, period } = request;
  const earlier = await world.money.report(fleet, period.key);
  const stored = earlier ?? (await world.money.putReport(await newReport(world, request, settings)));
  const { period: told } = contentOf(stored);
  if (told.from === period.from && told.to === period.to) return stored;
  throw new Error(
    `The report ${period.key} of ${fleet} is stored for ${toIso(told.from)} to ${toIso(told.to)}; give another interval another key.`,
  );
};

const contentOf = (stored: StoredReport): CostReport => JSON.parse(stored.content) as CostReport;

/** A report is never made twice, so it is not made before its period is over. */
const newReport = async (
  world: ReportWorld,
  { fleet, period }: ReportRequest,
  settings: ReportSettings,
): Promise<StoredReport> => {
  const madeAt = world.clock.now();
  if (madeAt < period.to) {
    throw new Error(`The period ${period.key} of ${fleet} ends at ${toIso(period.to)}; ask for its report after that.`);
  }
  const reportId = world.newId();
  const report = buildReport({
    ...(await gatherFigures(world, fleet, period, madeAt)),
    reportId,
    fleet,
    period,
    madeAt,
    currency: settings.currency,
  });
  return { form: 1, fleet, periodKey: period.key, reportId, madeAt, content: JSON.stringify(report), sentCount: 0 };
};

/** One day more than the period: a machine closed twice, by an event and by a sweep, may have its first end there. */
const LOOK_BACK_MS = 86_400_000;

type Figures = Pick<ReportInput, 'runs' | 'members' | 'tasks' | 'spotHistory' | 'onDemand'>;

/** Members first, runs afterwards: a machine that is closed in between is then seen twice, not missed. */
const gatherFigures = async (
  world: ReportWorld,
  fleet: FleetName,
  period: ReportPeriod,
  madeAt: EpochMs,
): Promise<Figures> => {
  const { members } = await world.fleets.read(fleet);
  const runs = await world.money.runs(fleet, addMs(period.from, -LOOK_BACK_MS), addMs(madeAt, 1));
  const tasks = await world.tasks.countEnded(fleet, period.from, period.to);
  return { runs, members, tasks, ...(await gatherPrices(world, [...runs, ...members], madeAt)) };
};

type Priced = Pick<Run, 'pool' | 'launchedAt'>;

const gatherPrices = async (
  world: ReportWorld,
  machines: readonly Priced[],
  until: EpochMs,
): Promise<Pick<Figures, 'spotHistory' | 'onDemand'>> => {
  const spot = machines.filter((machine) => machine.pool.purchase === 'spot');
  return {
    spotHistory: await spotHistoryOf(world, spot, until),
    onDemand: machines.length === 0 ? new Map() : await world.prices.onDemand(distinct(machines, 'instanceType')),
  };
};

const spotHistoryOf = async (
  world: ReportWorld,
  machines: readonly Priced[],
  until: EpochMs,
): Promise<ReadonlyMap<string, readonly PricePoint[]>> => {
  if (machines.length === 0) return new Map();
  const from = machines.reduce((first, { launchedAt }) => (launchedAt < first ? launchedAt : first), until);
  return world.prices.spotHistory(distinct(machines, 'instanceType'), distinct(machines, 'zone'), from, until);
};

const distinct = (machines: readonly Priced[], part: 'instanceType' | 'zone'): readonly string[] =>
  [...new Set(machines.map((machine) => machine.pool[part]))].sort();

/** A report already mailed is not mailed again unless somebody asks for that. */
const sendReport = async (
  world: ReportWorld,
  stored: StoredReport,
  settings: ReportSettings,
  again: boolean,
): Promise<boolean> => {
  const { fleet, periodKey } = stored;
  if (settings.recipients.length === 0 || (stored.sentAt !== undefined && !again)) return false;
  if (settings.from === undefined) {
    throw new Error(`The reports of ${fleet} have recipients and no sender; give report.from in the fleet file.`);
  }
  const number = await world.money.markSending(fleet, periodKey);
  const addresses = { from: settings.from, to: settings.recipients };
  await world.mailer.send(await composeMail(contentOf(stored), { number }, addresses, world.clock.now()));
  await world.money.markSent(fleet, periodKey, world.clock.now());
  world.metrics.count('ReportsSent', 1, { fleet });
  world.log.info('Cost report sent.', { fleet, period: periodKey, reportId: stored.reportId, sending: number });
  return true;
};
