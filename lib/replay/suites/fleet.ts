import { type Case, OPTIMUM, type Replayed } from '../case.ts';
import { type Estimates, misinformedFleet, TRUE_ESTIMATES } from '../estimates.ts';
import type { FleetMarket, FleetOutcome, FleetPolicyMaker, FleetRules } from '../fleet/fleet.ts';
import { FLEET_MIXES } from '../fleet/mixes.ts';
import { runFleet } from '../fleet/run-fleet.ts';
import { spothopFleet } from '../fleet/spothop.ts';
import type { CountTrace } from '../traces/count-json.ts';
import {
  type CountSeries,
  fromDatedCounts,
  fromMachineEvents,
  fromNodeLists,
  fromSteps,
  sampleCounts,
} from '../traces/count-series.ts';
import type { ReadTrace, Suite } from './suite.ts';

const WORKERS = [4, 8, 12, 16];
const COLD_START_SECONDS = [60, 120, 300];
const WARNING_SECONDS = [120, 0];
const SAMPLE_SECONDS = [60, 300];
const STEP_SECONDS = 60;
const SPOT_PRICE = 0.3;
const HOUR_SECONDS = 3_600;
/** A fleet that does less of its work has missed. */
const THROUGHPUT_GOAL = 0.995;

export const FLEET_POLICIES: readonly FleetPolicyMaker[] = [spothopFleet, ...FLEET_MIXES];

/** One trace file as one pool. */
interface Source {
  readonly name: string;
  readonly file: string;
  readonly read: (text: string) => CountSeries;
  /** Hours of the trace before this pool begins. */
  readonly fromHour?: number;
  /** Nodes of the fleet that was watched; counts are scaled to sixteen, the size of the largest fleet here. */
  readonly nodes: number;
}

const BAMBOO = 'bamboo/aws-spot-instances-';
const P2 = `${BAMBOO}p2-xlarge-2020-11-20-to-2020-11-23.csv.gz`;
const p2Day = (day: number): Source => ({
  name: `p2 day ${day + 1}`,
  file: P2,
  read: fromSteps(HOUR_SECONDS),
  fromHour: day * 24,
  nodes: 16,
});
const g4dn = (zone: string, hours: string): Source => ({
  name: `g4dn ${zone}`,
  file: `${BAMBOO}g4dn-xlarge-us-east-${zone}-${hours}.csv.gz`,
  read: fromSteps(1),
  nodes: 16,
});
const P3: Source = { name: 'p3', file: 'bamboo/p3-trace.csv.gz', read: fromMachineEvents, nodes: 32 };
const G4DN: Source = { name: 'g4dn', file: 'bamboo/g4dn-trace.csv.gz', read: fromMachineEvents, nodes: 24 };
const parcae = (name: string): Source => ({
  name,
  file: `parcae/trace_${name}.txt.gz`,
  read: fromNodeLists,
  nodes: 32,
});

/** Pools that are had together. Those of one market were not watched on the same days: a zone's day stands for a zone. */
const MARKETS: readonly { readonly name: string; readonly hours: number; readonly pools: readonly Source[] }[] = [
  { name: 'p3', hours: 11.35, pools: [P3] },
  { name: 'p3 and g4dn', hours: 10.75, pools: [P3, G4DN] },
  {
    name: 'g4dn, two zones',
    hours: 12.65,
    pools: [g4dn('1c', '2020-11-20-1930-to-2020-11-21-2200'), g4dn('1d', '2020-11-23-1730-to-2020-11-24-1530')],
  },
  { name: 'p2, three days as zones', hours: 24, pools: [p2Day(0), p2Day(1), p2Day(2)] },
  {
    name: 'v100 and a100',
    hours: 24,
    pools: [
      { name: 'v100', file: 'bamboo/v100x1-east1c.txt.gz', read: fromDatedCounts, nodes: 80 },
      { name: 'a100', file: 'bamboo/a100x1-east1b.txt.gz', read: fromDatedCounts, nodes: 64 },
    ],
  },
  {
    name: 'parcae, four hours as zones',
    hours: 1,
    pools: [parcae('hh_55_65'), parcae('hl_15_25'), parcae('lh_80_90'), parcae('ll_10_11')],
  },
];

const NODES = 16;

const marketOf = (
  { hours, pools }: (typeof MARKETS)[number],
  sampleSeconds: number,
  readTrace: ReadTrace,
): FleetMarket => ({
  pools: pools.map(({ name, file, read, fromHour = 0, nodes }) => {
    const from = fromHour * HOUR_SECONDS;
    const seconds = from + hours * HOUR_SECONDS;
    const counts = sampleCounts(read(readTrace(file)), { seconds, stepSeconds: STEP_SECONDS, sampleSeconds });
    return { name, counts: counts.slice(from / STEP_SECONDS).map((count) => Math.floor((count * NODES) / nodes)) };
  }),
});

const replayedOf = (policy: string, cell: string, block: string, outcome: FleetOutcome): Replayed => ({
  policy,
  cell,
  block,
  cost: outcome.cost / outcome.onDemandCost,
  ratioToOptimum: outcome.cost / outcome.leastCost,
  isMissed: outcome.throughput < THROUGHPUT_GOAL,
  launches: outcome.launches,
  availability: outcome.availability,
  throughput: outcome.throughput,
});

/** The clairvoyant bound has every machine ready at once, so it is below what anybody could reach. */
const boundOf = (cell: string, block: string, { leastCost, onDemandCost }: FleetOutcome): Replayed => ({
  policy: OPTIMUM,
  cell,
  block,
  cost: leastCost / onDemandCost,
  ratioToOptimum: 1,
  isMissed: false,
  launches: 0,
  availability: 1,
  throughput: 1,
});

interface Conditions {
  readonly cell: string;
  readonly rules: FleetRules;
}

interface NamedMarket {
  readonly name: string;
  readonly market: FleetMarket;
}

const caseOf = (
  { cell, rules }: Conditions,
  { name: block, market }: NamedMarket,
  compared: readonly FleetPolicyMaker[],
): Case => ({
  cell,
  replay: (policies) => {
    const makers = compared.filter(({ name }) => policies.includes(name));
    const outcomes = makers.map((maker) => [maker.name, runFleet(maker, market, rules)] as const);
    const any = outcomes[0]?.[1] ?? runFleet(FLEET_POLICIES[0]!, market, rules);
    return [...outcomes.map(([name, outcome]) => replayedOf(name, cell, block, outcome)), boundOf(cell, block, any)];
  },
});

const conditions = (stepSeconds: number): readonly Conditions[] =>
  WARNING_SECONDS.flatMap((warningSeconds) =>
    COLD_START_SECONDS.flatMap((coldStartSeconds) =>
      WORKERS.map((workers) => ({
        cell: `${warningSeconds > 0 ? 'warning used' : 'no warning'}, start-up ${coldStartSeconds} s, ${workers} workers`,
        rules: { workers, stepSeconds, coldStartSeconds, warningSeconds, spotPrice: SPOT_PRICE, onDemandPrice: 1 },
      })),
    ),
  );

const casesOn = (markets: readonly NamedMarket[], stepSeconds: number, estimates: Estimates): readonly Case[] => {
  const told = FLEET_POLICIES.map((maker) => misinformedFleet(maker, estimates));
  return conditions(stepSeconds).flatMap((each) => markets.map((market) => caseOf(each, market, told)));
};

const FLEET_COST_MEANING = 'share of the on-demand cost';

/**
 * Fleets of 4 to 16 that must stay up, on counts of machines that could be had: with and without the two minutes'
 * warning, with start-ups of 1 to 5 minutes, the counts looked at every minute and every five.
 */
export const fleet: Suite = {
  name: 'fleet',
  costMeaning: FLEET_COST_MEANING,
  files: [...new Set(MARKETS.flatMap(({ pools }) => pools.map(({ file }) => file)))],
  policies: FLEET_POLICIES.map(({ name }) => name),
  cases: (readTrace, estimates = TRUE_ESTIMATES) =>
    casesOn(
      MARKETS.flatMap((market) =>
        SAMPLE_SECONDS.map((sampleSeconds) => ({
          name: market.name,
          market: marketOf(market, sampleSeconds, readTrace),
        })),
      ),
      STEP_SECONDS,
      estimates,
    ),
};

/** Each tick of the trace in as many steps as it has minutes; a trace with a shorter gap keeps its own. */
const inSteps = ({ gapSeconds, pools }: CountTrace): { readonly stepSeconds: number; readonly market: FleetMarket } => {
  const perTick = Math.max(1, Math.floor(gapSeconds / STEP_SECONDS));
  const ticks = Math.min(...pools.map(({ counts }) => counts.length));
  return {
    stepSeconds: gapSeconds / perTick,
    market: {
      pools: pools.map(({ name, counts }) => ({
        name,
        counts: Float64Array.from({ length: ticks * perTick }, (_, step) => counts[Math.floor(step / perTick)]!),
      })),
    },
  };
};

/** The same fleets on somebody's own counts. */
export const ownFleet = (trace: CountTrace): Suite => {
  const { market, stepSeconds } = inSteps(trace);
  return {
    ...fleet,
    files: [],
    cases: (_, estimates = TRUE_ESTIMATES) => casesOn([{ name: 'own', market }], stepSeconds, estimates),
  };
};
