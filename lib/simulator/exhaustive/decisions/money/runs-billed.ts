import type { PricePoint } from '../../../../fleet/run.ts';
import { addMs, type EpochMs, epochMs } from '../../../../fleet/time.ts';
import { type BilledRun, priceRun } from '../../../../money/price-run.ts';
import { triedTogether } from '../capacity/told-cases.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const LAUNCH = epochMs(1_800_000_000_000);

const after = (seconds: number): EpochMs => addMs(LAUNCH, Math.round(seconds * 1_000));

const point = (seconds: number, microUsdPerHour: number): PricePoint => ({ at: after(seconds), microUsdPerHour });

/** 10 and 20 micro-dollars a second. */
const SERIES: Readonly<Record<string, readonly PricePoint[] | undefined>> = {
  none: undefined,
  empty: [],
  'begins too late': [point(0.001, 36_000)],
  steady: [point(-7_200, 72_000), point(-60, 36_000)],
  'from the launch on': [point(0, 36_000)],
  'doubles after 40 s': [point(40, 72_000), point(-60, 36_000)],
  'doubles within second 40': [point(-60, 36_000), point(39.5, 72_000)],
};

const CASES = {
  purchase: ['spot', 'on-demand'],
  endedBy: ['ec2', 'us', 'itself', 'unknown', 'still-running'],
  seconds: [0, 0.001, 1, 59, 59.001, 60, 60.001, 61, 3_599.999, 3_600, 3_600.001],
  series: Object.keys(SERIES),
  onDemandPrice: [undefined, 72_000],
} as const;

type Case = CombinationOf<typeof CASES>;

const runOf = ({
  purchase,
  endedBy,
  seconds,
}: Pick<Case, 'purchase' | 'endedBy'> & { readonly seconds: number }): BilledRun => ({
  pool: { instanceType: 'm', zone: 'a', purchase },
  launchedAt: LAUNCH,
  endedAt: after(seconds),
  endedBy,
});

const told = (
  charged: number | string,
  alone: number | string,
  isFree: boolean,
  isProvisional: boolean,
  [spotMs, onDemandMs]: readonly [number, number],
): string =>
  `${charged}, on demand ${alone}${isFree ? ', free' : ''}${isProvisional ? ', may be free' : ''}, ${spotMs} and ${onDemandMs} ms`;

const decided = (tried: Case): string => {
  const priced = priceRun(runOf(tried), SERIES[tried.series], tried.onDemandPrice);
  const { chargedMicros, onDemandWouldBeMicros, freeFirstHour, isProvisional, spotMs, onDemandMs } = priced;
  return told(chargedMicros, onDemandWouldBeMicros, freeFirstHour, isProvisional, [spotMs, onDemandMs]);
};

/** What so many seconds of spot cost: each the price in force when it began. */
const spotMicros = (series: string, seconds: number): number | 'unknown' => {
  if (seconds === 0) return 0;
  if (['none', 'empty', 'begins too late'].includes(series)) return 'unknown';
  if (series.startsWith('doubles')) return 10 * Math.min(40, seconds) + 20 * Math.max(0, seconds - 40);
  return 10 * seconds;
};

/**
 * Spot that EC2 takes before 3,600 s have passed is free; any other second that has begun is paid. On demand pays 60 of them
 * at the least once it has ended. A price that nobody knows is unknown, and never 0.
 */
const expected = ({ purchase, endedBy, seconds, series, onDemandPrice }: Case): string => {
  const begun = Math.ceil(seconds);
  const paidOnDemand = endedBy === 'still-running' ? begun : Math.max(60, begun);
  const alone = onDemandPrice === undefined ? 'unknown' : 20 * paidOnDemand;
  const ms = Math.round(seconds * 1_000);
  if (purchase === 'on-demand') return told(alone, alone, false, false, [0, ms]);
  const isFree = endedBy === 'ec2' && seconds < 3_600;
  const mayBeFree = endedBy === 'still-running' && seconds < 3_600;
  return told(isFree ? 0 : spotMicros(series, begun), alone, isFree, mayBeFree, [ms, 0]);
};

const PARTS = {
  purchase: ['spot', 'on-demand'],
  endedBy: ['ec2', 'us', 'still-running'],
  seconds: [10, 60, 90.5, 3_600],
  cutAfter: [-5, 0, 0.5, 1, 10, 39.999, 40, 90.5, 90.501, 3_599, 3_600, 4_000],
} as const;

type PartCase = CombinationOf<typeof PARTS>;

/** Odd prices, whose parts have to be rounded. */
const ODD = [point(-60, 37_300), point(40, 70_003)];

const decidedParts = (tried: PartCase): string => {
  const run = runOf(tried);
  const [from, cut, to] = [after(-10), after(tried.cutAfter), after(5_000)];
  const parts = [priceRun(run, ODD, 71_999, { from, to: cut }), priceRun(run, ODD, 71_999, { from: cut, to })];
  const amounts = parts.map(({ chargedMicros }) => chargedMicros as number);
  const alone = parts.reduce((sum, { onDemandWouldBeMicros }) => sum + (onDemandWouldBeMicros as number), 0);
  const ms = parts.reduce((sum, { spotMs, onDemandMs }) => sum + spotMs + onDemandMs, 0);
  return `${amounts.reduce((sum, micros) => sum + micros, 0)} in all, on demand ${alone}, ${ms} ms, first ${amounts[0]}`;
};

/** Two periods have all of a run between them, and the minimum of on demand lies in the period in which it ended. */
const expectedParts = ({ purchase, endedBy, seconds, cutAfter }: PartCase): string => {
  const spotAt = (begun: number): number => 37_300 * Math.min(40, begun) + 70_003 * Math.max(0, begun - 40);
  const isFree = purchase === 'spot' && endedBy === 'ec2' && seconds < 3_600;
  const begunBy = (instant: number): number => Math.ceil(Math.max(0, Math.min(instant, seconds)));
  const onDemandUntil = (instant: number): number => {
    const isOver = endedBy !== 'still-running' && instant >= seconds;
    return Math.round(((isOver ? Math.max(60, begunBy(instant)) : begunBy(instant)) * 71_999) / 3_600);
  };
  const chargedUntil = (instant: number): number => {
    if (purchase === 'on-demand') return onDemandUntil(instant);
    return isFree ? 0 : Math.round(spotAt(begunBy(instant)) / 3_600);
  };
  const all = `${chargedUntil(5_000)} in all, on demand ${onDemandUntil(5_000)}`;
  return `${all}, ${seconds * 1_000} ms, first ${chargedUntil(cutAfter)}`;
};

/** What a machine cost, by who ended it and when (reliability B28). */
export const runsBilled: DecisionTable = {
  name: 'what a run costs',
  promise: 'M2',
  tryAll: () =>
    triedTogether(
      compareDecisions(combinationsOf(CASES), decided, expected),
      compareDecisions(combinationsOf(PARTS), decidedParts, expectedParts),
    ),
};
