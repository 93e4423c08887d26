import { describe, expect, it } from 'vitest';
import { fleetName } from '../../lib/fleet/ids.ts';
import { noDeeds } from '../../lib/simulator/audit/deeds.ts';
import { passedOver } from '../../lib/simulator/audit/judge-failures.ts';
import { watchGenerations } from '../../lib/simulator/audit/lost-generations.ts';
import type { Caller } from '../../lib/simulator/life/caller.ts';
import { START } from '../../lib/simulator/life/life.ts';

const FLEET = fleetName('fleet');
const ONE = { name: 'one' } as Caller;
const OTHER = { name: 'other' } as Caller;

describe('a reconcile that loses the generation', () => {
  it('has lost to another, or has changed the fleet itself after it had read it', () => {
    const generations = watchGenerations();
    generations.written(FLEET, 0, OTHER);
    expect(generations.isLostToItself(FLEET, 0, ONE)).toBe(false);
    generations.closed(FLEET, ONE);
    expect(generations.isLostToItself(FLEET, 1, ONE)).toBe(true);
    expect(generations.isLostToItself(FLEET, 0, ONE)).toBe(false);
  });

  it('raises nothing by a write that had happened before', () => {
    const generations = watchGenerations();
    generations.written(FLEET, 0, ONE);
    generations.written(FLEET, 0, ONE);
    generations.written(FLEET, 1, OTHER);
    expect(generations.isLostToItself(FLEET, 1, OTHER)).toBe(true);
    expect(generations.isLostToItself(FLEET, 2, OTHER)).toBe(false);
  });
});

describe('a run of a function whose calls failed', () => {
  it('lets people hear of a sweep that could not look', () => {
    const deeds = { ...noDeeds(START), failures: 1, failuresOfSweep: 1, hasNotSwept: true };
    expect(passedOver(deeds, { to: 'minute' })).toEqual([
      { promise: 'O2', found: 'the sweep could not look at any row, and nobody hears of it' },
    ]);
    expect(passedOver({ ...deeds, hasNotSwept: false }, { to: 'minute' })).toEqual([]);
  });

  it('asks for no wake after a wake in which it could read nothing', () => {
    const deeds = { ...noDeeds(START), failures: 1, wakes: [{ fleet: FLEET, at: START, isAtOnce: false }] };
    expect(passedOver(deeds, { to: 'wake' })).toEqual([
      { promise: 'O2', found: 'it was woken, could read nothing, and asks to be woken again' },
    ]);
    expect(passedOver(deeds, { to: 'minute' })).toEqual([]);
  });
});
