import { describe, expect, it } from 'vitest';
import { fleetName, instanceId, taskId } from '../../lib/fleet/ids.ts';
import { addMs } from '../../lib/fleet/time.ts';
import { type Deeds, deedsFor, noDeeds } from '../../lib/simulator/audit/deeds.ts';
import { judgeBoots } from '../../lib/simulator/audit/judge-boots.ts';
import { passedOver, thrownTooSoon } from '../../lib/simulator/audit/judge-failures.ts';
import { judgeHomeless } from '../../lib/simulator/audit/judge-homeless.ts';
import { neglectedIntents, unclosedIntents, unexplained } from '../../lib/simulator/audit/judge-intents.ts';
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

describe('a reconcile', () => {
  const MACHINE = instanceId('i-00000000000000001');
  const intent = {
    intentId: 'intent-1',
    openedAt: START,
    request: JSON.stringify({ fleet: FLEET, request: '{"count":1}' }),
  };
  const reading = (open: boolean) =>
    ({ head: { fleet: FLEET, openIntents: open ? { 'intent-1': intent } : {} }, members: [] }) as never;
  const intentsAfter = (seconds: number, change: Partial<Deeds> = {}): readonly string[] => {
    const startedAt = addMs(START, seconds * 1_000);
    const deeds = { ...noDeeds(startedAt), fleetReads: [reading(true), reading(true)], ...change };
    return neglectedIntents(deedsFor(deeds, FLEET), startedAt).map(({ found }) => found);
  };

  it('asks once more for a launch that it finds open, byte for byte, and gives it up after ten minutes', () => {
    expect(intentsAfter(599)).toEqual(['launch intent-1 was found open, and is not asked for again']);
    expect(intentsAfter(599, { asked: new Set(['{"count": 1}']) })).toHaveLength(1);
    expect(intentsAfter(599, { asked: new Set(['{"count":1}']) })).toEqual([]);
    expect(intentsAfter(600)).toEqual(['launch intent-1 was found open after ten minutes, and is not given up']);
    expect(intentsAfter(600, { fleetReads: [reading(true), reading(false)] })).toEqual([]);
  });

  it('closes a launch that EC2 has answered', () => {
    const stillOpen = (answered: readonly string[]): readonly string[] => {
      const deeds = { ...noDeeds(START), answered: new Set(answered) };
      const head = { openIntents: { 'intent-1': intent } } as never;
      return unclosedIntents(deedsFor(deeds, FLEET), head).map(({ found }) => found);
    };
    expect(stillOpen([])).toEqual([]);
    expect(stillOpen(['{"count":1}'])).toEqual(['launch intent-1 was answered, and stays open']);
  });

  it('keeps a plan of whatever it launches, sends away or calls back', () => {
    const kept = (change: Partial<Deeds>): readonly string[] =>
      unexplained(deedsFor({ ...noDeeds(START), ...change }, FLEET)).map(({ found }) => found);
    const opened = [{ fleet: FLEET, intent: intent as never }];
    expect(kept({})).toEqual([]);
    expect(kept({ opened })).toEqual(['no plan is kept that tells of intent-1']);
    expect(kept({ opened, plans: [{ fleet: FLEET, plan: 'fleet fleet: launch 1' }] })).toEqual([]);
    const records = new Map([[MACHINE, { value: { fleet: FLEET }, at: START }]]) as never;
    expect(kept({ sentAway: [MACHINE], records })).toEqual([`no plan is kept that tells of ${MACHINE}`]);
  });

  const rests = (record: object, hasRested: boolean): readonly string[] => {
    const state = { head: { fleet: FLEET }, members: [{ instanceId: MACHINE }] };
    const records = new Map([[MACHINE, { value: { instanceId: MACHINE, signals: {}, ...record }, at: START }]]);
    const deeds = { ...noDeeds(START), records: records as never, hasRested };
    return judgeBoots(deeds, { state, at: START } as never).map(({ promise }) => promise);
  };

  it('buys nothing for a while where machines end before their agent comes, and only there', () => {
    const ended = { signals: { 'shut-down-by-itself': {} } };
    expect(rests(ended, false)).toEqual(['M1']);
    expect(rests(ended, true)).toEqual([]);
    expect(rests({}, false)).toEqual([]);
    expect(rests({ ...ended, session: 'session' }, false)).toEqual([]);
    expect(rests({ session: 'session' }, true)).toEqual(['W4']);
  });

  it('takes one that was sent away before it was up for no failure, until ten minutes have passed', () => {
    const drained = (seconds: number) => ({
      launchedAt: START,
      signals: { 'operator-drain': { recordedAt: addMs(START, seconds * 1_000) } },
    });
    expect(rests(drained(599), false)).toEqual([]);
    expect(rests(drained(599), true)).toEqual(['W4']);
    expect(rests(drained(600), false)).toEqual(['M1']);
  });
});

describe('what is told of a machine before it has an item', () => {
  const told = { instanceId: instanceId('i-00000000000000001'), kind: 'spot-interruption' } as const;
  const name = 'spot-interruption of i-00000000000000001';
  const found = (change: Partial<Deeds>, signals?: object): number =>
    judgeHomeless({ ...noDeeds(START), ...change }, () => (signals === undefined ? undefined : ({ signals } as never)))
      .length;

  it('is kept for it', () => {
    const homeless = new Map([[name, told]]);
    expect(found({ homeless })).toBe(1);
    expect(found({ homeless, keptFor: new Set([name]) })).toBe(0);
    expect(found({ homeless: new Map([['x', { ...told, kind: 'state-running' }]]) })).toBe(0);
  });

  it('is on its item once it has one', () => {
    expect(found({ claimed: [told] }, {})).toBe(1);
    expect(found({ claimed: [told] }, { 'spot-interruption': {} })).toBe(0);
    expect(found({ claimed: [told] })).toBe(0);
  });
});

describe('a sweep', () => {
  const looked = (change: object) => ({
    taskId: TASK,
    fleet: FLEET,
    attempt: 0,
    at: START,
    ageMs: 60_000,
    waiting: 3,
    ...change,
  });
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
    const sent = new Set([TASK]);
    expect(foundIn({ sentAgain: [looked({})], sent })).toEqual([expect.stringContaining('is new and sent again')]);
    const allowed = [looked({ waiting: 0 }), looked({ attempt: 1 }), looked({ ageMs: 21_600_000 })];
    expect(foundIn({ sentAgain: allowed, sent })).toEqual([]);
  });

  it('notes as sent what was sent', () => {
    const unsent = ['task-1 is noted as sent again, and no message was'];
    expect(foundIn({ sentAgain: [looked({ attempt: 1 })] })).toEqual(unsent);
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
    expect(foundAfter(30, 0)).toEqual(['1 tasks are ready, 0 messages wait, and none is sent for task-1']);
    expect(foundAfter(29, 0)).toEqual([]);
    expect(foundAfter(30, 1)).toEqual([]);
    expect(foundAfter(300, 0, { sentAgainAt: START + 1_000 })).toEqual([]);
    // It was sent, and is looked at later.
    expect(foundAfter(30, 0, { checkAt: START + 200_000 })).toEqual([]);
  });

  it('sends again, before they are due, no more of the ready tasks than messages can be missing', () => {
    const ids = [1, 2, 3, 4].map((number) => taskId(`task-${number}`));
    const row = { fleet: FLEET, status: 'ready', attempt: 1, submittedAt: START, checkAt: START + 300_000 };
    const laterRows = new Map(ids.map((id) => [id, { value: { ...row, taskId: id }, at: START }])) as never;
    const foundAfter = (seconds: number, count: number, waiting: number): readonly string[] => {
      const at = START + seconds * 1_000;
      const sentAhead = ids.slice(0, count).map((id) => looked({ taskId: id, attempt: 1, at, waiting }));
      return foundIn({ laterRows, sentAhead, sent: new Set(ids) });
    };
    expect(foundAfter(30, 1, 3)).toEqual([]);
    expect(foundAfter(30, 4, 0)).toEqual([]);
    expect(foundAfter(30, 2, 3)).toEqual(['2 of 4 ready tasks are sent again, while 3 messages wait']);
    expect(foundAfter(29, 1, 0)).toHaveLength(1);
  });

  it('that fails keeps no fleet waiting', () => {
    const deeds = { ...noDeeds(START), hasNotSwept: true };
    expect(thrownTooSoon(deeds)).toHaveLength(1);
    expect(thrownTooSoon({ ...deeds, hasAskedFleets: true })).toEqual([]);
  });
});
