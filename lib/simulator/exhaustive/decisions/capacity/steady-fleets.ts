import {
  decideFleetPurchase,
  type FleetMachineSeen,
  type FleetPurchase,
} from '../../../../decisions/decide-fleet-purchase.ts';
import { afterService, budgetUsed, shortHourWorth } from '../../../../decisions/fleet-shortfall.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { compareTold, type ToldCase, triedTogether } from './told-cases.ts';

const CASES = {
  workers: [1, 4],
  spotReady: [0, 4, 7],
  spotStarting: [0, 3],
  onDemandReady: [0, 3],
  onDemandStarting: [0, 2],
  onDemandBase: [0, 1],
  market: ['open', 'set aside', 'too dear', 'dearest allowed', 'being taken'],
} as const;

type Case = CombinationOf<typeof CASES>;

/** Machines are told apart by tens: spot from 10, leaving from 20 and starting from 50, on demand from 30 and starting from 40. */
const machinesOf = (tried: Case): readonly FleetMachineSeen[] => {
  const { spotReady, spotStarting, onDemandReady, onDemandStarting, market } = tried;
  const some = (count: number, from: number, seen: Omit<FleetMachineSeen, 'id'>): readonly FleetMachineSeen[] =>
    Array.from({ length: count }, (_, index) => ({ id: from + index, ...seen }));
  const leavingPool = market === 'being taken' ? 'askable' : 'other';
  return [
    ...some(spotReady, 10, { pool: 'other', isReady: true, isLeaving: false }),
    ...some(1, 20, { pool: leavingPool, isReady: true, isLeaving: true }),
    ...some(spotStarting, 50, { pool: 'other', isReady: false, isLeaving: false }),
    ...some(onDemandReady, 30, { isReady: true, isLeaving: false }),
    ...some(onDemandStarting, 40, { isReady: false, isLeaving: false }),
  ];
};

const PRICES: Readonly<Record<string, number>> = { 'too dear': 0.0501, 'dearest allowed': 0.05 };

const purchaseOf = (tried: Case): FleetPurchase => {
  const { workers, onDemandBase, market } = tried;
  const record = { heldHours: 0, losses: 0, learntAtSeconds: 0, strikes: 0, refusalsInARow: 0 };
  return decideFleetPurchase(
    {
      workers,
      coldStartSeconds: 180,
      warningSeconds: 120,
      onDemandPrice: 0.1,
      throughputGoal: 0.995,
      onDemandBase,
      spotShareMax: 0.5,
    },
    {
      nowSeconds: 100_000,
      machines: machinesOf(tried),
      pools: [
        {
          name: 'askable',
          price: PRICES[market] ?? 0.03,
          record: { ...record, setAsideUntilSeconds: market === 'set aside' ? 100_001 : 100_000 },
        },
        { name: 'other', price: 0.03, record: { ...record, setAsideUntilSeconds: 200_000 } },
      ],
      losses: { sinceSeconds: 0, bursts: [] },
      shortfall: { workSeconds: 0, shortSeconds: 0 },
    },
  );
};

/** What no such decision may do, whatever it weighs. */
const decided = (tried: Case): string => {
  const { spot, onDemand, release } = purchaseOf(tried);
  const { workers, spotReady, spotStarting, onDemandReady, onDemandStarting, market } = tried;
  const base = Math.min(tried.onDemandBase, workers);
  const asked = [...spot.values()].reduce((sum, count) => sum + count, 0);
  const there = spotReady + spotStarting + onDemandReady + onDemandStarting;
  const mayAsk = market === 'open' || market === 'dearest allowed';
  const released = (from: number): number => release.filter((id) => id >= from && id < from + 10).length;
  const readyLeft = spotReady + onDemandReady - released(10) - released(30);
  const baseMissing = Math.max(0, base - onDemandReady - onDemandStarting);
  const beyondBase = asked + Math.max(0, onDemand - baseMissing);
  const surge = workers <= 4 ? 2 : Math.ceil(workers / 2);
  const wrong = [
    ...(asked > 0 && !mayAsk ? ['asks a pool that may not be asked'] : []),
    ...(spot.has('other') ? ['asks a pool that is set aside'] : []),
    ...(beyondBase > 0 && beyondBase + there > workers + surge ? ['asks beyond its size'] : []),
    ...(asked === 0 && onDemand < baseMissing ? ['lacks its base'] : []),
    ...(mayAsk && spotReady + spotStarting < workers - base && there < workers + surge && asked === 0
      ? ['asks no spot']
      : []),
    ...(!mayAsk && there < workers && onDemand < workers - there ? ['stays short'] : []),
    ...(release.length > 0 && readyLeft < workers ? ['releases what it needs'] : []),
    ...(onDemandReady + onDemandStarting - released(30) - released(40) <
    Math.min(base, onDemandReady + onDemandStarting)
      ? ['releases its base']
      : []),
    ...(release.length > 0 && asked + onDemand > 0 ? ['asks and releases at once'] : []),
    ...(released(20) > 0 ? ['releases what leaves already'] : []),
    ...(released(10) > 0 && onDemandReady + onDemandStarting - released(30) - released(40) > base + released(10)
      ? ['releases spot before on demand']
      : []),
  ];
  return wrong.length === 0 ? 'as it may' : wrong.join(', ');
};

const rounded = (value: number): string => value.toFixed(6);

const service = (seconds: number, ready: number, dueWork: number, dueShort: number): ToldCase => ({
  of: `${seconds} s with ${ready} of 4 ready`,
  decided: () => {
    const after = afterService({ workSeconds: 800, shortSeconds: 80 }, { workers: 4, ready, seconds });
    return `${rounded(after.workSeconds)} owed, ${rounded(after.shortSeconds)} short`;
  },
  due: `${rounded(dueWork)} owed, ${rounded(dueShort)} short`,
});

/** What was owed a day ago counts half; more than are wanted make up for nothing. */
const TOLD: readonly ToldCase[] = [
  service(0, 4, 800, 80),
  service(86_400, 4, 346_000, 40),
  service(86_400, 3, 346_000, 86_440),
  service(86_400, 9, 346_000, 40),
  ...(
    [
      [0, 1_000_000, 0],
      [3_000, 1_000_000, 1],
      [1_500, 1_000_000, 0.5],
      // A young fleet of four is lent what six hours earn: 0.5 % of 86,400 s, three fifths of it.
      [259.2, 0, 1],
    ] as const
  ).map(
    ([shortSeconds, workSeconds, due]): ToldCase => ({
      of: `${shortSeconds} s short of ${workSeconds} s`,
      decided: () => rounded(budgetUsed({ workSeconds, shortSeconds }, { workers: 4, throughputGoal: 0.995 })),
      due: rounded(due),
    }),
  ),
  {
    of: 'nothing short of a goal that allows nothing',
    decided: () => rounded(budgetUsed({ workSeconds: 800, shortSeconds: 0 }, { workers: 4, throughputGoal: 1 })),
    due: rounded(0),
  },
  ...([0, 1, 2, 3] as const).map(
    (used): ToldCase => ({
      of: `an allowance used up ${used} times`,
      decided: () => rounded(shortHourWorth(used)),
      due: rounded([2, 40, 800, 1_000][used]!),
    }),
  ),
];

/** A fleet of so many machines that must stay up: what it may never do. */
export const steadyFleets: DecisionTable = {
  name: 'what a steady fleet buys',
  promise: 'N3',
  tryAll: () =>
    triedTogether(
      compareDecisions(combinationsOf(CASES), decided, () => 'as it may'),
      compareTold(TOLD),
    ),
};
