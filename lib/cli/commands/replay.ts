import { InvalidArgumentError } from 'commander';
import { JOB_POLICIES } from '../../replay/policies/all.ts';
import type { Suite } from '../../replay/suites/suite.ts';
import { printable } from '../../signals/printable.ts';
import type { RegisterCommand } from '../command.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { type OwnJobOptions, type ReplayOptions, runOwnFleet, runOwnJob, runSuite } from '../replay/run-replay.ts';
import { SUITES, suiteNamed } from '../replay/suites.ts';
import type { CliWorld } from '../world.ts';

interface Options extends ReplayOptions, Partial<OwnJobOptions> {
  readonly suite?: string;
  readonly traces?: string;
  readonly trace?: readonly string[];
}

const SEED_DEFAULT = 1;
const NAME_CHARACTERS_MAX = 100;
const SUITE_NAMES = SUITES.map(({ name }) => name);

const HELP = `
Examples:
  spothop replay --suite adrs --traces traces
  spothop replay --suite grid --traces traces --policy greedy --policy optimum --json
  spothop replay --trace zone-a.json zone-b.json.gz --job-hours 48 --deadline-hours 60 \\
      --changeover-hours 0.1 --price 0.97 --on-demand-price 3.06
  spothop replay --suite fleet --trace counts-a.json counts-b.json counts-c.json

Suites: adrs   one pool, 48 h of work, the public leaderboard's 1,080 runs
        grid   one pool, twelve cells of start-up and deadline
        pools  two to nine zones with their real prices
        fleet  4 to 16 machines that must stay up
A trace is {"metadata":{"gap_seconds":600},"data":[1,0,…]}, 1 where spot could be had (counts for a fleet), packed by
gzip or not; several files are several pools. Its runs begin at every quarter of the deadline.
With --json the answer is one line: {suite, policies: {NAME: {cost, score, ratioToOptimum, misses, launches, cells:
[{name, cost, ratioToOptimum, misses}]}}}. The interval is where 95 of 100 redrawings of the days put the mean.

Exit codes:
  0  replayed
  1  a trace cannot be read, or the job cannot be done
  2  the command line cannot be understood`;

const positive = (text: string): number => {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('It is a number above 0.');
};

const notNegative = (text: string): number => (text.trim() !== '' && Number(text) === 0 ? 0 : positive(text));

const seedOf = (text: string): number => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value < 2 ** 32) return value;
  throw new InvalidArgumentError('It is a whole number below 4294967296.');
};

const OWN_JOB_OPTIONS = ['jobHours', 'deadlineHours', 'changeoverHours', 'price', 'onDemandPrice'] as const;

const optionWord = (name: string): string => `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

const isOwnJob = (options: Options): options is Options & OwnJobOptions =>
  OWN_JOB_OPTIONS.every((name) => options[name] !== undefined);

/** What the command line means, or everything that is wrong with it. */
type Meaning =
  | { readonly kind: 'suite'; readonly suite: Suite; readonly folder: string }
  | { readonly kind: 'own-fleet'; readonly files: readonly string[] }
  | { readonly kind: 'own-job'; readonly files: readonly string[]; readonly options: Options & OwnJobOptions }
  | { readonly kind: 'wrong'; readonly faults: readonly string[] };

const wrong = (...faults: readonly string[]): Meaning => ({ kind: 'wrong', faults });

const meaningOfSuite = (name: string, { traces, trace }: Options): Meaning => {
  const suite = suiteNamed(name);
  if (suite === undefined) {
    return wrong(`there is no suite ${printable(name, NAME_CHARACTERS_MAX)}; there are ${SUITE_NAMES.join(', ')}`);
  }
  if (trace !== undefined && traces === undefined && name === 'fleet') return { kind: 'own-fleet', files: trace };
  if (trace !== undefined) return wrong('of the suites only fleet takes --trace, and then without --traces');
  if (traces === undefined) return wrong('name the folder of the traces with --traces');
  return { kind: 'suite', suite, folder: traces };
};

const meaningOf = (options: Options): Meaning => {
  const { suite, trace } = options;
  if (suite !== undefined) return meaningOfSuite(suite, options);
  if (trace === undefined) return wrong('name a suite with --suite, or traces with --trace');
  if (isOwnJob(options)) return { kind: 'own-job', files: trace, options };
  const missing = OWN_JOB_OPTIONS.filter((name) => options[name] === undefined).map(optionWord);
  return wrong(`a job on a trace also needs ${missing.join(', ')}`);
};

const namesOf = (meaning: Meaning): readonly string[] => {
  if (meaning.kind === 'own-job') return JOB_POLICIES.map(({ name }) => name);
  return meaning.kind === 'suite' ? meaning.suite.policies : suiteNamed('fleet')!.policies;
};

/** The optimum may be named, and is always shown. */
const policyFaults = (meaning: Meaning, { policy = [] }: Options): readonly string[] => {
  const known = [...namesOf(meaning), 'optimum'];
  return policy
    .filter((name) => !known.includes(name))
    .map((name) => `there is no policy ${printable(name, NAME_CHARACTERS_MAX)}; there are ${known.join(', ')}`);
};

const run = (meaning: Exclude<Meaning, { kind: 'wrong' }>, options: Options, world: CliWorld): Promise<ExitCode> => {
  if (meaning.kind === 'suite') return runSuite(meaning.suite, meaning.folder, options, world);
  if (meaning.kind === 'own-fleet') return runOwnFleet(meaning.files, options, world);
  return runOwnJob(meaning.files, meaning.options, world);
};

/** `spothop replay`: what purchasing policies would have cost on recorded markets. */
export const registerReplay: RegisterCommand = (program, { world, finish }) => {
  program
    .command('replay')
    .description('replay purchasing policies on recorded spot markets')
    .option('--suite <NAME>', SUITE_NAMES.join(', '))
    .option('--traces <DIR>', 'the folder of the traces of a suite')
    .option('--trace <FILE...>', 'traces of your own, each a pool')
    .option('--job-hours <H>', 'work of the job', positive)
    .option('--deadline-hours <H>', 'hours from its start in which it must be done', positive)
    .option('--changeover-hours <H>', 'start-up that every launch pays', notNegative)
    .option('--price <P>', 'of spot, dollars an hour', positive)
    .option('--on-demand-price <P>', 'of on-demand, dollars an hour', positive)
    .option('--start-hours <H>', 'a single run, from this hour of the trace on', notNegative)
    .option('--policy <NAME...>', 'only these policies, beside the optimum')
    .option('--seed <N>', 'of the intervals', seedOf, SEED_DEFAULT)
    .option('--json', 'the answer as one JSON object on one line')
    .addHelpText('after', HELP)
    .action(async (options: Options) => {
      const meaning = meaningOf(options);
      const faults = meaning.kind === 'wrong' ? meaning.faults : policyFaults(meaning, options);
      if (meaning.kind !== 'wrong' && faults.length === 0) return finish(await run(meaning, options, world));
      for (const fault of faults) world.stderr(`usage: ${fault}; add --help to see what is accepted\n`);
      finish(EXIT.usage);
    });
};
