import { isSilent, recallableMembers, usefulMembers } from '../../../../decisions/capacity-view.ts';
import { decideCapacity, wantedCount } from '../../../../decisions/decide-capacity.ts';
import type { SignalKind } from '../../../../fleet/signal.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { NOW, openIntents, somePolicy, tellPlan, viewOf } from './capacity-world.ts';
import { triedTogether } from './told-cases.ts';

const WANTED = {
  waiting: [0, 1, 10],
  inFlight: [0, 4, 100],
  delayed: [0, 3],
  machinesMin: [0, 2, 20],
  machinesMax: [3, 20],
  targetBacklog: [1, 5],
} as const;

type WantedCase = CombinationOf<typeof WANTED>;

const decidedWanted = ({ waiting, inFlight, delayed, machinesMin, machinesMax, targetBacklog }: WantedCase): string =>
  `${wantedCount({ waiting, inFlight, delayed }, somePolicy({ machinesMin, machinesMax, targetBacklog }))} wanted`;

/** One machine for each so many tasks, begun ones counted whole, between the minimum and the maximum. */
const expectedWanted = ({ waiting, inFlight, delayed, ...bounds }: WantedCase): string => {
  const tasks = waiting + inFlight + delayed;
  let machines = 0;
  while (machines * bounds.targetBacklog < tasks) machines += 1;
  if (machines > bounds.machinesMax) machines = bounds.machinesMax;
  if (machines < bounds.machinesMin) machines = bounds.machinesMin;
  return `${machines} wanted`;
};

const SIGNALS: readonly (SignalKind | undefined)[] = [
  undefined,
  'rebalance-recommendation',
  'spot-interruption',
  'scheduled-change',
  'state-terminated',
  'state-running',
];

const COUNTED = {
  signal: SIGNALS,
  hasLeave: [false, true],
  isDraining: [false, true],
  isUnwritten: [false, true],
  isAgentless: [false, true],
  heardSecondsAgo: [49.999, 50],
} as const;

type CountedCase = CombinationOf<typeof COUNTED>;

const decidedCounted = ({ signal, hasLeave, ...machine }: CountedCase): string => {
  const signals = { ...(signal === undefined ? {} : { [signal]: 60 }), ...(hasLeave ? { leave: 60 } : {}) };
  const view = viewOf({ machines: [{ ...machine, upSeconds: 50, signals }] });
  const silent = [...view.records.values()].some((record) => isSilent(record, NOW));
  const useful = usefulMembers(view, NOW).length;
  return `${useful} useful, ${recallableMembers(view, NOW).length} to be called back${silent ? ', silent' : ''}`;
};

/**
 * Useful is what is not on its way out: who has no item yet comes, who is wary works. Called back may be whom only our own
 * word sends away, and who is heard: after 50 s of silence its tasks are released.
 */
const expectedCounted = ({ signal, hasLeave, isDraining, isUnwritten, isAgentless, heardSecondsAgo }: CountedCase) => {
  if (isUnwritten) return '1 useful, 0 to be called back';
  const isSilentNow = !isAgentless && heardSecondsAgo >= 50;
  // A warning drains in the write that records it; here that write is what is tried.
  const isKept = !isDraining && signal !== 'scheduled-change' && signal !== 'state-terminated';
  const useful = isKept && !hasLeave ? 1 : 0;
  const back = isKept && hasLeave && !isSilentNow ? 1 : 0;
  return `${useful} useful, ${back} to be called back${isSilentNow ? ', silent' : ''}`;
};

const HAD = {
  askedSpot: [1, 3],
  cameOfIt: [0, 1, 2],
  drainingOfIt: [0, 1],
  askedOnDemand: [0, 2],
  leaving: [0, 1, 7],
} as const;

type HadCase = CombinationOf<typeof HAD>;

const decidedHad = ({ askedSpot, cameOfIt, drainingOfIt, askedOnDemand, leaving }: HadCase): string => {
  const some = <Machine>(count: number, machine: Machine): readonly Machine[] =>
    new Array<Machine>(count).fill(machine);
  const view = viewOf({
    waiting: 40,
    machines: [
      ...some(cameOfIt, { intent: 'spot' }),
      ...some(drainingOfIt, { intent: 'spot', isDraining: true }),
      ...some(leaving, { signals: { leave: 60 } }),
    ],
    head: {
      openIntents: openIntents({
        spot: { purchase: 'spot', count: askedSpot },
        ...(askedOnDemand === 0 ? {} : { other: { purchase: 'on-demand', count: askedOnDemand } }),
      }),
    },
  });
  return tellPlan({ actions: decideCapacity(view, NOW).actions.filter((action) => action.do !== 'leave') });
};

/**
 * Eight are wanted; had are the useful rows and, of each open launch, what has not come of it yet, drained or not. Who is
 * leaving is called back before anybody is bought.
 */
const expectedHad = ({ askedSpot, cameOfIt, drainingOfIt, askedOnDemand, leaving }: HadCase): string => {
  const toCome = Math.max(0, askedSpot - cameOfIt - drainingOfIt) + askedOnDemand;
  const missing = Math.max(0, 8 - cameOfIt - toCome);
  const back = Math.min(leaving, missing);
  const firstLeaving = cameOfIt + drainingOfIt;
  const stays = Array.from({ length: back }, (_, index) => `stay ${firstLeaving + index}`);
  const rest = missing - back;
  return [...stays, ...(rest === 0 ? [] : [`${rest} of m/a/spot m/b/spot`])].join(', ');
};

/** How many machines are wanted, and how many there are. */
export const machinesCounted: DecisionTable = {
  name: 'machines wanted and had',
  promise: 'N3',
  tryAll: () =>
    triedTogether(
      compareDecisions(combinationsOf(WANTED), decidedWanted, expectedWanted),
      compareDecisions(combinationsOf(COUNTED), decidedCounted, expectedCounted),
      compareDecisions(combinationsOf(HAD), decidedHad, expectedHad),
    ),
};
