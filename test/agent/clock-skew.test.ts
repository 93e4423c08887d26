import { describe, expect, it } from 'vitest';
import type { AgentPorts } from '../../lib/agent/world.ts';
import type { EpochMs } from '../../lib/fleet/time.ts';
import type { TaskLedger } from '../../lib/ports/tasks.ts';
import { sweep } from '../../lib/workflows/sweep.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { httpDate } from '../support/manual-machine.ts';
import { anInstanceId, START } from '../support/records.ts';
import {
  type Cloud,
  createCloud,
  createMachine,
  newItem,
  rowOf,
  seconds,
  submit,
  taskOfSeconds,
} from './support/machine.ts';
import { machineWithServiceTime, type Stamp } from './support/service-time.ts';

const TASKS = ['a', 'b', 'c', 'd', 'e', 'f'];
const MINUTES = 40;

/** Counts the commits that the ledger accepted, by task. */
const countingCommits = (cloud: Cloud) => {
  const commits = new Map<string, number>();
  const apply: TaskLedger['apply'] = async (id, step) => {
    const outcome = await cloud.tasks.apply(id, step);
    if (step.step === 'commit' && outcome.outcome === 'done') commits.set(id, (commits.get(id) ?? 0) + 1);
    return outcome;
  };
  return { commits, wrap: (ports: AgentPorts): AgentPorts => ({ ...ports, tasks: { ...ports.tasks, apply } }) };
};

/** An agent whose clock is off by so much and that nobody corrects, beside the control plane and a machine whose clocks are right. */
describe.each([
  ['ten minutes behind', -600],
  ['ten minutes ahead', 600],
])('a machine whose clock is %s (F55)', (_name, skewSeconds) => {
  const skewed = (ports: AgentPorts): AgentPorts => ({
    ...ports,
    clock: { ...ports.clock, now: () => (ports.clock.now() + seconds(skewSeconds)) as never },
  });

  const sweepEveryMinute = async (clock: ReturnType<typeof manualClock>, cloud: Cloud): Promise<void> => {
    const nothing = () => undefined;
    const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
    const world = {
      ...cloud,
      clock,
      log,
      metrics: { count: nothing },
      workQueue: () => cloud.queue,
      settings: new Map(),
    };
    for (let minute = 0; minute < MINUTES; minute += 1) {
      await clock.advance(seconds(60));
      await sweep(world);
    }
  };

  it.each([20, 150])('loses no task of %d s and has none committed twice', async (taskSeconds) => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    const { commits, wrap } = countingCommits(cloud);
    const run = taskOfSeconds(clock, taskSeconds);
    const shared = { cloud, clock, run };
    const wrong = createMachine({ ...shared, wrap: (ports) => skewed(wrap(ports)), session: 'wrong' });
    const right = createMachine({ ...shared, wrap, session: 'right', item: newItem({ instanceId: anInstanceId(9) }) });
    for (const id of TASKS) await submit(cloud, id);
    wrong.start();
    right.start();
    await sweepEveryMinute(clock, cloud);
    expect(TASKS.map((id) => rowOf(cloud, id).status)).toEqual(TASKS.map(() => 'done'));
    expect(Object.fromEntries(commits)).toEqual(Object.fromEntries(TASKS.map((id) => [id, 1])));
  });

  it('that is alone finishes its tasks all the same', async () => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    const { commits, wrap } = countingCommits(cloud);
    const machine = createMachine({
      cloud,
      clock,
      run: taskOfSeconds(clock, 150),
      wrap: (ports) => skewed(wrap(ports)),
    });
    for (const id of TASKS) await submit(cloud, id);
    machine.start();
    await sweepEveryMinute(clock, cloud);
    expect(TASKS.map((id) => rowOf(cloud, id).status)).toEqual(TASKS.map(() => 'done'));
    expect([...commits.values()]).toEqual(TASKS.map(() => 1));
  });
});

/** The service's dates have whole seconds; with the time that an answer takes this is how close a stamp can be kept. */
const CLOSE_MS = 2_000;
const MINUTE = 60;
const HOUR = 3_600;

/** A machine that learns the service's time from its answers, alone in its cloud. */
const createTimedMachine = (wrongBySeconds: number, taskSeconds = 150, hasItem = true) => {
  const truth = manualClock(START + 321);
  const cloud = createCloud(truth);
  const time = machineWithServiceTime(truth, seconds(wrongBySeconds));
  const { commits, wrap } = countingCommits(cloud);
  const machine = createMachine({
    cloud,
    clock: truth,
    run: taskOfSeconds(time.clock, taskSeconds),
    hasItem,
    wrap: (ports) => time.wrap(wrap(ports)),
  });
  return { truth, cloud, time, machine, commits };
};

const worstErrorMs = (stamps: readonly Stamp[]): number => Math.max(...stamps.map(({ errorMs }) => Math.abs(errorMs)));

const sweepWorld = (cloud: Cloud, clock: ManualClock) => {
  const nothing = () => undefined;
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  return { ...cloud, clock, log, metrics: { count: nothing }, workQueue: () => cloud.queue, settings: new Map() };
};

const someTime = (clock: ManualClock, times: number, everySeconds: number) => async (then: () => Promise<void>) => {
  for (let count = 0; count < times; count += 1) {
    await clock.advance(seconds(everySeconds));
    await then();
  }
};

describe.each([
  ['ten minutes behind', -600],
  ['ten minutes ahead', 600],
  ['right', 0],
])('a machine whose date is %s, and that hears the service’s (F55)', (_name, wrongBySeconds) => {
  it('writes no stamp that is more than two seconds off, from the first to the last', async () => {
    const { truth, cloud, time, machine, commits } = createTimedMachine(wrongBySeconds);
    for (const id of ['a', 'b', 'c']) await submit(cloud, id);
    machine.start();
    await truth.advance(seconds(10 * MINUTE));
    expect([...new Set(time.stamps.map(({ site }) => site))].sort()).toEqual([
      'instances.changeLeases',
      'instances.heartbeat',
      'instances.openSession',
      'tasks.apply',
    ]);
    expect(worstErrorMs(time.stamps)).toBeLessThanOrEqual(CLOSE_MS);
    expect(Math.abs(machine.record()!.heartbeatAt! - truth.now())).toBeLessThanOrEqual(seconds(5) + CLOSE_MS);
    expect([...commits.values()]).toEqual([1, 1, 1]);
  });

  it('keeps its task while it lives, and loses it neither early nor late when it is gone', async () => {
    const { truth, cloud, time, machine } = createTimedMachine(wrongBySeconds, 10 * HOUR);
    const world = sweepWorld(cloud, truth);
    await submit(cloud, 'a');
    machine.start();
    await someTime(
      truth,
      60,
      20,
    )(async () => {
      await sweep(world);
      expect(rowOf(cloud, 'a')).toMatchObject({ status: 'running', attempt: 1 });
    });
    time.halt();
    const heardAt = time.stamps.at(-1)!.at;
    let releasedAt: number | undefined;
    await someTime(
      truth,
      120,
      1,
    )(async () => {
      await sweep(world);
      if (rowOf(cloud, 'a').status === 'ready') releasedAt ??= truth.now();
    });
    expect(releasedAt! - heardAt).toBeGreaterThanOrEqual(seconds(50) - CLOSE_MS);
    expect(releasedAt! - heardAt).toBeLessThanOrEqual(seconds(50) + CLOSE_MS + seconds(1));
  });

  it('drains by the deadline of a notice in the service’s time', async () => {
    const { truth, cloud, machine } = createTimedMachine(wrongBySeconds, 10 * HOUR);
    await submit(cloud, 'a');
    machine.start();
    await truth.advance(seconds(30));
    const deadline = truth.now() + seconds(120);
    machine.metadata.giveNotice(deadline as EpochMs);
    let returnedAt: number | undefined;
    await someTime(
      truth,
      130,
      1,
    )(async () => {
      if (rowOf(cloud, 'a').status === 'ready') returnedAt ??= truth.now();
    });
    expect(deadline - returnedAt!).toBeGreaterThanOrEqual(seconds(10) - CLOSE_MS - seconds(1));
    expect(deadline - returnedAt!).toBeLessThanOrEqual(seconds(25));
  });
});

describe.each([
  ['an hour forward', HOUR],
  ['an hour back', -HOUR],
])('a date that is set %s during a task (F56)', (_name, bySeconds) => {
  it('changes no stamp by more than two seconds, and loses nothing', async () => {
    const { truth, cloud, time, machine, commits } = createTimedMachine(0);
    const world = sweepWorld(cloud, truth);
    for (const id of ['a', 'b']) await submit(cloud, id);
    machine.start();
    await truth.advance(seconds(60));
    time.setDate(seconds(bySeconds));
    await someTime(truth, 10, MINUTE)(async () => void (await sweep(world)));
    expect(worstErrorMs(time.stamps)).toBeLessThanOrEqual(CLOSE_MS);
    expect(Object.fromEntries(commits)).toEqual({ a: 1, b: 1 });
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'done', attempt: 1, reclaims: 0 });
    expect(machine.end()).toBeUndefined();
  });

  it('ends no task and no wait before its time', async () => {
    const { truth, cloud, time, machine } = createTimedMachine(0);
    await submit(cloud, 'a');
    machine.start();
    await truth.advance(seconds(60));
    time.setDate(seconds(bySeconds));
    await truth.advance(seconds(89));
    expect(rowOf(cloud, 'a').status).toBe('running');
    await truth.advance(seconds(3));
    expect(rowOf(cloud, 'a').status).toBe('done');
  });
});

describe('dates that are wildly wrong, such as from a proxy, and are put right by the next answers', () => {
  /** A machine whose own date is no help, and two such dates, so far apart that the clock believes the second. */
  const believe = async ({ truth, time }: ReturnType<typeof createTimedMachine>, aheadSeconds: number) => {
    for (const afterSeconds of [0.3, 1.2]) {
      await truth.advance(seconds(afterSeconds));
      const heardAt = time.clock.steadyMs();
      time.clock.onDate(httpDate(truth.now() + seconds(aheadSeconds)), heardAt - 10, heardAt);
    }
    expect(time.clock.now() - truth.now()).toBeGreaterThan(seconds(aheadSeconds) - CLOSE_MS);
  };

  it('do not make a machine older than it may become', async () => {
    const timed = createTimedMachine(10 * MINUTE);
    const { truth, machine } = timed;
    machine.start();
    await truth.advance(seconds(60));
    await believe(timed, 48 * HOUR);
    await truth.advance(seconds(60));
    expect(machine.record()?.drainingAt).toBeUndefined();
    expect(machine.end()).toBeUndefined();
  });

  it('do not power a machine off that waits for its item', async () => {
    const timed = createTimedMachine(10 * MINUTE, 150, false);
    const { truth, cloud, machine } = timed;
    machine.start();
    await truth.advance(seconds(10));
    await believe(timed, HOUR);
    await truth.advance(seconds(30));
    expect(machine.end()).toBeUndefined();
    await cloud.instances.create(newItem());
    await truth.advance(seconds(5));
    expect(machine.record()?.session).toBe('session-1');
  });
});

describe('a machine that stood still', () => {
  /** What the agent asked the ledger after it went on, in order. */
  const asked = (calls: readonly string[]) => calls.filter((call) => call.startsWith('tasks.'));

  it.each([
    ['and all its clocks went on', 0],
    ['while its date was set back by more than that', -HOUR],
    ['while its date was set forward', HOUR],
  ])('for five minutes, %s, reads its task’s row before it writes (F57)', async (_name, bySeconds) => {
    const { truth, cloud, time, machine, commits } = createTimedMachine(0);
    await submit(cloud, 'a');
    machine.start();
    await truth.advance(seconds(60));
    const goOn = time.halt();
    await truth.advance(seconds(5 * MINUTE));
    time.setDate(seconds(bySeconds));
    const before = time.calls.length;
    goOn();
    await truth.advance(seconds(5));
    expect(asked(time.calls.slice(before)).slice(0, 2)).toEqual(['tasks.get', 'tasks.apply']);
    expect(Object.fromEntries(commits)).toEqual({ a: 1 });
    expect(worstErrorMs(time.stamps)).toBeLessThanOrEqual(CLOSE_MS);
  });

  it('and lost its task meanwhile commits nothing of it', async () => {
    const { truth, cloud, time, machine, commits } = createTimedMachine(0);
    await submit(cloud, 'a');
    machine.start();
    await truth.advance(seconds(60));
    const goOn = time.halt();
    const other = createMachine({ cloud, clock: truth, item: newItem({ instanceId: anInstanceId(9) }) });
    other.start();
    await someTime(truth, 5, MINUTE)(async () => void (await sweep(sweepWorld(cloud, truth))));
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'done', attempt: 2 });
    goOn();
    await truth.advance(seconds(60));
    expect(Object.fromEntries(commits)).toEqual({});
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'done', attempt: 2 });
    expect(machine.end()).toBeUndefined();
  });

  it.each([0, 600, -600])(
    'suspended for an hour with its task, its date off by %d s, reads the row before it writes, and is right again (F10)',
    async (wrongBySeconds) => {
      const { truth, cloud, time, machine } = createTimedMachine(wrongBySeconds);
      await submit(cloud, 'a');
      machine.start();
      await truth.advance(seconds(60));
      await time.suspendFor(seconds(HOUR));
      const [before, resumedAt] = [time.calls.length, truth.now()];
      await truth.advance(seconds(5 * MINUTE));
      expect(asked(time.calls.slice(before)).slice(0, 2)).toEqual(['tasks.get', 'tasks.apply']);
      const settled = time.stamps.filter(({ at }) => at > resumedAt + seconds(10));
      expect(settled.length).toBeGreaterThan(20);
      expect(worstErrorMs(settled)).toBeLessThanOrEqual(CLOSE_MS);
    },
  );
});
