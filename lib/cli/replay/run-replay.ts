import { join } from 'node:path';
import type { Replayed } from '../../replay/case.ts';
import { figuresOfSuite } from '../../replay/figures.ts';
import type { JobRules } from '../../replay/job.ts';
import { seededRandom } from '../../replay/random.ts';
import { ownFleet } from '../../replay/suites/fleet.ts';
import { type OwnJob, ownJob, startsOf, ticksOf } from '../../replay/suites/own-job.ts';
import type { Suite } from '../../replay/suites/suite.ts';
import type { CountTrace } from '../../replay/traces/count-json.ts';
import { errorLine } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { CliWorld } from '../world.ts';
import { replayHere, replayInThreads } from './in-threads.ts';
import { readOwnTraces } from './own-traces.ts';
import { progressOn } from './progress.ts';
import { readTraces } from './read-traces.ts';
import { figuresJson, showFigures } from './show-figures.ts';

/** What to show of a replay, whichever it is. */
export interface ReplayOptions {
  readonly policy?: readonly string[];
  readonly json?: true;
  readonly seed: number;
}

export interface OwnJobOptions {
  readonly jobHours: number;
  readonly deadlineHours: number;
  readonly changeoverHours: number;
  readonly price: number;
  readonly onDemandPrice: number;
  readonly startHours?: number;
}

const HOUR_SECONDS = 3_600;

const fail = (world: CliWorld, problems: readonly string[]): ExitCode => {
  world.stderr(problems.join(''));
  return EXIT.failedCheck;
};

const policiesOf = (suite: Suite, { policy }: ReplayOptions): readonly string[] => policy ?? suite.policies;

const show = (suite: Suite, replayed: readonly Replayed[], options: ReplayOptions, world: CliWorld): ExitCode => {
  const figures = figuresOfSuite(suite, replayed, seededRandom(options.seed));
  world.stdout(options.json ? figuresJson(figures) : showFigures(figures));
  return EXIT.ok;
};

const showOwn = (suite: Suite, options: ReplayOptions, world: CliWorld): ExitCode => {
  const cases = [...suite.cases(() => '')];
  return show(suite, replayHere(cases, policiesOf(suite, options), progressOn(world)), options, world);
};

/** A suite on the folder of its traces. */
export const runSuite = async (
  suite: Suite,
  folder: string,
  options: ReplayOptions,
  world: CliWorld,
): Promise<ExitCode> => {
  const files = suite.files.map((name) => ({ name, path: join(folder, name) }));
  const { texts, problems } = await readTraces(files, 'name the folder of the traces with --traces', world);
  if (problems.length > 0) return fail(world, problems);
  const policies = policiesOf(suite, options);
  return show(suite, await replayInThreads(suite, { texts, policies }, progressOn(world)), options, world);
};

/** The fleets of the fleet suite on the user's own counts. */
export const runOwnFleet = async (
  files: readonly string[],
  options: ReplayOptions,
  world: CliWorld,
): Promise<ExitCode> => {
  const read = await readOwnTraces(files, world);
  return read.ok ? showOwn(ownFleet(read.trace), options, world) : fail(world, read.problems);
};

const rulesOf = (job: OwnJobOptions, tickSeconds: number): JobRules => ({
  tickSeconds,
  workSeconds: Math.round(job.jobHours * HOUR_SECONDS),
  deadlineTicks: Math.floor(Math.round(job.deadlineHours * HOUR_SECONDS) / tickSeconds),
  changeoverSeconds: Math.round(job.changeoverHours * HOUR_SECONDS),
  onDemandPrice: job.onDemandPrice,
  billsWholeTicks: false,
});

/** Why nobody could do such a job, or why no run of it fits the trace. */
const jobProblems = (trace: CountTrace, job: OwnJob): readonly string[] => {
  const { workSeconds, changeoverSeconds, deadlineTicks, tickSeconds } = job.rules;
  if (workSeconds + changeoverSeconds > deadlineTicks * tickSeconds) {
    const why = 'not even on-demand does the job and one changeover in so many whole ticks';
    return [errorLine('--deadline-hours', why, 'give it more hours than --job-hours and --changeover-hours together')];
  }
  if (startsOf(trace, job).length > 0) return [];
  const traceHours = (ticksOf(trace) * tickSeconds) / HOUR_SECONDS;
  const why = `the trace has ${traceHours.toFixed(2)} h, too few for a run with its whole deadline`;
  return [errorLine('--trace', why, 'give a longer trace, a nearer deadline or an earlier start')];
};

/** One's own job on one's own trace. */
export const runOwnJob = async (
  files: readonly string[],
  options: ReplayOptions & OwnJobOptions,
  world: CliWorld,
): Promise<ExitCode> => {
  const read = await readOwnTraces(files, world);
  if (!read.ok) return fail(world, read.problems);
  const { gapSeconds } = read.trace;
  const { startHours, price: spotPrice } = options;
  const starts = startHours === undefined ? {} : { startTick: Math.floor((startHours * HOUR_SECONDS) / gapSeconds) };
  const job: OwnJob = { rules: rulesOf(options, gapSeconds), spotPrice, ...starts };
  const problems = jobProblems(read.trace, job);
  return problems.length > 0 ? fail(world, problems) : showOwn(ownJob(read.trace, job), options, world);
};
