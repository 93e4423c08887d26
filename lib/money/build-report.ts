import type { Member } from '../fleet/fleet.ts';
import type { FleetName } from '../fleet/ids.ts';
import { type PoolKey, poolKey } from '../fleet/pool.ts';
import type { PricePoint, Run, TaskCounts } from '../fleet/run.ts';
import type { EpochMs } from '../fleet/time.ts';
import type { CostReport, Figures, Interruptions, PoolLine } from './cost-report.ts';
import { convertMicros, type ReportCurrency } from './currency.ts';
import { type Amount, addSums, addToSum, divideRounded, EMPTY_SUM, wholeAmount } from './micros.ts';
import type { ReportPeriod } from './period.ts';
import { type BilledRun, priceRun } from './price-run.ts';
import { spotSeriesKey } from './price-series.ts';

export interface ReportInput {
  readonly reportId: string;
  readonly fleet: FleetName;
  readonly period: ReportPeriod;
  readonly madeAt: EpochMs;
  /** Closed runs, in any order; those outside the period are left out, one told of twice counts once. */
  readonly runs: readonly Run[];
  /** Machines without a closed run yet. */
  readonly members: readonly Pick<Member, 'instanceId' | 'pool' | 'launchedAt'>[];
  /** By `spotSeriesKey`. */
  readonly spotHistory: ReadonlyMap<string, readonly PricePoint[]>;
  /** Micro-USD per hour by instance type. */
  readonly onDemand: ReadonlyMap<string, number>;
  readonly tasks: TaskCounts;
  readonly currency: ReportCurrency;
}

/** The figures of one period: pure arithmetic on what the ledger, the fleet and the price lists say. */
export const buildReport = (input: ReportInput): CostReport => {
  const { reportId, fleet, period, madeAt, currency, tasks } = input;
  const runs = closedRuns(input.runs);
  const pools = poolLines(
    input,
    [...runs, ...openRuns(input, runs)].filter((run) => isWithin(run, period)),
  );
  const total = addFigures(pools);
  return {
    form: 1,
    reportId,
    fleet,
    period,
    madeAt,
    currency,
    total,
    savedBasisPoints: shareBasisPoints(total.saved.micros, total.comparedMicros),
    pools,
    interruptions: interruptionsOf(runs, period),
    tasks,
    costPerTaskMicros: perTask(wholeAmount(total.spent), tasks.done),
  };
};

/** Two closings of one machine, by an event and by a sweep, are one run: the one that says it ended first. */
const closedRuns = (runs: readonly Run[]): readonly Run[] => {
  const latestFirst = [...runs].sort((left, right) => right.endedAt - left.endedAt);
  return [...new Map(latestFirst.map((run) => [run.instanceId, run])).values()];
};

/** Priced up to now and clipped to the period like any other: what comes after belongs to the next report. */
const openRuns = (input: ReportInput, closed: readonly Run[]): readonly BilledRun[] => {
  const closedIds = new Set(closed.map((run) => run.instanceId));
  return input.members
    .filter((member) => !closedIds.has(member.instanceId))
    .map(({ pool, launchedAt }) => ({ pool, launchedAt, endedAt: input.madeAt, endedBy: 'still-running' }));
};

/** A run without length lies in the period that its instant lies in. */
const isWithin = (run: BilledRun, period: ReportPeriod): boolean =>
  run.launchedAt < period.to && (run.endedAt > period.from || run.launchedAt >= period.from);

const poolLines = (input: ReportInput, runs: readonly BilledRun[]): readonly PoolLine[] =>
  [...Map.groupBy(runs, (run): PoolKey => poolKey(run.pool))]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([, ofPool]) => ({ pool: ofPool[0]!.pool, ...addFigures(ofPool.map((run) => figuresOf(input, run))) }));

const figuresOf = (input: ReportInput, run: BilledRun): Figures => {
  const { instanceType } = run.pool;
  const series = input.spotHistory.get(spotSeriesKey(run.pool));
  const priced = priceRun(run, series, input.onDemand.get(instanceType), input.period);
  const spent = convertMicros(priced.chargedMicros, input.currency);
  const wouldBe = convertMicros(priced.onDemandWouldBeMicros, input.currency);
  const saved = spent === 'unknown' || wouldBe === 'unknown' ? 'unknown' : wouldBe - spent;
  return {
    runCount: 1,
    time: {
      spotMs: priced.freeFirstHour ? 0 : priced.spotMs,
      freeMs: priced.freeFirstHour ? priced.spotMs : 0,
      onDemandMs: priced.onDemandMs,
    },
    spent: addToSum(EMPTY_SUM, spent),
    onDemandWouldBe: addToSum(EMPTY_SUM, wouldBe),
    saved: addToSum(EMPTY_SUM, saved),
    comparedMicros: saved === 'unknown' || wouldBe === 'unknown' ? 0 : wouldBe,
    stillRunningCount: run.endedBy === 'still-running' ? 1 : 0,
    provisionalCount: priced.isProvisional ? 1 : 0,
  };
};

const addFigures = (parts: readonly Figures[]): Figures => {
  const total = (pick: (part: Figures) => number): number => parts.reduce((sum, part) => sum + pick(part), 0);
  return {
    runCount: total((part) => part.runCount),
    time: {
      spotMs: total((part) => part.time.spotMs),
      freeMs: total((part) => part.time.freeMs),
      onDemandMs: total((part) => part.time.onDemandMs),
    },
    spent: addSums(parts.map((part) => part.spent)),
    onDemandWouldBe: addSums(parts.map((part) => part.onDemandWouldBe)),
    saved: addSums(parts.map((part) => part.saved)),
    comparedMicros: total((part) => part.comparedMicros),
    stillRunningCount: total((part) => part.stillRunningCount),
    provisionalCount: total((part) => part.provisionalCount),
  };
};

/** An interruption belongs to the period in which the machine went, so that it is counted once. */
const interruptionsOf = (runs: readonly Run[], period: ReportPeriod): Interruptions => {
  const ended = runs.filter((run) => run.endedAt >= period.from && run.endedAt < period.to);
  return {
    warned: ended.filter((run) => run.interruption === 'warned').length,
    unwarned: ended.filter((run) => run.interruption === 'unwarned').length,
    rebalances: ended.filter((run) => run.rebalanced === true).length,
  };
};

const shareBasisPoints = (part: number, whole: number): Amount =>
  whole === 0 ? 'unknown' : divideRounded(BigInt(part) * 10_000n, BigInt(whole));

const perTask = (spent: Amount, done: number): Amount =>
  spent === 'unknown' || done === 0 ? 'unknown' : divideRounded(BigInt(spent), BigInt(done));
