import type { SeededRandom } from '../random.ts';
import { FAULT_IDS, type FaultId, SIMULATED_FAULTS } from './simulated.ts';

/** What one seed has of each fault: a rate for injected ones, incidents an hour for the others; absent is none of it. */
export type Swarm = Readonly<Partial<Record<FaultId, number>>>;

/** The share of all faults that a seed has. With all of them at once, one hides what another would have shown. */
const SHARE_LEAST = 0.1;
const SHARE_MOST = 0.7;

const rangeOf = (id: FaultId): readonly [number, number] | undefined => {
  const fault = SIMULATED_FAULTS[id];
  if (fault.how === 'met') return undefined;
  return fault.how === 'injected' ? fault.rate : fault.perHour;
};

const rateOf = (id: FaultId, random: SeededRandom): number => {
  const range = rangeOf(id);
  return range === undefined ? 0 : random.magnitude(...range);
};

/** Draws for every fault whether the seed has it and how often. A fault that is asked for is there at its highest rate. */
export const drawSwarm = (random: SeededRandom, asked?: FaultId): Swarm => {
  const share = random.between(SHARE_LEAST, SHARE_MOST);
  const drawn = FAULT_IDS.map((id) => [id, random.chance(share), rateOf(id, random)] as const);
  const has = drawn.filter(([, isThere, rate]) => isThere && rate > 0).map(([id, , rate]) => [id, rate] as const);
  const most = asked === undefined ? undefined : rangeOf(asked)?.[1];
  return Object.fromEntries(most === undefined ? has : [...has, [asked!, most]]);
};

/** Counts what has happened, for the figures of a campaign and for the rule that every fault is met in one. */
export type FaultCounts = Partial<Record<FaultId, number>>;
