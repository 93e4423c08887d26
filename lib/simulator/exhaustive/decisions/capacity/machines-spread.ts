import { spreadOver } from '../../../../decisions/fleet-spread.ts';
import { spreadOverZones } from '../../../../decisions/spread.ts';
import type { Pool } from '../../../../fleet/pool.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { triedTogether } from './told-cases.ts';

const CASES = {
  count: [0, 1, 2, 3, 4, 7, 10],
  heldInA: [0, 1, 5],
  heldInB: [0, 2, 3],
  heldInC: [0, 9],
  zones: ['', 'a', 'ab', 'ba', 'abc', 'aab'],
} as const;

type Case = CombinationOf<typeof CASES>;

const heldOf = ({ heldInA, heldInB, heldInC }: Case): Readonly<Record<string, number>> => ({
  a: heldInA,
  b: heldInB,
  c: heldInC,
});

/** Several pools of a zone are one place to spread to. */
const decided = (tried: Case): string => {
  const pools = [...tried.zones].map((zone, index): Pool => ({ instanceType: `m${index}`, zone, purchase: 'spot' }));
  return spreadOverZones(tried.count, pools, new Map(Object.entries(heldOf(tried))))
    .map(({ count, pools: asked }) => `${count} of ${asked.map(({ zone }) => zone).join('')}`)
    .join(', ');
};

/** Water poured over the zones: each next machine goes where fewest are, the first of them where several are equal. */
const expected = (tried: Case): string => {
  const levels = { ...heldOf(tried) };
  const added: Record<string, number> = {};
  const zones = [...new Set(tried.zones)];
  for (let machine = 0; machine < tried.count && zones.length > 0; machine += 1) {
    const lowest = Math.min(...zones.map((zone) => levels[zone]!));
    const zone = zones.find((one) => levels[one] === lowest)!;
    levels[zone]! += 1;
    added[zone] = (added[zone] ?? 0) + 1;
  }
  return zones
    .filter((zone) => added[zone] !== undefined)
    .map((zone) => `${added[zone]} of ${[...tried.zones].filter((one) => one === zone).join('')}`)
    .join(', ');
};

const STEADY = {
  machines: [0, 1, 2, 3, 6],
  heldInFirst: [0, 1, 4],
  secondPrice: [undefined, 0.01, 0.02, 0.021, 0.05, 0.3],
  secondLosses: [0, 5],
  isEven: [false, true],
} as const;

type SteadyCase = CombinationOf<typeof STEADY>;

const spreadOf = ({ machines, heldInFirst, secondPrice, secondLosses, isEven }: SteadyCase) => {
  const record = {
    heldHours: 10,
    losses: 0,
    learntAtSeconds: 0,
    strikes: 0,
    refusalsInARow: 0,
    setAsideUntilSeconds: 0,
  };
  return spreadOver(
    { workers: 10, coldStartSeconds: 180, onDemandPrice: 0.1, priceMax: 0.09, isEven },
    [
      { name: 'first', price: 0.02, record },
      {
        name: 'second',
        ...(secondPrice === undefined ? {} : { price: secondPrice }),
        record: { ...record, losses: secondLosses },
      },
    ],
    (name) => (name === 'first' ? heldInFirst : 1),
    machines,
  );
};

/** Whether all are placed, evenly where that is asked for; else none in a pool that is much dearer and no better. */
const decidedSteady = (tried: SteadyCase): string => {
  const placed = spreadOf(tried);
  const [first, second] = [placed.get('first') ?? 0, placed.get('second') ?? 0];
  const inAll = `${first + second} placed`;
  const isShaky = tried.secondPrice === 0.02 && tried.secondLosses > 0 && tried.heldInFirst < 4;
  if (!tried.isEven && isShaky && tried.machines > 1 && second >= first)
    return `${inAll}, half of them in a shaky pool`;
  if (!tried.isEven) return `${inAll}${(tried.secondPrice ?? 0.09) > 0.04 && second > 0 ? ', dearly' : ''}`;
  return `${inAll}, ${tried.heldInFirst + first} and ${1 + second}`;
};

/** At equal height the cheaper is filled first, and the first where the second is no cheaper. */
const expectedSteady = ({ machines, heldInFirst, secondPrice, isEven }: SteadyCase): string => {
  if (!isEven) return `${machines} placed`;
  let [first, second] = [heldInFirst, 1];
  for (let machine = 0; machine < machines; machine += 1) {
    if (first < second || (first === second && secondPrice !== 0.01)) first += 1;
    else second += 1;
  }
  return `${machines} placed, ${first} and ${second}`;
};

/** How machines are shared out among zones and pools. */
export const machinesSpread: DecisionTable = {
  name: 'machines spread over zones and pools',
  promise: 'N3',
  tryAll: () =>
    triedTogether(
      compareDecisions(combinationsOf(CASES), decided, expected),
      compareDecisions(combinationsOf(STEADY), decidedSteady, expectedSteady),
    ),
};
