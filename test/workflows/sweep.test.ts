import { describe, expect, it } from 'vitest';
import { fleetName } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import { addMs } from '../../lib/fleet/time.ts';
import type { TaskLedger } from '../../lib/ports/tasks.ts';
import { sweep } from '../../lib/workflows/sweep.ts';
import { anInstanceId, START } from '../support/records.ts';
import {
  aHeldTask,
  aMachine,
  aTaskId,
  INDEX,
  receivedIds,
  SESSION,
  SETTINGS,
  snapshot,
  submitRow,
  type WorkflowWorld,
  workflowWorld,
} from '../support/workflow-world.ts';

const OWNER = anInstanceId(1);

/** Moves time on while the owner's agent is heard every five seconds. */
const advanceHeard = async (world: WorkflowWorld, seconds: number): Promise<void> => {
  for (let passed = 0; passed < seconds; passed += 5) {
    await world.clock.advance(5_000);
    await world.instances.heartbeat(OWNER, SESSION, world.clock.now());
  }
};

const withOwner = async (): Promise<WorkflowWorld> => {
  const world = workflowWorld();
  await aMachine(world, OWNER);
  return world;
};

describe('a running task', () => {
  it('of a silent machine is released and sent once', async () => {
    const world = await withOwner();
    const task = await aHeldTask(world, 'held', OWNER);
    await world.clock.advance(50_000);
    expect(await sweep(world)).toEqual({ looked: 1, failed: 0 });
    expect(await world.tasks.get(task)).toMatchObject({ status: 'ready', attempt: 1, reclaims: 1 });
    expect(world.instances.records.get(OWNER)?.leases).toEqual({});
    expect(await receivedIds(world)).toEqual(['held']);
  });

  it('of a machine that is heard stays, and is looked at when that machine could next be called silent', async () => {
    const world = await withOwner();
    const task = await aHeldTask(world, 'held', OWNER);
    await advanceHeard(world, 50);
    await sweep(world);
    expect(await world.tasks.get(task)).toMatchObject({ status: 'running', checkAt: world.clock.now() + 50_000 });
    expect(await receivedIds(world)).toEqual([]);
  });

  it('that its owner took and never held is released, however loud the owner', async () => {
    const world = await withOwner();
    const task = await submitRow(world, 'taken');
    await world.tasks.apply(task, { step: 'take', owner: OWNER, session: SESSION, now: world.clock.now() });
    await advanceHeard(world, 50);
    await sweep(world);
    expect(await world.tasks.get(task)).toMatchObject({ status: 'ready', attempt: 1 });
    expect(await receivedIds(world)).toEqual(['taken']);
  });

  it('of a machine nobody knows is released', async () => {
    const world = workflowWorld();
    const task = await submitRow(world, 'orphan');
    await world.tasks.apply(task, { step: 'take', owner: anInstanceId(7), session: SESSION, now: world.clock.now() });
    await world.clock.advance(50_000);
    await sweep(world);
    expect(await world.tasks.get(task)).toMatchObject({ status: 'ready' });
  });

  it('is not looked at before its time', async () => {
    const world = await withOwner();
    await aHeldTask(world, 'held', OWNER);
    await world.clock.advance(49_999);
    expect(await sweep(world)).toEqual({ looked: 0, failed: 0 });
  });
});

/** A task that was taken once and handed back. */
const withAttempt = async (world: WorkflowWorld, name: string): Promise<void> => {
  await aMachine(world, OWNER);
  const id = await aHeldTask(world, name, OWNER);
  const now = world.clock.now();
  await world.tasks.apply(id, { step: 'hand-back', attempt: 1, owner: OWNER, now, countsAsReclaim: true });
};

describe('a ready task', () => {
  it('for which nobody came in five minutes is sent again, and again five minutes later', async () => {
    const world = workflowWorld();
    const queue = world.workQueue(INDEX);
    // Something waits whenever the sweep looks, so that only its time counts.
    const busy = {
      ...world,
      workQueue: () => ({ ...queue, backlog: async () => ({ waiting: 1, inFlight: 0, delayed: 0 }) }),
    };
    await withAttempt(world, 'forgotten');
    await world.clock.advance(299_999);
    await sweep(busy);
    expect(await receivedIds(world)).toEqual([]);
    await world.clock.advance(1);
    await sweep(busy);
    await sweep(busy);
    expect(await receivedIds(world)).toEqual(['forgotten']);
    await world.clock.advance(300_000);
    await sweep(busy);
    expect(await receivedIds(world)).toEqual(['forgotten']);
  });

  it('waits for its turn in a backlog without a second message, and is sent again after six hours', async () => {
    const world = workflowWorld();
    await submitRow(world, 'patient');
    const queue = world.workQueue(INDEX);
    const busy = {
      ...world,
      workQueue: () => ({ ...queue, backlog: async () => ({ waiting: 9, inFlight: 0, delayed: 0 }) }),
    };
    await world.clock.advance(300_000);
    await sweep(busy);
    expect(await world.tasks.get(aTaskId('patient'))).toMatchObject({ checkAt: world.clock.now() + 300_000 });
    expect(await receivedIds(world)).toEqual([]);
    await world.clock.advance(21_300_000);
    await sweep(busy);
    expect(await receivedIds(world)).toEqual(['patient']);
  });

  it('is looked at the more rarely the more tasks wait, so that a backlog never fills the sweep', async () => {
    const world = workflowWorld();
    await submitRow(world, 'patient');
    const queue = world.workQueue(INDEX);
    const waiting = 160_000;
    const busy = {
      ...world,
      workQueue: () => ({ ...queue, backlog: async () => ({ waiting, inFlight: 0, delayed: 0 }) }),
    };
    await world.clock.advance(300_000);
    await sweep(busy);
    // 1,600 rows a minute, half of them for waiting tasks: 160,000 take 200 minutes.
    expect(await world.tasks.get(aTaskId('patient'))).toMatchObject({ checkAt: world.clock.now() + 12_000_000 });
  });

  it('that was taken before is sent again whatever waits: its message may have been lost with its machine', async () => {
    const world = await withOwner();
    const task = await aHeldTask(world, 'held', OWNER);
    await world.tasks.apply(task, { step: 'release', attempt: 1, owner: OWNER, now: world.clock.now() });
    await world.workQueue(INDEX).send(aTaskId('another'));
    await world.clock.advance(30_000);
    await sweep(world);
    expect(await receivedIds(world)).toEqual(['another', 'held']);
  });

  it('whose release was not followed by its message is sent 30 s later', async () => {
    const world = await withOwner();
    const task = await aHeldTask(world, 'held', OWNER);
    await world.tasks.apply(task, { step: 'release', attempt: 1, owner: OWNER, now: world.clock.now() });
    await world.clock.advance(30_000);
    await sweep(world);
    expect(await receivedIds(world)).toEqual(['held']);
  });

  it('is taken while its message is sent again: the taking stands', async () => {
    const world = await withOwner();
    const task = await submitRow(world, 'raced');
    await world.clock.advance(300_000);
    const taking: WorkflowWorld = {
      ...world,
      tasks: {
        ...world.tasks,
        apply: async (id, step) => {
          if (step.step === 'check-again') {
            await world.tasks.apply(id, { step: 'take', owner: OWNER, session: SESSION, now: world.clock.now() });
          }
          return world.tasks.apply(id, step);
        },
      },
    };
    await sweep(taking);
    expect(await world.tasks.get(task)).toMatchObject({ status: 'running', checkAt: world.clock.now() + 50_000 });
  });
});

describe('a ready task whose message was lost', () => {
  const waitingOnce = (world: WorkflowWorld) => {
    let waiting = 9;
    const queue = world.workQueue(INDEX);
    const backlog = async () => ({ waiting, inFlight: 0, delayed: 0 });
    const emptyQueue = (): void => {
      waiting = 0;
    };
    return { ...world, workQueue: () => ({ ...queue, backlog }), emptyQueue };
  };

  it('is sent by the first sweep that finds nothing waiting, though it was put off while others waited', async () => {
    const world = waitingOnce(workflowWorld());
    await submitRow(world, 'lost');
    await world.clock.advance(300_000);
    await sweep(world);
    expect(await receivedIds(world)).toEqual([]);
    world.emptyQueue();
    await world.clock.advance(60_000);
    await sweep(world);
    expect(await receivedIds(world)).toEqual(['lost']);
  });

  it('is sent while fewer messages wait than tasks are ready', async () => {
    const world = waitingOnce(workflowWorld());
    for (let number = 0; number < 12; number += 1) {
      await submitRow(world, `task-${number}`);
      await world.clock.advance(1_000);
    }
    await world.clock.advance(60_000);
    await sweep(world);
    expect(await receivedIds(world)).toEqual(['task-0', 'task-1', 'task-2']);
  });

  it('counts for its own fleet alone', async () => {
    const world = waitingOnce(workflowWorld());
    for (let number = 0; number < 12; number += 1)
      await submitRow(world, `task-${number}`, number < 6 ? INDEX : fleetName('other'));
    await world.clock.advance(60_000);
    await sweep(world);
    expect(await receivedIds(world)).toEqual([]);
  });

  it('among a million others is sent once they are taken, not when it would have had its turn', async () => {
    const world = workflowWorld();
    const id = await submitRow(world, 'lost');
    const checkAt = addMs(world.clock.now(), 75_000_000);
    await world.tasks.apply(id, { step: 'check-again', attempt: 0, checkAt });
    await world.clock.advance(30_000);
    await sweep(world);
    expect(await receivedIds(world)).toEqual(['lost']);
  });

  it('is sent again five minutes later at the earliest, however many sweeps find nothing waiting', async () => {
    const world = workflowWorld();
    await submitRow(world, 'lost');
    const sent: number[] = [];
    for (let minute = 0; minute < 13; minute += 1) {
      await sweep(world);
      if ((await receivedIds(world)).length > 0) sent.push(minute);
      await world.clock.advance(60_000);
    }
    expect(sent).toEqual([1, 6, 11]);
  });

  it('that rests after a failure or a hand-back is left to rest', async () => {
    const world = await withOwner();
    const failed = await aHeldTask(world, 'failed', OWNER);
    const handedBack = await aHeldTask(world, 'handed-back', OWNER);
    const [now, retryDelaySeconds] = [world.clock.now(), 240];
    const fail = { step: 'fail', attempt: 1, reason: 'r', failuresMax: 3, failuresBefore: 0 } as const;
    await world.tasks.apply(failed, { ...fail, now, retryDelaySeconds });
    const handBack = { step: 'hand-back', attempt: 1, owner: OWNER, countsAsReclaim: true } as const;
    await world.tasks.apply(handedBack, { ...handBack, now, retryDelaySeconds });
    await world.clock.advance(269_000);
    await sweep(world);
    expect(await receivedIds(world)).toEqual([]);
    await world.clock.advance(1_000);
    await sweep(world);
    expect(await receivedIds(world)).toEqual(['failed', 'handed-back']);
  });

  it('is not looked for among more than 64 rows: a backlog costs no more reads than that', async () => {
    const world = workflowWorld();
    const queue = world.workQueue(INDEX);
    const backlog = async () => ({ waiting: 400, inFlight: 0, delayed: 0 });
    for (let number = 0; number < 400; number += 1) await submitRow(world, `task-${number}`);
    let reads = 0;
    const get: TaskLedger['get'] = async (id) => {
      reads += 1;
      return world.tasks.get(id);
    };
    await world.clock.advance(60_000);
    await sweep({ ...world, workQueue: () => ({ ...queue, backlog }), tasks: { ...world.tasks, get } });
    expect(reads).toBe(64);
    expect(await receivedIds(world)).toEqual([]);
  });

  it('of a fleet that is only watched stays where it is', async () => {
    const world = workflowWorld({ mode: 'observe' });
    await submitRow(world, 'lost');
    await world.clock.advance(200_000);
    await sweep(world);
    expect(await receivedIds(world)).toEqual([]);
  });
});

describe('a sweep', () => {
  it('releases nothing because the index is behind: the row is read first', async () => {
    const world = await withOwner();
    const task = await aHeldTask(world, 'done', OWNER);
    const now = world.clock.now();
    await world.tasks.apply(task, { step: 'commit', attempt: 1, result: { inline: 'r', sha256: 'r' }, now });
    const stale: TaskLedger = { ...world.tasks, due: async () => [task, aTaskId('never-was')] };
    await world.clock.advance(3_600_000);
    expect(await sweep({ ...world, tasks: stale })).toEqual({ looked: 2, failed: 0 });
    expect(await world.tasks.get(task)).toMatchObject({ status: 'done' });
    expect(await receivedIds(world)).toEqual([]);
  });

  it('handles every other row when one fails, and says so', async () => {
    const world = await withOwner();
    for (const name of ['a', 'b', 'c']) await aHeldTask(world, name, OWNER);
    await world.clock.advance(50_000);
    const get: TaskLedger['get'] = async (id) => {
      if (id === 'b') throw new Error('a form nobody knows');
      return world.tasks.get(id);
    };
    expect(await sweep({ ...world, tasks: { ...world.tasks, get } })).toEqual({ looked: 3, failed: 1 });
    expect(['a', 'b', 'c'].map((name) => world.tasks.rows.get(aTaskId(name))?.status)).toEqual([
      'ready',
      'running',
      'ready',
    ]);
    expect(world.logged.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  it('repeated at once changes nothing more', async () => {
    const world = await withOwner();
    for (const name of ['a', 'b']) await aHeldTask(world, name, OWNER);
    await submitRow(world, 'ready');
    await world.clock.advance(301_000);
    await sweep(world);
    const once = await snapshot(world);
    await sweep(world);
    expect(await snapshot(world)).toBe(once);
  });

  it('takes nothing from a machine for which a task was held again meanwhile', async () => {
    const world = await withOwner();
    const task = await aHeldTask(world, 'held', OWNER);
    await world.clock.advance(50_000);
    const ready: Partial<InstanceRecord> = { session: SESSION };
    const other = anInstanceId(2);
    await aMachine(world, other, ready);
    const release: TaskLedger['apply'] = async (id, step) => {
      if (step.step === 'release') {
        const now = world.clock.now();
        await world.tasks.apply(id, step);
        await world.tasks.apply(id, { step: 'take', owner: other, session: SESSION, now });
      }
      return world.tasks.apply(id, step);
    };
    await sweep({ ...world, tasks: { ...world.tasks, apply: release } });
    expect(await world.tasks.get(task)).toMatchObject({ status: 'running', owner: other, attempt: 2 });
  });
});

describe('a fleet that is only watched', () => {
  it('keeps its tasks where they are, however silent their owner', async () => {
    const world = workflowWorld({ mode: 'observe' });
    await aMachine(world, OWNER);
    await aHeldTask(world, 'held', OWNER);
    await world.clock.advance(1_000_000);
    await sweep(world);
    expect(await world.tasks.get(aTaskId('held'))).toMatchObject({ status: 'running', attempt: 1 });
  });

  it('does not keep the sweep from the tasks of others, however many of its own are due', async () => {
    const other = fleetName('managed');
    const world = workflowWorld({ mode: 'observe' }, [{ ...SETTINGS, fleet: other }]);
    for (let number = 0; number < 1_700; number += 1) await submitRow(world, `watched-${number}`);
    const row: TaskRecord = {
      form: 1,
      taskId: aTaskId('theirs'),
      fleet: other,
      status: 'ready',
      attempt: 0,
      failures: 0,
      reclaims: 0,
      body: { inline: 'theirs', sha256: 'digest of theirs' },
      submittedAt: START,
      checkAt: addMs(START, 300_001),
    };
    await world.tasks.apply(row.taskId, { step: 'submit', row });
    await world.clock.advance(300_000);
    await world.clock.advance(1_000);
    expect(await sweep(world)).toEqual({ looked: 1, failed: 0 });
    expect(await receivedIds(world, other)).toEqual(['theirs']);
  });
});
