import type { FleetName } from '../../fleet/ids.ts';
import type { Caller } from '../life/caller.ts';

/**
 * Whoever writes what a fleet is to launch writes it on the generation that it has read. One that reads before it changes
 * the fleet itself loses to nobody but itself: the whole reconcile is for nothing, and so is the next.
 */
export const watchGenerations = () => {
  /** Who raised each fleet's generation, from the first on. */
  const raisedBy = new Map<FleetName, (Caller | undefined)[]>();
  const of = (fleet: FleetName): (Caller | undefined)[] => {
    const known = raisedBy.get(fleet) ?? [];
    raisedBy.set(fleet, known);
    return known;
  };
  return {
    /** A launch that was open is closed. */
    closed: (fleet: FleetName, by: Caller | undefined): void => void of(fleet).push(by),
    /** Written on the generation that was read; one that had been written before, its answer lost, raises nothing. */
    written: (fleet: FleetName, generationRead: number, by: Caller | undefined): void => {
      const raised = of(fleet);
      if (raised.length === generationRead) raised.push(by);
    },
    /** Whether nobody else had changed the fleet since it was read by whoever loses. */
    isLostToItself: (fleet: FleetName, generationRead: number, by: Caller | undefined): boolean => {
      const since = of(fleet).slice(generationRead);
      return by !== undefined && since.length > 0 && since.every((one) => one === by);
    },
  };
};
