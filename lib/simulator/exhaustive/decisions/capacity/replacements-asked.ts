import { decideCapacity } from '../../../../decisions/decide-capacity.ts';
import type { DecisionTable } from '../decision-table.ts';
import { NOW, pricedAt, secondsAgo, type TriedFleet, type TriedMachine, tellPlan, viewOf } from './capacity-world.ts';
import { compareTold, type ToldCase } from './told-cases.ts';

const BUSY: TriedMachine = { tasks: 1 };
const ON_DEMAND: TriedMachine = { purchase: 'on-demand', tasks: 1 };
const wary = (seconds: number): TriedMachine => ({ tasks: 1, signals: { 'rebalance-recommendation': seconds } });
const WARY = wary(60);
const TAKEN: TriedMachine = { isDraining: true, signals: { 'spot-interruption': 599.999 } };
const TAKEN_EARLIER: TriedMachine = { isDraining: true, signals: { 'spot-interruption': 600 } };

const some = (count: number, machine: TriedMachine): readonly TriedMachine[] => new Array(count).fill(machine);

const planned = (of: string, fleet: TriedFleet, due: string): ToldCase => ({
  of,
  decided: () =>
    tellPlan({ actions: decideCapacity(viewOf(fleet), NOW).actions.filter(({ do: done }) => done === 'launch') }),
  due,
});

const BOTH = 'm/a/spot m/b/spot';
const REFUSED = { refusedAt: secondsAgo(60), strikes: 1 };

/** A quarter of what is wanted, rounded up, and with what is there beyond it. One reason at a time. */
const TOLD: readonly ToldCase[] = [
  planned('one of eight is wary', { waiting: 40, machines: [...some(7, BUSY), WARY] }, '1 of m/b/spot'),
  planned('three of eight are wary', { waiting: 40, machines: [...some(5, BUSY), ...some(3, WARY)] }, '2 of m/b/spot'),
  planned('three of nine are wary', { waiting: 45, machines: [...some(6, BUSY), ...some(3, WARY)] }, '3 of m/b/spot'),
  planned('one is there already', { waiting: 40, machines: [...some(6, BUSY), ...some(3, WARY)] }, '1 of m/b/spot'),
  planned('two are there already', { waiting: 40, machines: [...some(7, BUSY), ...some(3, WARY)] }, ''),
  planned(
    'wary, and two are missing',
    { waiting: 40, machines: [...some(3, BUSY), ...some(3, WARY)] },
    '4 of m/b/spot',
  ),
  planned(
    'the wary stand in all pools',
    { waiting: 40, machines: [...some(4, WARY), ...some(4, { ...WARY, zone: 'b' })] },
    `2 of ${BOTH}`,
  ),
  planned('two of four taken', { waiting: 10, machines: [...some(2, BUSY), ...some(2, TAKEN)] }, '1 of m/b/spot'),
  planned('two of five taken', { waiting: 15, machines: [...some(3, BUSY), ...some(2, TAKEN)] }, ''),
  planned('one of two taken', { waiting: 5, machines: [BUSY, TAKEN] }, ''),
  planned('two taken ten minutes ago', { waiting: 10, machines: [...some(2, BUSY), ...some(2, TAKEN_EARLIER)] }, ''),
  planned('on demand, and spot is back', { waiting: 40, machines: some(8, ON_DEMAND) }, `2 of ${BOTH}`),
  planned(
    'on demand beyond its base of seven',
    { waiting: 40, policy: { onDemandBase: 7 }, machines: some(8, ON_DEMAND) },
    `1 of ${BOTH}`,
  ),
  planned('on demand within its base', { waiting: 40, policy: { onDemandBase: 8 }, machines: some(8, ON_DEMAND) }, ''),
  planned('nothing waits for a replacement', { inFlight: 40, machines: some(8, ON_DEMAND) }, ''),
  planned(
    'on demand, and no spot pool',
    { waiting: 40, head: { pools: { 'm/a/spot': REFUSED, 'm/b/spot': REFUSED } }, machines: some(8, ON_DEMAND) },
    '',
  ),
  planned('attached and wary', { waiting: 40, machines: [...some(7, BUSY), { ...WARY, isAttached: true }] }, ''),
  planned('a recommendation just not forgotten', { waiting: 5, machines: [wary(899.999)] }, '1 of m/b/spot'),
  planned('a recommendation a quarter of an hour ago', { waiting: 5, machines: [wary(900)] }, ''),
  planned('wary before on demand', { waiting: 40, machines: [WARY, ...some(7, ON_DEMAND)] }, '1 of m/b/spot'),
  planned('a pool too dear', { waiting: 40, machines: some(8, BUSY), view: pricedAt(99.1) }, '2 of m/b/spot'),
  planned('a pool just not too dear', { waiting: 40, machines: some(8, BUSY), view: pricedAt(98.9) }, ''),
  planned('too dear, and nothing waits', { inFlight: 40, machines: some(8, BUSY), view: pricedAt(99.1) }, ''),
  planned(
    'an older version, one is there already',
    { inFlight: 40, machines: [...some(6, BUSY), ...some(3, { ...BUSY, isOutdated: true })] },
    `1 of ${BOTH}`,
  ),
  planned(
    'an older version',
    { inFlight: 40, machines: [...some(5, BUSY), ...some(3, { ...BUSY, isOutdated: true })] },
    `2 of ${BOTH}`,
  ),
  planned('older, attached', { inFlight: 40, machines: some(8, { ...BUSY, isOutdated: true, isAttached: true }) }, ''),
  planned(
    'older, on demand',
    {
      inFlight: 40,
      policy: { onDemandBase: 8, onDemandMax: 10 },
      machines: some(8, { ...ON_DEMAND, isOutdated: true }),
    },
    '2 of m/a/on-demand m/b/on-demand',
  ),
  planned(
    'older, on demand at its limit',
    {
      inFlight: 40,
      policy: { onDemandBase: 8, onDemandMax: 9 },
      machines: some(8, { ...ON_DEMAND, isOutdated: true }),
    },
    '1 of m/a/on-demand m/b/on-demand',
  ),
];

/** Who is bought in the place of others. */
export const replacementsAsked: DecisionTable = {
  name: 'replacements asked for',
  promise: 'N3',
  tryAll: () => compareTold(TOLD),
};
