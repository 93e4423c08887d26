import { JOB_POLICIES } from '../policies/all.ts';
import { greedy, leaderboardGreedy } from '../policies/greedy.ts';
import { type JobRun, type JobSuite, jobSuite } from './job-suite.ts';
import { readSinglePoolTraces, SINGLE_POOL_FILES } from './single-pool-traces.ts';
import type { ReadTrace } from './suite.ts';

const JOB_HOURS = 48;
const DEADLINE_HOURS = [52, 70];
const CHANGEOVER_SECONDS = [72, 180, 360];
const SPOT_PRICE = 0.9731;
const ON_DEMAND_PRICE = 3.06;
const SCORE_ZERO_DOLLARS = 146.88;
const SCORE_HUNDRED_DOLLARS = 46.7088;
/** The windows all lie within twelve days; a day of ticks is drawn as one. */
const BLOCK_TICKS = 144;

const runsOf = function* (readTrace: ReadTrace): Generator<JobRun> {
  const traces = readSinglePoolTraces(readTrace);
  for (const pool of traces.leaderboardPools) {
    for (const window of traces.leaderboardWindows) {
      const market = { pools: [traces.cut(pool, window, SPOT_PRICE)] };
      for (const deadlineHours of DEADLINE_HOURS) {
        for (const changeoverSeconds of CHANGEOVER_SECONDS) {
          yield {
            cell: `${deadlineHours} h, start-up ${changeoverSeconds / 3_600} h`,
            market,
            rules: {
              tickSeconds: traces.tickSeconds,
              workSeconds: JOB_HOURS * 3_600,
              deadlineTicks: (deadlineHours * 3_600) / traces.tickSeconds,
              changeoverSeconds,
              onDemandPrice: ON_DEMAND_PRICE,
              billsWholeTicks: true,
            },
            costUnit: 1,
            block: `${pool} day ${Math.floor(traces.startTick(window) / BLOCK_TICKS)}`,
          };
        }
      }
    }
  }
};

/**
 * The public leaderboard "cant_be_late" of ADRS: 48 h of work on one pool, due after 52 or 70 h, with start-ups of 0.02,
 * 0.05 or 0.1 h; 6 pools × 30 windows × 2 × 3 = 1,080 runs, each counted alike.
 */
export const adrs: JobSuite = jobSuite(
  {
    name: 'adrs',
    costMeaning: 'dollars a job',
    files: SINGLE_POOL_FILES,
    runs: runsOf,
    score: (cost) => (100 * (SCORE_ZERO_DOLLARS - cost)) / (SCORE_ZERO_DOLLARS - SCORE_HUNDRED_DOLLARS),
  },
  JOB_POLICIES.map((maker) => (maker === greedy ? leaderboardGreedy : maker)),
);
