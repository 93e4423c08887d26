import { decideCapacity } from '../../../../decisions/decide-capacity.ts';
import type { FleetHead } from '../../../../fleet/fleet.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import {
  NOW,
  openIntents,
  pricedAt,
  secondsAgo,
  type TriedFleet,
  type TriedMachine,
  tellPlan,
  viewOf,
} from './capacity-world.ts';
import { compareTold, type ToldCase, triedTogether } from './told-cases.ts';

/** Pools that refused just within three minutes. */
const ASIDE = {
  none: [],
  'one of spot': ['m/a/spot'],
  spot: ['m/a/spot', 'm/b/spot'],
  'spot and one on demand': ['m/a/spot', 'm/b/spot', 'm/a/on-demand'],
  all: ['m/a/spot', 'm/b/spot', 'm/a/on-demand', 'm/b/on-demand'],
} as const;

const CASES = {
  tasks: [16, 51],
  onDemandBase: [0, 2],
  onDemandMax: [2, 4],
  onDemandFallback: [false, true],
  onDemandThere: [1, 3],
  aside: Object.keys(ASIDE) as (keyof typeof ASIDE)[],
} as const;

type Case = CombinationOf<typeof CASES>;

const setAside = (pools: readonly string[], seconds: number): Partial<FleetHead> => ({
  pools: Object.fromEntries(pools.map((pool) => [pool, { refusedAt: secondsAgo(seconds), strikes: 1 }])),
});

const decided = ({ tasks, onDemandThere, aside, ...policy }: Case): string => {
  // Nobody waits in the queue, so that nobody is bought in another's place.
  const view = viewOf({
    inFlight: tasks,
    policy,
    machines: new Array(onDemandThere).fill({ purchase: 'on-demand', tasks: 1 }),
    head: setAside(ASIDE[aside], 179.999),
  });
  return tellPlan({ actions: decideCapacity(view, NOW).actions.filter((action) => action.do !== 'leave') });
};

/**
 * The base on demand, the rest on spot; where no spot pool may be asked, on demand within its limit, if the fleet file lets
 * it. Nobody who is set aside is asked, and what nobody is asked for is told.
 */
const expected = (tried: Case): string => {
  const { tasks, onDemandBase, onDemandMax, onDemandFallback, onDemandThere } = tried;
  const aside: readonly string[] = ASIDE[tried.aside];
  const mayAsk = (purchase: string) =>
    ['m/a/', 'm/b/'].map((of) => of + purchase).filter((pool) => !aside.includes(pool));
  const [spot, onDemand] = [mayAsk('spot'), mayAsk('on-demand')];
  const wanted = Math.min(10, Math.ceil(tasks / 5));
  const missing = Math.max(0, wanted - onDemandThere);
  const base = Math.min(missing, Math.max(0, Math.min(onDemandBase, wanted) - onDemandThere));
  const room = Math.max(0, onDemandMax - onDemandThere - base);
  const orders = [{ count: base, pools: onDemand }];
  if (spot.length > 0) orders.push({ count: missing - base, pools: spot });
  else if (onDemandFallback) orders.push({ count: Math.min(missing - base, room), pools: onDemand });
  const asked = orders.filter(({ count, pools }) => count > 0 && pools.length > 0);
  const ordered = asked.reduce((sum, { count }) => sum + count, 0);
  return [
    ...asked.map(({ count, pools }) => `${count} of ${pools.join(' ')}`),
    ...(ordered < missing ? ['NoCapacity'] : []),
  ].join(', ');
};

const planned = (of: string, fleet: TriedFleet, due: string): ToldCase => ({
  of,
  decided: () => tellPlan(decideCapacity(viewOf(fleet), NOW)),
  due,
});

const asked = (of: string, head: Partial<FleetHead>, due: string): ToldCase => planned(of, { waiting: 50, head }, due);

const unanswered = (count: number): Partial<FleetHead> => ({
  openIntents: openIntents(
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`open-${index}`, { purchase: 'spot', count: 1 }])),
  ),
});

const BUSY: TriedMachine = { tasks: 1, upSeconds: 30 };
const WARY: TriedMachine = { ...BUSY, signals: { 'rebalance-recommendation': 60 } };
const ELSEWHERE: readonly TriedMachine[] = new Array(4).fill({ ...BUSY, zone: 'b', upSeconds: 60 });
const FULL: TriedFleet = { waiting: 50, policy: { machinesMax: 4 } };
const LEAVING: TriedMachine = { tasks: 1, signals: { leave: 60 } };
const LEAVING_ON_DEMAND: TriedMachine = { ...LEAVING, purchase: 'on-demand' };
const ASKED_ON_DEMAND = { openIntents: openIntents({ asked: { purchase: 'on-demand', count: 2 } }) };
const BASE_OF_TWO: TriedFleet = { inFlight: 25, policy: { onDemandBase: 2 } };
const ZONES = 'm/a/spot m/b/spot';

/** No request while the fleet rests, nor beside four that EC2 has not answered; and no alarm for either. */
const TOLD: readonly ToldCase[] = [
  asked('nothing is in the way', {}, `10 of ${ZONES}`),
  asked('spot is back', setAside(ASIDE.all, 180), `10 of ${ZONES}`),
  asked('nobody may be asked', setAside(ASIDE.all, 179.999), 'NoCapacity'),
  asked('the rest is over', { restUntil: NOW }, `10 of ${ZONES}`),
  asked('the fleet rests', { restUntil: secondsAgo(-0.001) }, ''),
  asked('three are unanswered', unanswered(3), `7 of ${ZONES}`),
  asked('four are unanswered', unanswered(4), ''),
  asked('five are unanswered', unanswered(5), ''),
  ...[`3 of m/a/spot, 2 of m/b/spot`, '3 of m/a/spot, 1 of m/b/spot', '3 of m/a/spot', '2 of m/a/spot'].map(
    (due, inB) =>
      planned(
        `an even spread beside ${inB} in zone b`,
        {
          waiting: 21,
          policy: { spotStrategy: 'balanced' },
          machines: new Array(inB).fill({ zone: 'b', tasks: 1 }),
        },
        due,
      ),
  ),
  planned(
    'on demand is no part of what a pool holds',
    { waiting: 50, view: pricedAt(27), machines: [BUSY, BUSY, BUSY, { ...BUSY, purchase: 'on-demand' }] },
    `6 of ${ZONES}`,
  ),
  planned('who leaves stays away while none is missing', { inFlight: 5, machines: [BUSY, BUSY, LEAVING, LEAVING] }, ''),
  planned('bought for a wary one', { ...FULL, machines: [BUSY, BUSY, BUSY, BUSY, WARY] }, ''),
  planned(
    'bought for one in a dear pool',
    { ...FULL, view: pricedAt(99.1), machines: [BUSY, ...ELSEWHERE] },
    'leave 0',
  ),
  planned('bought for nobody', { ...FULL, machines: [BUSY, ...ELSEWHERE] }, 'leave 1'),
  planned('the cheapest are wanted', { waiting: 50, policy: { spotStrategy: 'cheapest' } }, `10 of ${ZONES}`),
  planned('the base was asked for', { ...BASE_OF_TWO, head: ASKED_ON_DEMAND }, `3 of ${ZONES}`),
  planned(
    'the base is leaving',
    { ...BASE_OF_TWO, machines: [LEAVING_ON_DEMAND, LEAVING_ON_DEMAND] },
    `stay 0, stay 1, 3 of ${ZONES}`,
  ),
  planned('spot is called back first', { inFlight: 5, machines: [LEAVING_ON_DEMAND, LEAVING] }, 'stay 1'),
  planned(
    'the most on demand was asked for',
    { waiting: 25, head: { ...ASKED_ON_DEMAND, ...setAside(ASIDE.spot, 1) } },
    '2 of m/a/on-demand m/b/on-demand, NoCapacity',
  ),
];

/** What is asked of whom where machines are missing. */
export const launchesAsked: DecisionTable = {
  name: 'launches asked for',
  promise: 'N3',
  tryAll: () => triedTogether(compareDecisions(combinationsOf(CASES), decided, expected), compareTold(TOLD)),
};
