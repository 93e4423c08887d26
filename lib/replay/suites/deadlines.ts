import { type JobRun, type JobSuite, jobSuite } from './job-suite.ts';
import { readSinglePoolTraces, SINGLE_POOL_FILES } from './single-pool-traces.ts';
import type { ReadTrace } from './suite.ts';

const JOB_HOURS = 24;
const CHANGEOVER_HOURS = 0.1;
const SPOT_PRICE = 0.3;
const EVERY_WINDOW = 10;
const BLOCK_TICKS = 144;
/** From hardly any slack to a deadline at which waiting is nearly free. */
const DEADLINES_PER_JOB = [1.05, 1.1, 1.2, 1.3, 1.5, 2, 3];

const runsOf = function* (readTrace: ReadTrace): Generator<JobRun> {
  const traces = readSinglePoolTraces(readTrace);
  for (const deadlinePerJob of DEADLINES_PER_JOB) {
    for (const pool of traces.pools) {
      for (let window = 0; window < traces.windowCount; window += EVERY_WINDOW) {
        yield {
          cell: `deadline ${deadlinePerJob.toFixed(2)} ×`,
          market: { pools: [traces.cut(pool, window, SPOT_PRICE)] },
          rules: {
            tickSeconds: traces.tickSeconds,
            workSeconds: JOB_HOURS * 3_600,
            deadlineTicks: Math.floor(Number((deadlinePerJob * JOB_HOURS * 3_600).toFixed(6)) / traces.tickSeconds),
            changeoverSeconds: Math.round(CHANGEOVER_HOURS * 3_600),
            onDemandPrice: 1,
            billsWholeTicks: false,
          },
          costUnit: JOB_HOURS + CHANGEOVER_HOURS,
          block: `${pool} day ${Math.floor(traces.startTick(window) / BLOCK_TICKS)}`,
        };
      }
    }
  }
};

/** A day's work on the eight pools of 2022, due after 1.05 to 3 times as long: what slack is worth. */
export const deadlines: JobSuite = jobSuite({
  name: 'deadlines',
  costMeaning: 'share of the on-demand cost',
  files: SINGLE_POOL_FILES,
  runs: runsOf,
});
