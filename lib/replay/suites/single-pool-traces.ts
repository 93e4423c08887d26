import type { MarketPool } from '../job.ts';
import { decodeRunLengths, type RunLengths } from '../run-length.ts';
import type { ReadTrace } from './suite.ts';

const AVAILABILITY_FILE = 'frontiercs-cbl/single_region_availability.json.gz';
const WINDOWS_FILE = 'frontiercs-cbl/single_region_windows.json.gz';

export const SINGLE_POOL_FILES: readonly string[] = [AVAILABILITY_FILE, WINDOWS_FILE];

/** Ticks of 600 s in each window. */
const WINDOW_TICKS = 554;

interface AvailabilityFile {
  readonly gap_seconds: number;
  readonly availability_rle: Readonly<Record<string, RunLengths>>;
}

interface WindowsFile {
  readonly start_by_window_index: readonly number[];
  readonly adrs_leaderboard_30_window_ids: readonly number[];
  readonly adrs_envs: readonly string[];
}

/** The eight pools of the 2022 collection and the windows that are scored on them. */
export interface SinglePoolTraces {
  readonly tickSeconds: number;
  readonly pools: readonly string[];
  readonly leaderboardPools: readonly string[];
  readonly leaderboardWindows: readonly number[];
  readonly windowCount: number;
  startTick(window: number): number;
  /** One window of one pool, at one price throughout. */
  cut(pool: string, window: number, price: number): MarketPool;
}

export const readSinglePoolTraces = (readTrace: ReadTrace): SinglePoolTraces => {
  const availability = JSON.parse(readTrace(AVAILABILITY_FILE)) as AvailabilityFile;
  const windows = JSON.parse(readTrace(WINDOWS_FILE)) as WindowsFile;
  const byPool = new Map(
    Object.entries(availability.availability_rle).map(([pool, runs]) => [
      pool,
      Uint8Array.from(decodeRunLengths(runs, 0)),
    ]),
  );
  const startTick = (window: number): number => windows.start_by_window_index[window]!;
  return {
    tickSeconds: availability.gap_seconds,
    pools: [...byPool.keys()],
    leaderboardPools: windows.adrs_envs,
    leaderboardWindows: windows.adrs_leaderboard_30_window_ids,
    windowCount: windows.start_by_window_index.length,
    startTick,
    cut: (name, window, price) => ({
      name,
      available: byPool.get(name)!.subarray(startTick(window), startTick(window) + WINDOW_TICKS),
      price: new Float64Array(WINDOW_TICKS).fill(price),
    }),
  };
};
