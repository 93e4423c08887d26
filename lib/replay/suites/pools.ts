import type { MarketPool } from '../job.ts';
import { decodeRunLengths, type RunLengths } from '../run-length.ts';
import { type JobRun, type JobSuite, jobSuite } from './job-suite.ts';
import type { ReadTrace } from './suite.ts';

const NINE_ZONES_FILE = 'frontiercs-cbl/nine_az_v100_prices_and_windows.json.gz';
const JOB_HOURS = 24;
const EVERY_WINDOW = 5;
const DEADLINES_PER_JOB = [1.1, 1.2, 1.5, 2];
const CHANGEOVER_TICKS = [1, 4];
const GROUPS = [
  { name: 'nine zones', prefix: '' },
  { name: 'us-west-2', prefix: 'us-west-2' },
  { name: 'us-east-2', prefix: 'us-east-2' },
  { name: 'us-east-1', prefix: 'us-east-1' },
];

interface NineZonesFile {
  readonly gap_seconds: number;
  readonly window_len_ticks: number;
  readonly window_start_ticks: readonly number[];
  readonly on_demand_usd_per_hour: number;
  readonly price_usd_per_hour_rle: Readonly<Record<string, RunLengths>>;
  readonly availability_rle: Readonly<Record<string, RunLengths>>;
}

/** A pool whose price was not observed is not offered: a missing price is unknown, never zero. */
const zoneOf = (file: NineZonesFile, name: string): MarketPool => {
  const dollars = decodeRunLengths(file.price_usd_per_hour_rle[name]!, Number.NaN);
  const observed = decodeRunLengths(file.availability_rle[name]!, 0);
  return {
    name,
    price: dollars.map((price) => price / file.on_demand_usd_per_hour),
    available: Uint8Array.from(observed, (value, tick) => (value === 1 && !Number.isNaN(dollars[tick]!) ? 1 : 0)),
  };
};

const cut = (zone: MarketPool, start: number, ticks: number): MarketPool => ({
  name: zone.name,
  available: zone.available.subarray(start, start + ticks),
  price: zone.price.subarray(start, start + ticks),
});

const readZones = (readTrace: ReadTrace): { readonly file: NineZonesFile; readonly zones: readonly MarketPool[] } => {
  const file = JSON.parse(readTrace(NINE_ZONES_FILE)) as NineZonesFile;
  return { file, zones: Object.keys(file.availability_rle).map((name) => zoneOf(file, name)) };
};

const runsOf = function* (readTrace: ReadTrace): Generator<JobRun> {
  const { file, zones } = readZones(readTrace);
  const tickSeconds = file.gap_seconds;
  for (const group of GROUPS) {
    const chosen = zones.filter(({ name }) => name.startsWith(group.prefix));
    for (const changeoverTicks of CHANGEOVER_TICKS) {
      for (const deadlinePerJob of DEADLINES_PER_JOB) {
        for (let window = 0; window < file.window_start_ticks.length; window += EVERY_WINDOW) {
          const start = file.window_start_ticks[window]!;
          const changeoverSeconds = changeoverTicks * tickSeconds;
          yield {
            cell: `${group.name}, start-up ${changeoverTicks} ticks, deadline ${deadlinePerJob.toFixed(1)} ×`,
            market: { pools: chosen.map((zone) => cut(zone, start, file.window_len_ticks)) },
            rules: {
              tickSeconds,
              workSeconds: JOB_HOURS * 3_600,
              deadlineTicks: Math.floor((deadlinePerJob * JOB_HOURS * 3_600) / tickSeconds),
              changeoverSeconds,
              onDemandPrice: 1,
              billsWholeTicks: false,
            },
            costUnit: JOB_HOURS + changeoverSeconds / 3_600,
            block: `window ${window}`,
          };
        }
      }
    }
  }
};

/**
 * Nine zones of three regions with their real prices of 2023; every hop from zone to zone costs a start-up. Costs are
 * shares of what on-demand alone costs.
 */
export const pools: JobSuite = jobSuite({
  name: 'pools',
  costMeaning: 'share of the on-demand cost',
  files: [NINE_ZONES_FILE],
  runs: runsOf,
});
