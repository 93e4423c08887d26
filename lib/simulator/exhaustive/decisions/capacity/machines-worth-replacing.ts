import { dearMembers, movePercent } from '../../../../decisions/dear-members.ts';
import type { PoolScore } from '../../../../decisions/score-pool.ts';
import { worthReplacing } from '../../../../decisions/worth-replacing.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { NOW, numbersOf, type TriedMachine, viewOf } from './capacity-world.ts';
import { triedTogether } from './told-cases.ts';

const WORTH = {
  waiting: [0, 1, 6],
  delayed: [0, 5],
  inFlight: [0, 4],
  /** What half of the tasks and nine of ten take, in seconds. */
  runTimes: [undefined, [79, 200], [80, 200], [1_000, 2_000]],
  upSeconds: [320, 320.001, 800, 800.001, 3_000],
  machinesKept: [0, 2],
  had: [3, 5],
} as const;

type WorthCase = CombinationOf<typeof WORTH>;

/** Three machines that might be replaced. */
const decidedWorth = ({ waiting, delayed, inFlight, runTimes, upSeconds, machinesKept, had }: WorthCase): string => {
  const [half, nineTenths] = runTimes ?? [0, 0];
  const learned = { samples: 9, halfMs: half * 1_000, nineTenthsMs: nineTenths * 1_000 };
  const view = viewOf({
    waiting,
    delayed,
    inFlight,
    machines: new Array(3).fill({ purchase: 'on-demand', upSeconds }),
    head: runTimes === undefined ? {} : { runTimes: learned },
  });
  const situation = {
    view,
    counts: { wanted: 0, had, hadOnDemand: 3 },
    market: { scores: [], spot: [], onDemand: [] },
    doubts: [],
    dear: [],
    course: { window: { kind: 'none' as const }, isOnDemandOnly: false, isOnDemandAway: false },
    machinesKept,
    spotAwaySince: undefined,
    now: NOW,
  };
  return `${worthReplacing(situation, view.state.members)} of three`;
};

/**
 * For what waits, unless who works will have taken it within two minutes; for the fleet's minimum; and for who has outlasted
 * nine of ten tasks by two minutes while something waits, else by ten.
 */
const expectedWorth = ({ waiting, delayed, inFlight, runTimes, upSeconds, machinesKept, had }: WorthCase): string => {
  const open = waiting + delayed;
  const isSoonTaken = runTimes !== undefined && inFlight > 0 && (open * runTimes[0]) / inFlight < 120;
  const forWaiting = isSoonTaken ? 0 : Math.ceil(open / 5);
  const outlasts = runTimes !== undefined && upSeconds > runTimes[1] + (open > 0 ? 120 : 600);
  const forMinimum = machinesKept - (had - 3);
  return `${Math.min(3, Math.max(0, forWaiting, outlasts ? 3 : 0, forMinimum))} of three`;
};

const MOVES: readonly (readonly [percentMax: number, movesAbove: number])[] = [
  [50, 55],
  [90, 99],
  [95, 100],
  [100, 100],
  [120, 120],
];

const DEAR = [0, -0.01, 0.01].flatMap((beyond) => MOVES.map((move) => ({ beyond, move })));

/** Spot in the pool, attached there, on demand there, and spot in the cheap pool. */
const FOUR: readonly TriedMachine[] = [{}, { isAttached: true }, { purchase: 'on-demand' }, { zone: 'b' }];

const scoreOf = (zone: string, percentOfOnDemand: number): PoolScore => ({
  pool: { instanceType: 'm', zone, purchase: 'spot' },
  verdict: { kind: 'ask' },
  lossesPerHour: 0,
  percentOfOnDemand,
});

const decidedDear = ({ beyond, move: [spotPercentMax, above] }: (typeof DEAR)[number]): string => {
  const view = viewOf({ machines: FOUR, policy: { spotPercentMax } });
  const scores = [scoreOf('a', above + beyond), scoreOf('b', 10)];
  const dear = (spot: number): string =>
    numbersOf(
      dearMembers(view, { scores, spot: scores.slice(spot).map(({ pool }) => pool), onDemand: [] }, view.state.members),
    );
  return `${movePercent(spotPercentMax).toFixed(3)}: moves ${dear(1)}, with no other ${dear(2)}`;
};

/** A tenth above the threshold, and at the on-demand price in any case; nobody moves where there is nowhere to go. */
const expectedDear = ({ beyond, move: [, above] }: (typeof DEAR)[number]): string =>
  `${above.toFixed(3)}: moves ${beyond > 0 ? '0' : ''}, with no other `;

/** For how many machines another would find something to do, and which of them stand in pools that are too dear. */
export const machinesWorthReplacing: DecisionTable = {
  name: 'machines worth replacing',
  promise: 'M1',
  tryAll: () =>
    triedTogether(
      compareDecisions(combinationsOf(WORTH), decidedWorth, expectedWorth),
      compareDecisions(DEAR, decidedDear, expectedDear),
    ),
};
