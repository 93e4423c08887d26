import type { Deeds } from './deeds.ts';
import type { Neglect } from './neglect.ts';

/** What a run of a function has told of itself. */
export type Answer = { readonly to: 'signals'; readonly returned: number } | { readonly to: 'minute' | 'wake' };

/** A sweep that fails is thrown, and only after the fleets have been looked at: it keeps none of them waiting (design, section 4). */
export const thrownTooSoon = ({ hasNotSwept, hasAskedFleets }: Deeds): readonly Neglect[] =>
  hasNotSwept && !hasAskedFleets ? [{ promise: 'O1', found: 'the sweep failed, and no fleet was looked at' }] : [];

/**
 * A call that failed is never passed over: a signal comes back from its queue, and a reconcile of the schedule asks for its
 * next try. Lost wakes are made up for by the schedule, and so is whatever the sweep could not look at.
 */
export const passedOver = (deeds: Deeds, answer: Answer): readonly Neglect[] => {
  const { failures, harmlessFailures, failuresOfSweep, hasNotSwept, wakes, fleetReads } = deeds;
  const failed = failures - harmlessFailures;
  const found: Neglect[] = [];
  if (answer.to === 'signals' && failed > 0 && answer.returned === 0)
    found.push({ promise: 'O1', found: `${failed} calls failed, and every signal was acknowledged` });
  if (answer.to === 'minute' && failed - failuresOfSweep > 0 && wakes.length === 0)
    found.push({ promise: 'O1', found: `${failed - failuresOfSweep} calls failed, and nobody tries again soon` });
  if (answer.to === 'minute' && hasNotSwept)
    found.push({ promise: 'O2', found: 'the sweep could not look at any row, and nobody hears of it' });
  // Who has read nothing knows of nothing to look at again: every wake of an outage would ask for another.
  if (answer.to === 'wake' && failed > 0 && fleetReads.length === 0 && wakes.length > 0)
    found.push({ promise: 'O2', found: 'it was woken, could read nothing, and asks to be woken again' });
  return found;
};
