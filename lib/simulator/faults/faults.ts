import type { Trace } from '../life/trace.ts';
import type { SeededRandom } from '../random.ts';
import { type FaultId, SIMULATED_FAULTS } from './simulated.ts';
import type { FaultCounts, Swarm } from './swarm.ts';

/** The bad luck of one seed, until it is healed: from then on nothing more goes wrong. */
export interface Faults {
  readonly counts: FaultCounts;
  rate(id: FaultId): number;
  /** Whether this fault strikes at this occasion; counted when it does. */
  strikes(id: FaultId, by: string): boolean;
  /** Counted: one that was brought about by others, or that whoever asks has decided about. */
  met(id: FaultId, by: string): void;
  isHealed(): boolean;
  heal(): void;
}

export const createFaults = (swarm: Swarm, random: SeededRandom, trace: Trace): Faults => {
  const counts: FaultCounts = {};
  let isHealed = false;
  const met = (id: FaultId, by: string): void => {
    counts[id] = (counts[id] ?? 0) + 1;
    trace.note(by, `fault ${id}`, () => `(${SIMULATED_FAULTS[id].tells})`);
  };
  return {
    counts,
    met,
    rate: (id) => (isHealed ? 0 : (swarm[id] ?? 0)),
    strikes: (id, by) => {
      const rate = swarm[id];
      if (isHealed || rate === undefined || !random.chance(rate)) return false;
      met(id, by);
      return true;
    },
    isHealed: () => isHealed,
    heal: () => {
      isHealed = true;
      trace.note('world', 'faults stop');
    },
  };
};
