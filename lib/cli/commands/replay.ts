import type { RegisterCommand } from '../command.ts';
import { EXIT } from '../exit.ts';
import { readOptions, type TypedOptions } from '../replay/options.ts';
import { runReplay } from '../replay/run-replay.ts';
import { SUITES } from '../replay/suites.ts';

const HELP = `
Examples:
  spothop replay --suite adrs --traces traces
  spothop replay --suite grid --traces traces --policy greedy optimum --json
  spothop replay --trace zone-a.json zone-b.json.gz --job-hours 48 --deadline-hours 60 \\
      --changeover-hours 0.1 --price 0.97 --on-demand-price 3.06
  spothop replay --suite fleet --trace counts-a.json counts-b.json counts-c.json

Suites: adrs       one pool, 48 h of work, the public leaderboard's 1,080 runs
        grid       one pool, twelve cells of start-up and deadline
        deadlines  one pool, a day's work due after 1.05 to 3 times as long
        pools      two to nine zones with their real prices
        fleet      4 to 16 machines that must stay up
        adversarial  markets made up to hurt, from seeds: needs no traces
A trace is {"metadata":{"gap_seconds":600},"data":[1,0,…]}, 1 where spot could be had (counts for a fleet), packed by
gzip or not; several files are several pools. It may have "prices":[0.97,null,…], dollars an hour; where nobody knows the
price, spot is not offered. A file with several pools has "gap_seconds", "availability_rle" and perhaps
"price_usd_per_hour_rle", in which each pool has its [[value, ticks],…].
The job starts at every quarter of its deadline, as far as the trace reaches; with --start-hours once, and what each
policy ran is drawn below the table. All hours are rounded down to whole ticks of the trace, at the deadline and the start.
With --json the answer is one line: {suite, policies: {NAME: {cost, score, ratioToOptimum, misses, launches, cells:
[{name, cost, ratioToOptimum, misses}]}}}. The interval is where 95 of 100 redrawings of the days put the mean.

Exit codes:
  0  replayed
  1  a trace cannot be read, or the job cannot be done
  2  the command line cannot be understood`;

/** `spothop replay`: what purchasing policies would have cost on recorded markets. */
export const registerReplay: RegisterCommand = (program, { world, finish }) => {
  program
    .command('replay')
    .description('replay purchasing policies on recorded spot markets')
    .option('--suite <NAME>', SUITES.map(({ name }) => name).join(', '))
    .option('--traces <DIR>', 'the folder of the traces of a suite')
    .option('--trace <FILE...>', 'traces of your own, each a pool or several')
    .option('--pool <PREFIX...>', 'only the pools of the traces whose names begin so')
    .option('--job-hours <H>', 'work of the job')
    .option('--deadline-hours <H>', 'hours from its start in which it must be done')
    .option('--changeover-hours <H>', 'start-up that every launch pays')
    .option('--price <P>', 'of spot where the trace has no prices, dollars an hour')
    .option('--on-demand-price <P>', 'of on-demand, dollars an hour')
    .option('--start-hours <H>', 'a single run, from this hour of the trace on')
    .option(
      '--estimate-factor <F>',
      'the policies are told so many times the work and the start-up that there are',
      '1',
    )
    .option('--policy <NAME...>', 'only these policies, beside the optimum')
    .option('--seed <N>', 'of the intervals', '1')
    .option('--json', 'the answer as one JSON object on one line')
    .addHelpText('after', HELP)
    .action(async (typed: TypedOptions) => {
      const read = readOptions(typed);
      if (read.ok) return finish(await runReplay(read.meaning, world));
      for (const fault of read.faults) world.stderr(`usage: ${fault}; add --help to see what is accepted\n`);
      finish(EXIT.usage);
    });
};
