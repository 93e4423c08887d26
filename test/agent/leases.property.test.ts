import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLeases, type Leases } from '../../lib/agent/leases.ts';
import { sessionId, type TaskId, taskId } from '../../lib/fleet/ids.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import type { InstanceStore, LeaseChange } from '../../lib/ports/instances.ts';
import { memoryInstanceStore } from '../../lib/simulator/ports/memory-instance-store.ts';
import { START } from '../support/records.ts';
import { newItem } from './support/machine.ts';

const SESSION = sessionId('ours');
const TASKS = ['a', 'b', 'c'].map(taskId);
const SILENT = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** Whatever was due has had its turn. */
const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A pause costs one turn: the writes are tried again, and nothing is known of time. */
const clock = { now: () => epochMs(START), sleep: () => turns(1) };

type Fate = 'well' | 'lost before' | 'reply lost';

interface Write {
  readonly fate: Fate;
  readonly turnsBefore: number;
  readonly turnsAfter: number;
}

const writes: fc.Arbitrary<Write> = fc.record({
  fate: fc.oneof(
    { weight: 5, arbitrary: fc.constant<Fate>('well') },
    { weight: 1, arbitrary: fc.constant<Fate>('lost before') },
    { weight: 1, arbitrary: fc.constant<Fate>('reply lost') },
  ),
  turnsBefore: fc.nat({ max: 3 }),
  turnsAfter: fc.nat({ max: 3 }),
});

type Act =
  | { readonly act: 'hold' | 'letGo' | 'letGoAgain'; readonly task: number }
  | { readonly act: 'flush' | 'drain' | 'leave' | 'stay' }
  | { readonly act: 'wait'; readonly turns: number };

const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ act: fc.constant('hold' as const), task: fc.nat({ max: 2 }) }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant('letGo' as const), task: fc.nat({ max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('letGoAgain' as const), task: fc.nat({ max: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('flush' as const) }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constant('wait' as const), turns: fc.nat({ max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constantFrom('drain' as const, 'leave' as const, 'stay' as const) }) },
);

/** The store behind a network that loses requests and replies as drawn, and after that none. */
const behindFaults = (store: InstanceStore, drawn: readonly Write[]) => {
  let count = 0;
  const changes: LeaseChange[] = [];
  const changeLeases: InstanceStore['changeLeases'] = async (change, now) => {
    const { fate, turnsBefore, turnsAfter } = drawn[count++] ?? { fate: 'well', turnsBefore: 0, turnsAfter: 0 };
    changes.push(change);
    await turns(turnsBefore);
    if (fate === 'lost before') throw new Error('the request was lost');
    const outcome = await store.changeLeases(change, now);
    await turns(turnsAfter);
    if (fate === 'reply lost') throw new Error('the reply was lost');
    return outcome;
  };
  return { changes, instances: { ...store, changeLeases } };
};

/** Slots that hold and let go as the agent's do: a task is not held twice at once, and runs only while it is held. */
const createSlots = (leases: Leases) => {
  const running = new Map<TaskId, number>();
  const asked = new Set<TaskId>();
  const attempts = new Map<TaskId, number>();
  const given = new Map<TaskId, number>();
  const hold = async (id: TaskId): Promise<void> => {
    if (running.has(id) || asked.has(id)) return;
    const attempt = (attempts.get(id) ?? 0) + 1;
    attempts.set(id, attempt);
    asked.add(id);
    const isHeld = await leases.hold(id, attempt).then(
      ({ outcome }) => outcome === 'done',
      () => false,
    );
    asked.delete(id);
    if (isHeld) running.set(id, attempt);
  };
  const letGo = (id: TaskId): void => {
    const attempt = running.get(id);
    if (attempt === undefined) return;
    running.delete(id);
    given.set(id, attempt);
    leases.letGo(id, attempt);
  };
  /** As a slot does in the end, whatever has become of the task meanwhile. */
  const letGoAgain = (id: TaskId): void => {
    const attempt = given.get(id);
    if (attempt !== undefined) leases.letGo(id, attempt);
  };
  return { running, isQuiet: () => asked.size === 0, hold, letGo, letGoAgain };
};

const play = async (sequence: readonly Act[], drawn: readonly Write[]) => {
  const item = newItem({ session: SESSION });
  const { instanceId } = item;
  const store = memoryInstanceStore();
  await store.create({ ...item, session: SESSION });
  const network = behindFaults(store, drawn);
  const leases = createLeases({ ...network, clock, log: SILENT, instanceId, session: SESSION });
  const slots = createSlots(leases);
  const record = () => store.records.get(instanceId)!;
  const signal = (kind: 'operator-drain' | 'leave', drains: boolean) =>
    store.recordSignal({ kind, instanceId, at: epochMs(START) }, drains, epochMs(START));
  let heldAtDrain: Readonly<Record<string, number>> | undefined;
  const perform = async (act: Act): Promise<void> => {
    switch (act.act) {
      case 'hold':
        return void slots.hold(TASKS[act.task]!);
      case 'letGo':
        return slots.letGo(TASKS[act.task]!);
      case 'letGoAgain':
        return slots.letGoAgain(TASKS[act.task]!);
      case 'flush':
        return void leases.flush();
      case 'wait':
        return turns(act.turns);
      case 'drain':
        heldAtDrain ??= (await signal('operator-drain', true))!.leases;
        return;
      case 'leave':
        return void (await signal('leave', false));
      case 'stay':
        return void (await store.withdraw(instanceId, 'leave'));
    }
  };
  const check = (): void => {
    const { leases: said } = record();
    for (const [id, attempt] of slots.running) expect(said[id]).toBe(attempt);
    expect(said).toMatchObject(Object.fromEntries(leases.standing()));
    for (const id of Object.keys(heldAtDrain === undefined ? {} : said))
      expect(said[id as TaskId]).toBe(heldAtDrain![id]);
  };
  for (const act of sequence) {
    await perform(act);
    check();
  }
  while (!slots.isQuiet()) await turns(1);
  await leases.flush();
  await leases.flush();
  check();
  const standing = Object.fromEntries(leases.standing());
  return { said: record().leases, standing, runs: Object.fromEntries(slots.running), changes: network.changes };
};

describe('holds and un-holds, grouped', () => {
  it('what the item says at rest is what runs; nothing runs that it does not say; nothing is held on a draining machine (N6)', async () => {
    const draws = fc.tuple(fc.array(acts, { maxLength: 40 }), fc.array(writes, { maxLength: 25 }));
    await fc.assert(
      fc.asyncProperty(draws, async ([sequence, drawn]) => {
        const { said, standing, runs } = await play(sequence, drawn);
        expect(said).toEqual(runs);
        expect(standing).toEqual(runs);
      }),
      { numRuns: 1_000 },
    );
  });

  it('un-holding one task and holding the next is one write', async () => {
    const { changes } = await play(
      [
        { act: 'hold', task: 0 },
        { act: 'wait', turns: 2 },
        { act: 'letGo', task: 0 },
        { act: 'hold', task: 1 },
        { act: 'wait', turns: 2 },
      ],
      [],
    );
    expect(changes.map(({ holds, unholds }) => [holds?.map((hold) => hold.taskId), unholds])).toEqual([
      [['a'], []],
      [['b'], ['a']],
    ]);
  });

  it('everything that is asked for while a write is under way shares the next one', async () => {
    const slow: Write = { fate: 'well', turnsBefore: 3, turnsAfter: 0 };
    const holds = TASKS.map((_, task): Act => ({ act: 'hold', task }));
    const { changes } = await play([...holds, { act: 'wait', turns: 10 }], [slow]);
    expect(changes.map((change) => change.holds?.length)).toEqual([1, 2]);
  });

  it('an un-hold whose group was refused because of a drain is written by itself', async () => {
    const { changes, said } = await play(
      [
        { act: 'hold', task: 0 },
        { act: 'wait', turns: 2 },
        { act: 'letGo', task: 0 },
        { act: 'drain' },
        { act: 'hold', task: 1 },
        { act: 'wait', turns: 4 },
      ],
      [],
    );
    expect(changes.slice(1).map(({ holds, unholds }) => [holds?.length, unholds])).toEqual([
      [1, ['a']],
      [0, ['a']],
    ]);
    expect(said).toEqual({});
  });

  it('a hold that is refused does not keep an earlier attempt of its task from being given up', async () => {
    const { said } = await play(
      [
        { act: 'hold', task: 0 },
        { act: 'wait', turns: 2 },
        { act: 'letGo', task: 0 },
        { act: 'drain' },
        { act: 'hold', task: 0 },
        { act: 'wait', turns: 4 },
      ],
      [],
    );
    expect(said).toEqual({});
  });
});
