import { type JobRun, type JobSuite, jobSuite } from './job-suite.ts';
import { readSinglePoolTraces, SINGLE_POOL_FILES } from './single-pool-traces.ts';
import type { ReadTrace } from './suite.ts';

const JOB_HOURS = 48;
const SPOT_PRICE = 0.3;
const BLOCK_TICKS = 144;
const DEADLINES_PER_JOB = [1.1, 1.2, 1.3, 1.5];
const CELLS = [
  { changeoverHours: 0.05, everyWindow: 10 },
  { changeoverHours: 0.1, everyWindow: 5 },
  { changeoverHours: 0.2, everyWindow: 5 },
];

const runsOf = function* (readTrace: ReadTrace): Generator<JobRun> {
  const traces = readSinglePoolTraces(readTrace);
  for (const { changeoverHours, everyWindow } of CELLS) {
    for (const deadlinePerJob of DEADLINES_PER_JOB) {
      for (const pool of traces.pools) {
        for (let window = 0; window < traces.windowCount; window += everyWindow) {
          yield {
            cell: `start-up ${changeoverHours} h, deadline ${deadlinePerJob.toFixed(1)} ×`,
            market: { pools: [traces.cut(pool, window, SPOT_PRICE)] },
            rules: {
              tickSeconds: traces.tickSeconds,
              workSeconds: JOB_HOURS * 3_600,
              deadlineTicks: Math.floor(Number((deadlinePerJob * JOB_HOURS * 3_600).toFixed(6)) / traces.tickSeconds),
              changeoverSeconds: Math.round(changeoverHours * 3_600),
              onDemandPrice: 1,
              billsWholeTicks: false,
            },
            costUnit: JOB_HOURS + changeoverHours,
            block: `${pool} day ${Math.floor(traces.startTick(window) / BLOCK_TICKS)}`,
          };
        }
      }
    }
  }
};

/**
 * Twelve cells of start-up × deadline on the eight pools of 2022, spot at 0.3 of on-demand and only the time used billed;
 * costs are shares of what on-demand alone costs.
 */
export const grid: JobSuite = jobSuite({
  name: 'grid',
  costMeaning: 'share of the on-demand cost',
  files: SINGLE_POOL_FILES,
  runs: runsOf,
});
