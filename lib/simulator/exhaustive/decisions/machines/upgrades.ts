import { upgradeOrders } from '../../../../decisions/decide-upgrade.ts';
import { ATTACHED } from '../../../../fleet/instance.ts';
import type { Pool, Purchase } from '../../../../fleet/pool.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';
import { memberOf, numbered, viewOf } from './told-fleets.ts';
import { MACHINE } from './told-machines.ts';

const CASES = {
  wanted: [0, 4, 5, 12],
  /** How many more there are, or are being launched, than are wanted. */
  beyond: [-1, 0, 1],
  outdatedSpot: [0, 1, 4],
  outdatedOnDemand: [0, 1, 4],
  outdatedAttached: [0, 3],
  onDemandRoom: [-1, 1, 9],
  canBuy: ['both', 'spot', 'on-demand'],
} as const;

type Case = CombinationOf<typeof CASES>;

const poolOf = (purchase: Purchase): Pool => ({ ...MACHINE.pool, purchase });

const decided = (tried: Case): string => {
  const { wanted, beyond, outdatedSpot, outdatedOnDemand, outdatedAttached, onDemandRoom, canBuy } = tried;
  const outdated = [
    ...Array.from({ length: outdatedAttached }, () => ({ intentId: ATTACHED })),
    ...Array.from({ length: outdatedOnDemand }, () => ({ pool: poolOf('on-demand') })),
    ...Array.from({ length: outdatedSpot }, () => ({})),
  ];
  // Two that are up to date, and one outdated machine that is on its way out and so not among the useful ones.
  const records = numbered([...outdated, {}, { pool: poolOf('on-demand') }, {}]);
  const leaving = records.at(-1)!;
  const useful = records.slice(0, -1);
  const ids = [...records.slice(0, outdated.length), leaving].map(({ instanceId }) => instanceId);
  const orders = upgradeOrders(
    viewOf(records, { onDemandMax: 5 }, ids),
    useful.map(memberOf),
    { wanted, had: wanted + beyond, hadOnDemand: 5 - onDemandRoom },
    {
      spot: canBuy === 'on-demand' ? [] : [poolOf('spot')],
      'on-demand': canBuy === 'spot' ? [] : [poolOf('on-demand')],
    },
  );
  const words = orders.map(({ count, purchase, pools }) => `${count} ${purchase} in ${pools.map((p) => p.purchase)}`);
  return words.join(' and ') || 'none';
};

/** The surge is a quarter of what is wanted, rounded up. */
const SURGE: Readonly<Record<Case['wanted'], number>> = { 0: 0, 4: 1, 5: 2, 12: 3 };

/** Each is bought as the one whose place it takes, spot first, within the surge and what on-demand may be bought. */
const expected = (tried: Case): string => {
  const { wanted, beyond, outdatedSpot, outdatedOnDemand, onDemandRoom, canBuy } = tried;
  let left = Math.min(SURGE[wanted], outdatedSpot + outdatedOnDemand) - (beyond > 0 ? beyond : 0);
  let spot = 0;
  let onDemand = 0;
  for (; left > 0; left -= 1) {
    if (spot < outdatedSpot) spot += 1;
    else if (onDemand < Math.min(outdatedOnDemand, onDemandRoom)) onDemand += 1;
  }
  const words = [
    ...(spot > 0 && canBuy !== 'on-demand' ? [`${spot} spot in spot`] : []),
    ...(onDemand > 0 && canBuy !== 'spot' ? [`${onDemand} on-demand in on-demand`] : []),
  ];
  return words.join(' and ') || 'none';
};

/** What is bought to take the place of machines of an older version. */
export const upgrades: DecisionTable = {
  name: 'replacements in an upgrade',
  promise: 'N3',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
