#!/usr/bin/env node
/**
 * Plays the whole service in memory, seed by seed, with everything going wrong that can, and checks what is promised:
 * `npm run simulate -- --help`.
 */
import { wallClock } from '../lib/clock/wall-clock.ts';
import type { Bug } from '../lib/simulator/bugs/bug.ts';
import { BUGS } from '../lib/simulator/bugs/bugs.ts';
import { readBugsFolder } from '../lib/simulator/bugs/bugs-folder.ts';
import { renderBriefly, renderFailure, renderFinding, renderSummary } from '../lib/simulator/campaign/render.ts';
import { parseSeeds, type SeedRange } from '../lib/simulator/campaign/seed-range.ts';
import {
  exitCodeOf,
  lineOf,
  NEVER_MET_EXIT_CODE,
  NOT_CAUGHT_EXIT_CODE,
  NOT_PLANTED_EXIT_CODE,
  type SeedResult,
  summarise,
} from '../lib/simulator/campaign/summary.ts';
import type { CheckOrder, WorkerSetup } from '../lib/simulator/campaign/worker-messages.ts';
import type { CoreFinding } from '../lib/simulator/exhaustive/check-cores.ts';
import { FAULT_IDS, type FaultId } from '../lib/simulator/faults/simulated.ts';
import { LIFE_KINDS, type LifeKind } from '../lib/simulator/life/kinds.ts';
import { readArguments, usageError } from './arguments.ts';
import { type BugOutcome, hunt, type Quarry } from './simulate/hunt.ts';
import { playSeeds } from './simulate/play-seeds.ts';
import { replay } from './simulate/replay.ts';

/** From so many on, some seconds more make little difference. */
const INTERLEAVINGS_SEEDS = 200;

const USAGE = `Usage: npm run simulate -- [options]

Each seed is about an hour in the life of a fleet, under faults that the seed chooses, and then a time without any, in
which the world has to come to rest. The same seed is the same life. Before the first seed, the protocol's code is held
against its table on every row and every item that can be reached, and from ${INTERLEAVINGS_SEEDS} seeds on small worlds are searched in
every order of calls.

  --seeds A..B     seeds to play, both included (1..100); also single ones, and several with commas between: 3,17,40..44
  --json           one line of JSON at the end
  --hours H        hours of each life under faults (about one)
  --fault NAME     with this fault, at its highest rate, in every seed: ${FAULT_IDS[0]} … ${FAULT_IDS.at(-1)}
  --life KIND      every seed is such a life: ${LIFE_KINDS.join(', ')}
  --storm N        fleets of N machines, most of which are taken at once, twice
  --trace          with one seed: what happened, line by line; of one that fails, with the smallest workload that does
  --tasks LIST     with --trace: only these tasks, by number, or all, as they are
  --bug NAME       with this bug planted in the product; NAME may be one of --list-bugs
  --bugs           plants every known bug in turn, and counts the seeds until it is caught
  --bugs-dir DIR   the same with each unified diff in the folder (*.diff, *.patch); of what no simulation plays, such as
                   the adapters of lib/aws, the contract tests decide
  --list-bugs      the known bugs
  --help           show this help

Exit codes: 0 everything held; 2 the command line cannot be understood; 11–16, 21–26, 31–32, 41–42, 51–52, 61 the promise
W1–W6, N1–N6, M1–M2, S1–S2, O1–O2 or the coming to rest was broken; ${NEVER_MET_EXIT_CODE} a fault was met by none of many seeds; ${NOT_CAUGHT_EXIT_CODE} a bug
was not caught; ${NOT_PLANTED_EXIT_CODE} one could not be planted, as a diff that does not fit, or that changes only what no simulation loads.
`;

const OPTIONS = {
  seeds: { type: 'string', default: '1..100' },
  json: { type: 'boolean', default: false },
  hours: { type: 'string' },
  fault: { type: 'string' },
  life: { type: 'string' },
  storm: { type: 'string' },
  trace: { type: 'boolean', default: false },
  tasks: { type: 'string' },
  bug: { type: 'string' },
  bugs: { type: 'boolean', default: false },
  'bugs-dir': { type: 'string' },
  'list-bugs': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** In fewer seeds a rare fault may be met in none by chance. */
const EVERY_FAULT_SEEDS = 1_000;

/** Where a hundred seeds fail, they fail alike. */
const SHOWN_WHOLE_MAX = 5;

const given = readArguments(OPTIONS);

const numberOf = (name: 'hours' | 'storm', least: number, most: number): number | undefined => {
  const text = given[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  return value >= least && value <= most ? value : usageError(`--${name} takes a number from ${least} to ${most}`);
};

const bugNamed = (name: string): Bug =>
  BUGS.find((bug) => bug.name === name) ?? usageError(`no bug is called ${JSON.stringify(name)}`);

const faultNamed = (name: string): FaultId =>
  FAULT_IDS.find((id) => id === name) ?? usageError(`no fault is called ${JSON.stringify(name)}`);

const lifeNamed = (name: string): LifeKind =>
  LIFE_KINDS.find((kind) => kind === name) ?? usageError(`no life is called ${JSON.stringify(name)}`);

const tasksNamed = (text: string): readonly number[] | 'all' => {
  if (text === 'all') return text;
  return /^\d+(,\d+)*$/.test(text)
    ? text.split(',').map(Number)
    : usageError(`--tasks takes numbers, or all, not ${JSON.stringify(text)}`);
};

const seedsOf = (text: string): readonly SeedRange[] =>
  parseSeeds(text) ?? usageError(`--seeds takes A..B or one number, or several of them, not ${JSON.stringify(text)}`);

const setupOf = (): WorkerSetup => {
  const hours = numberOf('hours', 0.1, 1_000);
  const storm = numberOf('storm', 2, 10_000);
  return {
    plan: {
      ...(hours === undefined ? {} : { hours }),
      ...(storm === undefined ? {} : { storm }),
      ...(given.life === undefined ? {} : { life: lifeNamed(given.life) }),
    },
    linesMax: 0,
    ...(given.fault === undefined ? {} : { fault: faultNamed(given.fault) }),
    ...(given.bug === undefined ? {} : { bug: bugNamed(given.bug) }),
  };
};

/** What has to be said again so that the same seed is the same life. */
const flagsOf = (): string[] =>
  (['hours', 'fault', 'life', 'storm', 'bug'] as const).flatMap((name) =>
    given[name] === undefined ? [] : [`--${name} ${given[name]}`],
  );

/** The tables take a moment, the orders of calls in small worlds some seconds: a campaign of a few seeds goes without those. */
const searchesBefore = (seeds: readonly SeedRange[]): readonly CheckOrder['check'][] => {
  const count = seeds.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  return count < INTERLEAVINGS_SEEDS ? ['tables'] : ['tables', 'interleavings'];
};

const campaign = async (seeds: readonly SeedRange[], setup: WorkerSetup): Promise<number> => {
  const { now } = wallClock();
  const startedAt = now();
  const results: SeedResult[] = [];
  const found: CoreFinding[] = [];
  let failed = 0;
  await playSeeds(seeds, searchesBefore(seeds), setup, {
    onPlayed: (result) => {
      results.push(result);
      if (result.violations.length === 0) return;
      failed += 1;
      const isShown = failed <= SHOWN_WHOLE_MAX;
      process.stderr.write(isShown ? renderFailure(result, flagsOf()) : renderBriefly(result));
    },
    onFound: (findings) => {
      found.push(...findings);
      for (const finding of findings) process.stderr.write(renderFinding(finding));
    },
  });
  const summary = summarise(results, (now() - startedAt) / 1_000, found);
  process.stdout.write(given.json ? `${JSON.stringify(lineOf(summary))}\n` : renderSummary(summary));
  const code = exitCodeOf(summary);
  const isLarge = summary.seeds >= EVERY_FAULT_SEEDS && given.fault === undefined && given.storm === undefined;
  if (!isLarge || summary.neverMet.length === 0) return code;
  process.stderr.write(`never met in ${summary.seeds} seeds: ${summary.neverMet.join(' ')}\n`);
  return code === 0 ? NEVER_MET_EXIT_CODE : code;
};

const renderBug = ({ name, caught, by, seedsUntilCaught, promise, found, problem }: BugOutcome): string => {
  if (problem !== undefined) return `NOT PLANTED  ${name}: ${problem}\n`;
  if (by === 'tests') return `caught by tests        ${name}: ${found}\n`;
  return caught
    ? `caught by seed ${String(seedsUntilCaught).padStart(4)}, ${promise?.padEnd(4)}  ${name}: ${found}\n`
    : `NOT CAUGHT  ${name}\n`;
};

const verdictOn = (bugs: readonly BugOutcome[]): string => {
  const named = (some: readonly BugOutcome[]): string => some.map(({ name }) => name).join(', ');
  const planted = bugs.filter(({ problem }) => problem === undefined);
  const missed = planted.filter(({ caught }) => !caught);
  const unplanted = bugs.filter(({ problem }) => problem !== undefined);
  const verdict = missed.length === 0 ? 'every one' : `all but ${named(missed)}`;
  const rest = unplanted.length === 0 ? '' : ` Not planted: ${named(unplanted)}.`;
  return `${planted.length} bugs planted, caught ${verdict}.${rest}\n`;
};

const huntAll = async (range: SeedRange, setup: WorkerSetup, quarries: readonly Quarry[]): Promise<number> => {
  const bugs = await hunt(range, setup, quarries, (outcome) => void process.stderr.write(renderBug(outcome)));
  process.stdout.write(given.json ? `${JSON.stringify({ bugs })}\n` : verdictOn(bugs));
  if (bugs.some(({ caught, problem }) => !caught && problem === undefined)) return NOT_CAUGHT_EXIT_CODE;
  return bugs.some(({ problem }) => problem !== undefined) ? NOT_PLANTED_EXIT_CODE : 0;
};

const diffsOf = (folder: string): Promise<readonly Quarry[]> =>
  readBugsFolder(folder).catch((error: unknown) => usageError(error instanceof Error ? error.message : String(error)));

const run = async (): Promise<number> => {
  const seeds = seedsOf(given.seeds);
  const [range] = seeds as [SeedRange];
  const setup = setupOf();
  process.stderr.write(`seeds ${given.seeds}\n`);
  const folder = given['bugs-dir'];
  if ((folder !== undefined || given.bugs || given.trace) && seeds.length > 1)
    usageError('one range of seeds at a time');
  if (folder !== undefined) return huntAll(range, setup, await diffsOf(folder));
  if (given.bugs)
    return huntAll(
      range,
      setup,
      BUGS.map((bug) => ({ name: bug.name, bug })),
    );
  if (!given.trace) return campaign(seeds, setup);
  const onlyTasks = given.tasks === undefined ? undefined : tasksNamed(given.tasks);
  return replay(range.from, { ...setup, linesMax: 1_000_000 }, flagsOf(), onlyTasks);
};

if (given.help) process.stdout.write(USAGE);
else if (given['list-bugs']) {
  for (const { name, breaks, tells } of BUGS) process.stdout.write(`${name.padEnd(34)} ${breaks.padEnd(4)} ${tells}\n`);
} else process.exitCode = await run();
