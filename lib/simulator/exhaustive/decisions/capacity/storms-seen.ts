import { stormsAmong } from '../../../../decisions/storms.ts';
import type { PoolMemory } from '../../../../fleet/fleet.ts';
import { epochMs } from '../../../../fleet/time.ts';
import { type CombinationOf, combinationsOf, compareDecisions, type DecisionTable } from '../decision-table.ts';

const NOW = 1_800_000_000_000;

/** Pools in a row that lost machines, some just within ten minutes and some ten minutes ago. */
const CASES = {
  shared: ['zone', 'type'],
  pools: [1, 2, 3, 4, 5],
  lately: [0, 1, 2, 3, 4, 5],
  before: [0, 1, 2],
  lost: ['by a reclaim', 'by a refusal', 'on demand'],
} as const;

type Case = CombinationOf<typeof CASES>;

const decided = ({ shared, pools, lately, before, lost }: Case): string => {
  const places = Array.from({ length: pools }, (_, index) =>
    shared === 'zone' ? { instanceType: `m${index}`, zone: 'shared' } : { instanceType: 'shared', zone: `z${index}` },
  );
  const memory: Record<string, PoolMemory> = {};
  for (const [index, { instanceType, zone }] of places.entries()) {
    if (index >= lately + before) continue;
    const at = epochMs(index < lately ? NOW - 599_999 : NOW - 600_000);
    const key = `${instanceType}/${zone}/${lost === 'on demand' ? 'on-demand' : 'spot'}`;
    memory[key] = lost === 'by a refusal' ? { refusedAt: at, strikes: 1 } : { reclaimedAt: at, strikes: 1 };
  }
  return [...stormsAmong(places, memory, epochMs(NOW))].join(' ');
};

/** At least two of them, and half of the fleet's, within ten minutes. */
const expected = ({ pools, lately, lost }: Case): string => {
  const struck = lost === 'by a reclaim' ? Math.min(pools, lately) : 0;
  return struck >= 2 && struck >= pools / 2 ? 'shared' : '';
};

/** Zones and types whose pools were reclaimed together. */
export const stormsSeen: DecisionTable = {
  name: 'pools that are reclaimed together',
  promise: 'N3',
  tryAll: () => compareDecisions(combinationsOf(CASES), decided, expected),
};
