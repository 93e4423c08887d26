import { whyLeftOut } from '../../decisions/explain-pools.ts';
import { spotSeriesKey } from '../../fleet/price-board.ts';
import { toIso } from '../../fleet/time.ts';
import { sampledPrices } from '../../money/price-statistics.ts';
import { COLUMNS_MAX, type Column, renderTable } from '../table.ts';
import type { FleetPrices, PricedPool } from './gather-prices.ts';

const UNKNOWN = 'unknown';
const MICRO = 1_000_000;

const dollars = (micros: number | undefined): string => (micros === undefined ? UNKNOWN : (micros / MICRO).toFixed(4));

const percent = (share: number | undefined): string => (share === undefined ? UNKNOWN : `${Math.round(100 * share)} %`);

const saving = ({ statistics, onDemandMicroUsdPerHour: onDemand }: PricedPool): number | undefined =>
  statistics === undefined || onDemand === undefined ? undefined : 1 - statistics.now / onDemand;

const COLUMNS: readonly Column<PricedPool>[] = [
  { title: 'POOL', text: ({ score }) => spotSeriesKey(score.pool) },
  { title: '$/HOUR', text: ({ statistics }) => dollars(statistics?.now), isNumber: true },
  { title: 'LOW', text: ({ statistics }) => dollars(statistics?.low), isNumber: true },
  { title: 'HIGH', text: ({ statistics }) => dollars(statistics?.high), isNumber: true },
  { title: 'SWING', text: ({ statistics }) => percent(statistics?.volatility), isNumber: true },
  { title: 'SAVES', text: (pool) => percent(saving(pool)), isNumber: true },
  { title: 'USEFUL', text: ({ score }) => dollars(score.usefulHourMicroUsd), isNumber: true },
];

const LEVELS = '▁▂▃▄▅▆▇█';
const CHART_COLUMNS = 36;
const NO_PRICE = ' ';

export interface Scale {
  readonly low: number;
  readonly high: number;
}

/** One scale for all pools of a fleet, so that their charts can be compared. */
const scaleOf = (pools: readonly PricedPool[]): Scale => {
  const known = pools.flatMap(({ statistics }) => statistics ?? []);
  return { low: 0, high: Math.max(1, ...known.map(({ high }) => high)) };
};

/** A line of blocks, as high as the price; blank where no price is known. */
export const chartLine = (prices: readonly (number | undefined)[], { low, high }: Scale): string =>
  prices
    .map((price) => {
      if (price === undefined) return NO_PRICE;
      const level = Math.round(((price - low) / (high - low)) * (LEVELS.length - 1));
      return LEVELS[Math.max(0, Math.min(LEVELS.length - 1, level))]!;
    })
    .join('');

const adviceOf = ({ score }: PricedPool, rank: number): string =>
  whyLeftOut(score) ?? (rank === 0 ? 'asked first' : `asked, rank ${rank + 1}`);

const hoursWords = (hours: number): string => (hours % 24 === 0 && hours >= 48 ? `${hours / 24} days` : `${hours} h`);

/** A title, a row for each pool, and under it what the price did and what would be done. */
export const renderPrices = (prices: FleetPrices): string => {
  const { fleet, from, to, pools } = prices;
  const scale = scaleOf(pools);
  const below = (pool: PricedPool): readonly string[] => {
    const chart = chartLine(sampledPrices(pool.series, from, to, CHART_COLUMNS), scale);
    const advice = adviceOf(pool, pools.indexOf(pool));
    const isWide = chart.length + advice.length + 4 > COLUMNS_MAX;
    return isWide ? [chart.trimEnd(), advice] : [`${chart}  ${advice}`];
  };
  const title = `${fleet}: ${pools.length} spot pools over ${hoursWords((to - from) / 3_600_000)} until ${toIso(to)}\n`;
  return `${title}\n${renderTable(COLUMNS, pools, below)}`;
};

const jsonPool = (pool: PricedPool, rank: number) => {
  const { score, statistics, onDemandMicroUsdPerHour: onDemand, series } = pool;
  const { verdict } = score;
  return {
    instanceType: score.pool.instanceType,
    zone: score.pool.zone,
    rank: verdict.kind === 'ask' ? rank + 1 : null,
    verdict: verdict.kind,
    advice: adviceOf(pool, rank),
    dominatedBy: verdict.kind === 'dominated' ? spotSeriesKey(verdict.by) : null,
    microUsdPerHour: statistics?.now ?? null,
    lowMicroUsdPerHour: statistics?.low ?? null,
    highMicroUsdPerHour: statistics?.high ?? null,
    meanMicroUsdPerHour: statistics?.mean ?? null,
    volatility: statistics?.volatility ?? null,
    changes: statistics?.changes ?? null,
    onDemandMicroUsdPerHour: onDemand ?? null,
    savesShare: saving(pool) ?? null,
    usefulHourMicroUsd: score.usefulHourMicroUsd ?? null,
    lossesPerHour: score.lossesPerHour,
    placementScore: score.placementScore ?? null,
    history: series.map(({ at, microUsdPerHour }) => ({ at: toIso(at), microUsdPerHour })),
  };
};

/** The same as data; what is unknown is null, never 0. */
export const jsonPrices = ({ fleet, from, to, pools }: FleetPrices) => ({
  fleet,
  from: toIso(from),
  to: toIso(to),
  pools: pools.map(jsonPool),
});
