import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { wallClock } from '../../clock/wall-clock.ts';
import type { TaskRecord } from '../../fleet/task.ts';
import type { CostReport } from '../../money/cost-report.ts';
import { DEMO_FLEET_NAME } from './demo-fleet.ts';
import { type Run, readRows } from './demo-run.ts';
import { secondsOf } from './options.ts';
import { reasonsOf } from './reasons.ts';
import { countsOf, moneyOf, problemsOf, type RunSummary } from './summary.ts';
import { type Verdict, verifyCommits, verifyIndex } from './verify-results.ts';

/** What the ledger says after the batch, and whether it stands. */
export interface Proof {
  readonly rows: readonly TaskRecord[];
  readonly verdict: Verdict;
}

/** Compares what the fleet made with what it should have made. @throws when interrupted */
export const proveResult = async (run: Run): Promise<Proof> => {
  const { options, batch, service, world } = run;
  const rows = await readRows(run);
  const verdict =
    options.exec === undefined
      ? await verifyIndex({ root: world.projectFolder, tasks: batch, rows, blobs: service.blobs, signal: world.signal })
      : await verifyCommits(batch, rows, service.blobs);
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
  const problems = problemsOf(parts, { tasks: options.tasks, seconds: secondsOf(options), reasons: reasonsOf(rows) });
  return {
    ...parts,
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
