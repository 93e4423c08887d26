import type { Attempt } from '../../../../agent/attempt.ts';
import { observeRun } from '../../../../agent/observed-run.ts';
import type { RunTimes } from '../../../../agent/run-times.ts';
import type { ProgressReport } from '../../../../agent/runner.ts';
import { addMs, epochMs } from '../../../../fleet/time.ts';
import { combinationsOf, compareDecisions, type DecisionTable, NEVER_ANSWERED } from '../decision-table.ts';

const STARTED = epochMs(1_800_000_000_000);
const TOLD_MS = 60_000;
const ASKED_MS = 90_000;

const CASES = {
  /** Of its earlier attempts. */
  checkpoint: [undefined, {}, { share: 0.25 }, { share: 0.5 }],
  fleetSavesWithin: [undefined, 500],
  isSaving: [true, false],
  isStopping: [true, false],
  reports: [
    [],
    [{ secondsLeft: 0 }],
    [{ secondsLeft: 90 }],
    [{ secondsLeft: 90, share: 0.1 }],
    [{ share: 0.25 }],
    [{ share: 0.75 }],
    [{ share: 1 }],
    [{ secondsLeft: 90 }, { share: 0 }],
    [{ savesWhenStopped: true }],
    [{ savesWhenStopped: false }],
    [{ savesWhenStopped: true }, { secondsLeft: 12 }],
    [{ savesWhenStopped: true }, { savesWhenStopped: false }],
  ],
} satisfies Readonly<Record<string, readonly unknown[]>>;

interface Case {
  readonly checkpoint: { readonly share?: number } | undefined;
  readonly fleetSavesWithin: number | undefined;
  readonly isSaving: boolean;
  readonly isStopping: boolean;
  readonly reports: readonly ProgressReport[];
}

const decided = ({ checkpoint, fleetSavesWithin, isSaving, isStopping, reports }: Case): string => {
  const row = checkpoint === undefined ? {} : { checkpoint: { sequence: 1, ...checkpoint } };
  const attempt = { row, startedAt: STARTED } as unknown as Attempt;
  const runTimes = { checkpointMs: () => fleetSavesWithin } as unknown as RunTimes;
  const run = observeRun(attempt, { runTimes, now: () => addMs(STARTED, 50_000), onChange: () => undefined });
  for (const report of reports) run.progress(report, addMs(STARTED, TOLD_MS));
  if (isSaving) void run.saving(() => NEVER_ANSWERED);
  if (isStopping) run.stopping(addMs(STARTED, 70_000), addMs(STARTED, 73_000));
  if (isStopping) run.stopping(addMs(STARTED, 80_000), addMs(STARTED, 99_000));
  const told = run.asOf(addMs(STARTED, ASKED_MS));
  const asked = told.stopping && `${told.stopping.askedAt - STARTED} to ${told.stopping.endAt - STARTED}`;
  const left = told.toldLeftMs === undefined ? 'unknown' : Math.round(told.toldLeftMs);
  return [
    `saves ${told.saves}, saving ${told.isSaving}, left ${left}`,
    `asked ${asked} ${run.isStopping()}`,
    `from ${told.startedAt - STARTED}, kept ${told.keptAt - STARTED} ${run.keptAt() - STARTED}`,
  ].join(', ');
};

/** Its own estimate, else by how its share has grown since this attempt began, at the pace of so far. */
const leftOf = (report: ProgressReport, shareBefore: number): number | undefined => {
  if (report.secondsLeft !== undefined) return report.secondsLeft * 1_000;
  if (report.share === undefined || report.share <= shareBefore) return undefined;
  const msForAll = TOLD_MS / (report.share - shareBefore);
  return msForAll * (1 - report.share);
};

const savesOf = ({ checkpoint, fleetSavesWithin, isSaving, reports }: Case): string => {
  const saidLast = reports.findLast(({ savesWhenStopped }) => savesWhenStopped !== undefined)?.savesWhenStopped;
  if (checkpoint !== undefined || isSaving || saidLast === true) return 'yes';
  if (saidLast === false) return 'no';
  return fleetSavesWithin === undefined ? 'unknown' : 'yes';
};

/** The newest figure that can be reckoned with is counted down; the first asking is the one that counts. */
const expected = (tried: Case): string => {
  const shareBefore = tried.checkpoint?.share ?? 0;
  const told = tried.reports.map((report) => leftOf(report, shareBefore)).findLast((left) => left !== undefined);
  const left = told === undefined ? 'unknown' : Math.round(told - (ASKED_MS - TOLD_MS));
  return [
    `saves ${savesOf(tried)}, saving ${tried.isSaving}, left ${left}`,
    `asked ${tried.isStopping ? '70000 to 73000' : undefined} ${tried.isStopping}`,
    'from 0, kept 0 0',
  ].join(', ');
};

/** What an agent knows of a run when it has to decide about it. */
export const observedRuns: DecisionTable = {
  name: 'what is known of a run',
  promise: 'M1',
  tryAll: () => compareDecisions(combinationsOf(CASES) as Iterable<Case>, decided, expected),
};
