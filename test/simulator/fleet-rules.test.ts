import { describe, expect, it } from 'vitest';
import { fleetName, taskId } from '../../lib/fleet/ids.ts';
import { type Deeds, noDeeds } from '../../lib/simulator/audit/deeds.ts';
import { passedOver, thrownTooSoon } from '../../lib/simulator/audit/judge-failures.ts';
import { judgeSweep } from '../../lib/simulator/audit/judge-sweep.ts';
import { watchGenerations } from '../../lib/simulator/audit/lost-generations.ts';
import type { Caller } from '../../lib/simulator/life/caller.ts';
import { createLife, START } from '../../lib/simulator/life/life.ts';

const FLEET = fleetName('fleet');
const TASK = taskId('task-1');
const life = createLife({ seed: 1 });
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

describe('a sweep', () => {
  const looked = (change: object) => ({ taskId: TASK, attempt: 0, ageMs: 60_000, waiting: 3, ...change });
  const foundIn = (change: Partial<Deeds>): readonly string[] =>
    judgeSweep(life, { ...noDeeds(START), ...change }, new Set()).map(({ found }) => found);

  it('puts off new tasks alone, and only while messages of their fleet wait', () => {
    expect(foundIn({ putOff: [looked({})] })).toEqual([]);
    expect(foundIn({ putOff: [looked({ attempt: 1 })] })).toEqual([expect.stringContaining('was taken before')]);
    expect(foundIn({ putOff: [looked({ waiting: 0 })] })).toEqual([
      expect.stringContaining('nothing is known to wait'),
    ]);
  });

  it('sends a new task again once nothing waits, or after six hours', () => {
    expect(foundIn({ sentAgain: [looked({})] })).toEqual([expect.stringContaining('is new and sent again')]);
    const allowed = [looked({ waiting: 0 }), looked({ attempt: 1 }), looked({ ageMs: 21_600_000 })];
    expect(foundIn({ sentAgain: allowed })).toEqual([]);
  });

  it('takes what is due from an owner that was silent, as soon as it was', () => {
    const row = { taskId: TASK, fleet: FLEET, status: 'running', attempt: 1, owner: 'i-1', checkAt: START };
    (life.memory.tasks.rows as Map<unknown, unknown>).set(TASK, row);
    const foundAfter = (seconds: number): readonly string[] =>
      foundIn({
        rows: new Map([[TASK, { value: row, at: START + seconds * 1_000 }]]) as never,
        records: new Map([['i-1', { value: { heartbeatAt: START, launchedAt: START } }]]) as never,
      });
    expect(foundAfter(49)).toEqual([]);
    expect(foundAfter(50)).toEqual(['task-1 was due, and is left with i-1, which is silent']);
  });

  it('sends for what is ready and has no message, also before it is due', () => {
    const row = {
      taskId: TASK,
      fleet: FLEET,
      status: 'ready',
      attempt: 1,
      submittedAt: START,
      checkAt: START + 300_000,
    };
    (life.memory.tasks.rows as Map<unknown, unknown>).set(TASK, row);
    const foundAfter = (seconds: number, waiting: number, change: object = {}): readonly string[] =>
      foundIn({
        laterRows: new Map([[TASK, { value: { ...row, ...change }, at: START + seconds * 1_000 }]]) as never,
        waitingMost: new Map([[FLEET, waiting]]),
      });
    expect(foundAfter(30, 0)).toEqual(['task-1 is ready, nothing waits, and no message is sent for it']);
    expect(foundAfter(29, 0)).toEqual([]);
    expect(foundAfter(30, 1)).toEqual([]);
    expect(foundAfter(300, 0, { sentAgainAt: START + 1_000 })).toEqual([]);
    // It was sent, and is looked at later.
    expect(foundAfter(30, 0, { checkAt: START + 200_000 })).toEqual([]);
  });

  it('that fails keeps no fleet waiting', () => {
    const deeds = { ...noDeeds(START), hasNotSwept: true };
    expect(thrownTooSoon(deeds)).toHaveLength(1);
    expect(thrownTooSoon({ ...deeds, hasAskedFleets: true })).toEqual([]);
  });
});
