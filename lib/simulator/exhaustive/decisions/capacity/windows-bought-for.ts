import { decideCapacity } from '../../../../decisions/decide-capacity.ts';
import type { FleetHead } from '../../../../fleet/fleet.ts';
import type { CapacityPolicy } from '../../../../fleet/fleet-settings.ts';
import { taskId } from '../../../../fleet/ids.ts';
import type { DecisionTable } from '../decision-table.ts';
import { NOW, openIntents, secondsAgo, type TriedMachine, tellPlan, viewOf } from './capacity-world.ts';
import { compareTold, type ToldCase } from './told-cases.ts';

interface Windowed {
  readonly machines?: readonly TriedMachine[];
  readonly policy?: Partial<CapacityPolicy>;
  readonly refused?: readonly string[];
  readonly head?: Partial<FleetHead>;
  /** How long ago the first task of each machine was taken. */
  readonly takenSecondsAgo?: number;
  readonly isOldestUnknown?: boolean;
  readonly slots?: number;
}

/** Tasks that are due twelve hours after they were submitted, nine of ten of which take a quarter of an hour. */
const planned = (of: string, left: number, tasks: number, due: string, fleet: Windowed = {}): ToldCase => ({
  of,
  decided: () => {
    const { machines = [], policy, refused = [], head, takenSecondsAgo, slots = 1 } = fleet;
    const view = viewOf({
      inFlight: tasks,
      machines,
      policy: { window: { windowSeconds: 43_200, slots }, ...policy },
      head: {
        runTimes: { samples: 9, halfMs: 600_000, nineTenthsMs: 900_000 },
        pools: Object.fromEntries(refused.map((pool) => [pool, { refusedAt: secondsAgo(1), strikes: 1 }])),
        ...head,
      },
      view: {
        due: {
          ...(fleet.isOldestUnknown ? {} : { oldestSubmittedAt: secondsAgo(43_200 - left) }),
          takenAt: new Map(
            takenSecondsAgo === undefined
              ? []
              : machines.map((_, index) => [taskId(`task-${index}-0`), secondsAgo(takenSecondsAgo)]),
          ),
        },
      },
    });
    return tellPlan(decideCapacity(view, NOW));
  },
  due,
});

const BOTH = 'm/a/spot m/b/spot';
const BOTH_ON_DEMAND = 'm/a/on-demand m/b/on-demand';
const SPOT = ['m/a/spot', 'm/b/spot'];
const ON_DEMAND = ['m/a/on-demand', 'm/b/on-demand'];
const NONE_LEARNED: Partial<FleetHead> = { runTimes: undefined } as object;

const BUSY: TriedMachine = { tasks: 1 };
const STAND_IN: TriedMachine = { purchase: 'on-demand', tasks: 1 };
const STARTING: TriedMachine = { purchase: 'on-demand', isAgentless: true };
const WARY: TriedMachine = { ...BUSY, signals: { 'rebalance-recommendation': 60 } };
const NEW_STAND_IN: TriedMachine = { ...STAND_IN, upSeconds: 100 };
const LEAVING: TriedMachine = { ...BUSY, signals: { leave: 60 } };

/**
 * Nine tasks on four machines are three rounds: there is time while 240 + 240 + 3 × 900 + 900 + 600 = 4,680 s are left, and
 * 240 s less where spot is there.
 */
const WAITING: readonly ToldCase[] = [
  planned('one machine is fast enough, the backlog wants two', 10_980, 9, `2 of ${BOTH}`),
  planned('two are', 6_480, 9, `2 of ${BOTH}`),
  planned('two are not', 6_479, 9, `3 of ${BOTH}`),
  planned('no more than are allowed', 6_479, 9, `2 of ${BOTH_ON_DEMAND}`, {
    policy: { machinesMax: 2, onDemandMax: 3 },
  }),
  planned('no spot pool may be asked', 4_680, 9, 'wait', { refused: SPOT }),
  planned('a stand-in, half an hour more than needed', 6_480, 9, `1 of ${BOTH}, leave 0`, { machines: [STAND_IN] }),
  planned('a stand-in, a second less', 6_479, 9, `2 of ${BOTH}`, { machines: [STAND_IN] }),
  planned('attached', 6_480, 9, `1 of ${BOTH}`, { machines: [{ ...STAND_IN, isAttached: true }] }),
  planned('the base stays', 6_480, 9, `1 of ${BOTH}`, { machines: [STAND_IN], policy: { onDemandBase: 1 } }),
  planned('stand-ins leave, and nothing waits that others could take', 6_480, 9, 'leave 0, leave 1', {
    machines: [NEW_STAND_IN, NEW_STAND_IN],
  }),
  planned('spot that leaves is called back', 6_480, 9, `stay 0, 1 of ${BOTH}`, { machines: [LEAVING] }),
  planned('a stand-in that leaves is not', 6_480, 9, `2 of ${BOTH}`, {
    machines: [{ ...LEAVING, purchase: 'on-demand' }],
  }),
];

/** A second later: nine tasks, four of which one machine ends in time, are three machines, on demand and nothing else. */
const BUYING: readonly ToldCase[] = [
  planned('no time to risk spot', 4_679, 9, `3 of ${BOTH_ON_DEMAND}`),
  planned('on demand refuses', 4_679, 9, `3 of ${BOTH}`, { refused: ON_DEMAND }),
  planned('everybody refuses', 4_679, 9, 'NoCapacity', { refused: [...SPOT, ...ON_DEMAND] }),
  planned('spot is there, and there is time', 4_440, 9, `1 of ${BOTH}`, { machines: [BUSY, BUSY] }),
  planned('spot is there, and leaves', 4_439, 9, `3 of ${BOTH_ON_DEMAND}, leave 0, leave 1`, {
    machines: [BUSY, BUSY],
  }),
  planned('spot was asked for, and there is time', 4_440, 9, `2 of ${BOTH}`, {
    head: { openIntents: openIntents({ asked: { purchase: 'spot', count: 1 } }) },
  }),
  planned('on demand was asked for', 4_679, 9, `1 of ${BOTH_ON_DEMAND}`, {
    head: { openIntents: openIntents({ asked: { purchase: 'on-demand', count: 2 } }) },
  }),
  planned('spot that leaves is not called back', 4_340, 7, `2 of ${BOTH_ON_DEMAND}`, {
    policy: { onDemandMax: 3 },
    machines: [LEAVING],
  }),
  planned('what a draining machine holds is begun again', 4_340, 7, `3 of ${BOTH_ON_DEMAND}`, {
    policy: { onDemandMax: 3 },
    machines: [{ ...BUSY, isDraining: true }],
  }),
  planned('one that started 100 s ago ends four', 4_340, 7, `1 of ${BOTH_ON_DEMAND}`, {
    policy: { onDemandMax: 3 },
    machines: [{ ...STARTING, upSeconds: 100 }],
  }),
  planned('one that started 99 s ago ends three', 4_340, 7, `2 of ${BOTH_ON_DEMAND}`, {
    policy: { onDemandMax: 3 },
    machines: [{ ...STARTING, upSeconds: 99 }],
  }),
  planned('a task taken 800 s ago ends soon', 4_340, 8, `1 of ${BOTH_ON_DEMAND}`, {
    policy: { onDemandMax: 3 },
    machines: [STAND_IN],
    takenSecondsAgo: 800,
  }),
  planned('one taken 2,000 s ago is nearly done', 4_340, 9, `2 of ${BOTH_ON_DEMAND}`, {
    policy: { onDemandMax: 3 },
    machines: [STAND_IN],
    takenSecondsAgo: 2_000,
  }),
  planned('one that nobody knows of counts as just begun', 4_340, 8, `2 of ${BOTH_ON_DEMAND}`, {
    policy: { onDemandMax: 3 },
    machines: [STAND_IN],
  }),
  planned('it holds more than it has places for', 4_679, 9, `1 of ${BOTH_ON_DEMAND}`, {
    machines: [{ ...STAND_IN, tasks: 2 }],
  }),
  planned('spot stands where on demand would', 4_439, 9, 'leave 0, leave 1, leave 2, leave 3', {
    policy: { machinesMax: 4 },
    machines: [BUSY, BUSY, BUSY, BUSY],
  }),
  planned('two at once', 4_679, 18, `3 of ${BOTH_ON_DEMAND}`, { slots: 2 }),
  planned('spot that is wary leaves as well', 4_439, 9, `3 of ${BOTH_ON_DEMAND}, leave 0, leave 1`, {
    machines: [WARY, BUSY],
  }),
  planned('two at once, one machine asked for', 4_679, 18, `2 of ${BOTH_ON_DEMAND}`, {
    slots: 2,
    head: { openIntents: openIntents({ asked: { purchase: 'on-demand', count: 1 } }) },
  }),
  planned('two at once, one place free', 4_679, 18, `2 of ${BOTH_ON_DEMAND}`, { slots: 2, machines: [STAND_IN] }),
  planned('the base alone may be on demand', 10_079, 9, `1 of ${BOTH_ON_DEMAND}`, {
    policy: { onDemandFallback: false, onDemandBase: 1 },
  }),
];

/** Where the window asks for nothing, cannot be kept, or is over, the fleet does as it would without one, and people hear. */
const OTHERWISE: readonly ToldCase[] = [
  planned('not all can be in time', 1_000, 9, `4 of ${BOTH_ON_DEMAND}, WindowAtRisk`),
  planned('not all, and spot is there', 1_000, 9, `3 of ${BOTH_ON_DEMAND}, WindowAtRisk`, { machines: [BUSY] }),
  planned('over', 0, 9, `2 of ${BOTH}, WindowAtRisk`),
  planned('nobody knows how long a task takes', 1_000, 9, `2 of ${BOTH}`, { head: NONE_LEARNED }),
  planned('nobody knows that, and spot refuses', 9_000, 9, `2 of ${BOTH_ON_DEMAND}`, {
    head: NONE_LEARNED,
    refused: SPOT,
  }),
  planned('nobody knows since when', 9_000, 9, `2 of ${BOTH_ON_DEMAND}`, { isOldestUnknown: true, refused: SPOT }),
  planned('on demand may not stand in', 1_000, 9, `2 of ${BOTH}`, { policy: { onDemandFallback: false } }),
  planned('nothing is left to do', 9_000, 0, ''),
];

/** What is bought, and who leaves, for a window. */
export const windowsBoughtFor: DecisionTable = {
  name: 'what a window buys',
  promise: 'W4',
  tryAll: () => compareTold([...WAITING, ...BUYING, ...OTHERWISE]),
};
