import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { wallClock } from '../../clock/wall-clock.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { CostReport } from '../../money/cost-report.ts';
import { DEMO_FLEET_NAME } from './demo-fleet.ts';
import { type Run, readRows } from './demo-run.ts';
import { secondsOf } from './options.ts';
import { reasonsOf } from './reasons.ts';
import { resultsFileOf, writeResults } from './results-file.ts';
import { countsOf, type Expected, moneyOf, problemsOf, type RunSummary } from './summary.ts';
import { type Verdict, verifyCommits, verifyEnds, verifyIndex } from './verify-results.ts';
import type { OwnTask } from './work.ts';

/** What the ledger says after the batch, and whether it stands. */
export interface Proof {
  readonly rows: readonly TaskRecord[];
  readonly verdict: Verdict;
}

const verify = (run: Run, rows: readonly TaskRecord[]): Promise<Verdict> => {
  const { options, work, service, world } = run;
  const { blobs } = service;
  if (work.kind === 'own') return verifyEnds(work.tasks, rows, blobs);
  if (options.exec !== undefined || options.task !== undefined) return verifyCommits(work.tasks, rows, blobs);
  return verifyIndex({ root: world.projectFolder, tasks: work.planned, rows, blobs, signal: world.signal });
};

/** Compares what the fleet made with what it should have made. @throws when interrupted */
export const proveResult = async (run: Run): Promise<Proof> => {
  const rows = await readRows(run);
  const verdict = await verify(run, rows);
  await writeResults(run, rows);
  return { rows, verdict };
};

const REPORT_KEY = 'demo';

const makeReport = async ({ service, cloud, startedAt }: Run): Promise<CostReport | undefined> => {
  const to = cloud.context.clock.now();
  await service.makeReport({ fleet: DEMO_FLEET_NAME, key: REPORT_KEY, from: startedAt, to });
  const stored = await service.money.report(DEMO_FLEET_NAME, REPORT_KEY);
  return stored && (JSON.parse(stored.content) as CostReport);
};

const outboxFile = (folder: string, ending: string): string | null => {
  const outbox = join(folder, 'outbox');
  try {
    const name = readdirSync(outbox).find((file) => file.endsWith(ending));
    return name === undefined ? null : join(outbox, name);
  } catch {
    return null;
  }
};

const DEAD_SHOWN_MAX = 5;

/** Ids that are digests say little; the line of the input says more. */
const deadAmong = (tasks: readonly OwnTask[], rows: readonly TaskRecord[]): readonly string[] => {
  const dead = new Set(rows.filter(({ status }) => status === 'dead').map((row) => row.taskId));
  return tasks
    .filter((task) => dead.has(task.taskId))
    .map(({ taskId, line }) => (line === undefined ? taskId : `${taskId} (line ${line})`));
};

const expectedOf = ({ options, work }: Run, rows: readonly TaskRecord[]): Expected => {
  return {
    tasks: work.tasks.length,
    dead: work.kind === 'own' ? deadAmong(work.tasks, rows).slice(0, DEAD_SHOWN_MAX) : [],
    seconds: secondsOf(options),
    reasons: reasonsOf(rows),
  };
};

/** Has the report made and mailed, and puts together what the run came to. */
export const summarise = async (run: Run, { rows, verdict }: Proof): Promise<RunSummary> => {
  const { options, cloud, folder, recordFile, tally } = run;
  const report = await makeReport(run);
  run.look();
  const parts = {
    ...countsOf(tally, cloud.machines.runningMachines().length),
    money: moneyOf(report),
    report: { html: outboxFile(folder, '.html'), eml: outboxFile(folder, '.eml') },
    iam: { denied: cloud.iamDenied() },
    result: verdict,
  };
  const problems = problemsOf(parts, expectedOf(run, rows));
  return {
    ...parts,
    results: resultsFileOf(run) ?? null,
    scripted: tally.scripted,
    market: cloud.machines.marketSummary().text.slice(0, 3),
    timeFactor: cloud.context.timeFactor,
    seed: options.seed,
    record: recordFile,
    wallSeconds: Math.round((wallClock().now() - run.wallStartedAt) / 1_000),
    held: problems.length === 0,
    problems,
  };
};
