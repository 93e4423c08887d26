import { join } from 'node:path';
import type { Replayed } from '../../replay/case.ts';
import { figuresOfSuite } from '../../replay/figures.ts';
import { seededRandom } from '../../replay/random.ts';
import { ownFleet } from '../../replay/suites/fleet.ts';
import { ownJob, ownTimeline } from '../../replay/suites/own-job.ts';
import type { Suite } from '../../replay/suites/suite.ts';
import type { Timeline } from '../../replay/timeline.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import type { CliWorld } from '../world.ts';
import { replayHere, replayInThreads } from './in-threads.ts';
import type { Meaning, OwnJobOptions, OwnTraceOptions, ReplayOptions } from './options.ts';
import { ownJobOf, ownJobProblems } from './own-job-problems.ts';
import { readOwnTraces } from './own-traces.ts';
import { progressOn } from './progress.ts';
import { readTraces } from './read-traces.ts';
import { figuresJson, showFigures } from './show-figures.ts';
import { showTimeline } from './show-timeline.ts';

const fail = (world: CliWorld, problems: readonly string[]): ExitCode => {
  world.stderr(problems.join(''));
  return EXIT.failedCheck;
};

const policiesOf = (suite: Suite, { policy }: ReplayOptions): readonly string[] => policy ?? suite.policies;

const estimatesOf = ({ estimateFactor }: ReplayOptions) => ({ factor: estimateFactor });

const show = (
  suite: Suite,
  replayed: readonly Replayed[],
  options: ReplayOptions,
  world: CliWorld,
  timeline?: Timeline,
): ExitCode => {
  const figures = figuresOfSuite(suite, replayed, seededRandom(options.seed));
  const drawn = timeline === undefined ? '' : `\n${showTimeline(timeline)}`;
  world.stdout(options.json ? figuresJson(figures, timeline) : `${showFigures(figures)}${drawn}`);
  return EXIT.ok;
};

const replayOwn = (suite: Suite, options: ReplayOptions, world: CliWorld): readonly Replayed[] => {
  const cases = [...suite.cases(() => '', estimatesOf(options))];
  return replayHere(cases, policiesOf(suite, options), progressOn(world));
};

/** A suite on the folder of its traces. */
const runSuite = async (suite: Suite, folder: string, options: ReplayOptions, world: CliWorld): Promise<ExitCode> => {
  const files = suite.files.map((name) => ({ name, path: join(folder, name) }));
  const { texts, problems } = await readTraces(files, 'name the folder of the traces with --traces', world);
  if (problems.length > 0) return fail(world, problems);
  const task = { texts, policies: policiesOf(suite, options), estimates: estimatesOf(options) };
  return show(suite, await replayInThreads(suite, task, progressOn(world)), options, world);
};

/** The fleets of the fleet suite on the user's own counts. */
const runOwnFleet = async (traces: OwnTraceOptions, options: ReplayOptions, world: CliWorld): Promise<ExitCode> => {
  const read = await readOwnTraces(traces, world);
  if (!read.ok) return fail(world, read.problems);
  const suite = ownFleet(read.trace);
  return show(suite, replayOwn(suite, options, world), options, world);
};

/** One's own job on one's own trace. */
const runOwnJob = async (
  traces: OwnTraceOptions,
  asked: OwnJobOptions,
  options: ReplayOptions,
  world: CliWorld,
): Promise<ExitCode> => {
  const read = await readOwnTraces(traces, world);
  if (!read.ok) return fail(world, read.problems);
  const job = ownJobOf(asked, read.trace);
  const problems = ownJobProblems(read.trace, job);
  if (problems.length > 0) return fail(world, problems);
  const suite = ownJob(read.trace, job);
  const replayed = replayOwn(suite, options, world);
  const isSingle = job.startTick !== undefined;
  const timeline = isSingle
    ? ownTimeline(read.trace, job, policiesOf(suite, options), estimatesOf(options))
    : undefined;
  return show(suite, replayed, options, world, timeline);
};

export const runReplay = (meaning: Meaning, world: CliWorld): Promise<ExitCode> => {
  if (meaning.kind === 'suite') return runSuite(meaning.suite, meaning.folder, meaning, world);
  if (meaning.kind === 'own-fleet') return runOwnFleet(meaning.traces, meaning, world);
  return runOwnJob(meaning.traces, meaning.job, meaning, world);
};
