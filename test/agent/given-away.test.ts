import { describe, expect, it } from 'vitest';
import type { RunnerContext } from '../../lib/agent/runner.ts';
import { FENCED_OFF } from '../../lib/agent/settle.ts';
import { type SessionId, taskId } from '../../lib/fleet/ids.ts';
import type { TaskRecord } from '../../lib/fleet/task.ts';
import type { LeaseOutcome } from '../../lib/ports/instances.ts';
import { cancelTask } from '../../lib/workflows/operate-tasks.ts';
import { releaseTask } from '../../lib/workflows/release-task.ts';
import { createMachine, FLEET, type MachineOptions, newItem, rowOf, seconds, submit } from './support/machine.ts';

const OTHER = newItem({ instanceId: 'i-0123456789abcdef0' as never });
const A = taskId('a');

/** A task that writes nothing, and what it hears and when. */
const createListener = () => {
  const heard: { signalAt?: number; killAt?: number } = {};
  const listen = (context: RunnerContext, now: () => number): void => {
    context.signal.addEventListener('abort', () => {
      heard.signalAt = now();
    });
    context.killSignal.addEventListener('abort', () => {
      heard.killAt = now();
    });
  };
  return { heard, listen };
};

/** One machine that runs one task, which never writes, beside a control plane that the test plays. */
const createStage = async (options: MachineOptions & { readonly runsForSeconds?: number } = {}) => {
  const { heard, listen } = createListener();
  const machine = createMachine({
    run: async (context) => {
      listen(context, machine.clock.now);
      if (options.runsForSeconds === undefined) return new Promise<never>(() => undefined);
      await machine.clock.sleep(seconds(options.runsForSeconds));
      return { kind: 'done', result: '"late"' };
    },
    ...options,
  });
  const { cloud, clock } = machine;
  const reads: number[] = [];
  const { get } = cloud.tasks;
  cloud.tasks.get = async (id) => {
    reads.push(clock.now());
    return get(id);
  };
  const release = (): Promise<void> => {
    const { attempt, owner } = rowOf(cloud, 'a');
    const world = { ...cloud, clock, workQueue: () => cloud.queue, log: noLog, metrics: noMetrics };
    return releaseTask(world, { taskId: A, attempt, owner: owner!, fleet: FLEET }, 'a test says so');
  };
  const takeElsewhere = async (): Promise<void> => {
    const take = { step: 'take', owner: OTHER.instanceId, session: 'other' as SessionId, now: clock.now() } as const;
    expect((await cloud.tasks.apply(A, take)).outcome).toBe('done');
  };
  const cancel = () => cancelTask({ ...cloud, clock, queue: () => cloud.queue }, A);
  const fenced = () => machine.lines.filter(({ message }) => message === FENCED_OFF).map(({ fields }) => fields);
  await submit(cloud, 'a');
  return { machine, cloud, clock, heard, reads, release, takeElsewhere, cancel, fenced };
};

const noLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const noMetrics = { count: () => {}, gauge: () => {}, duration: () => {} } as never;

/** The machine's own messages of the task are out of the way: only `takeElsewhere` takes it. */
const withoutMessages = ({ cloud }: Awaited<ReturnType<typeof createStage>>): void => {
  cloud.queue.receive = ({ signal }) =>
    new Promise((resolve) => signal?.addEventListener('abort', () => resolve([]), { once: true }));
};

describe('a task that writes nothing', () => {
  it('hears within two heartbeats that it was given to somebody else, and is ended 5 s after (F50)', async () => {
    const stage = await createStage();
    const { clock, heard } = stage;
    stage.machine.start();
    await clock.advance(seconds(7));
    withoutMessages(stage);
    await stage.release();
    await stage.takeElsewhere();
    const givenAt = clock.now();
    await clock.advance(seconds(10));
    expect(heard.signalAt! - givenAt).toBeLessThanOrEqual(seconds(10));
    await clock.advance(seconds(10));
    expect(heard.killAt! - heard.signalAt!).toBe(seconds(5));
    expect(rowOf(stage.cloud, 'a')).toMatchObject({ status: 'running', attempt: 2, owner: OTHER.instanceId });
    expect(stage.fenced()).toEqual([{ taskId: 'a', attempt: 1, what: 'run', attemptNow: 2, statusNow: 'running' }]);
    expect(stage.machine.record()?.leases).toEqual({});
  });

  it('that was released and that nobody has taken hears nothing, and still wins', async () => {
    const stage = await createStage({ runsForSeconds: 60 });
    stage.machine.start();
    await stage.clock.advance(seconds(7));
    withoutMessages(stage);
    await stage.release();
    await stage.clock.advance(seconds(50));
    expect(stage.heard).toEqual({});
    await stage.clock.advance(seconds(10));
    expect(rowOf(stage.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1, reclaims: 1 });
    expect(stage.fenced()).toEqual([]);
  });

  it('that was released long before somebody takes it hears of the taking', async () => {
    const stage = await createStage();
    const { clock, heard } = stage;
    stage.machine.start();
    await clock.advance(seconds(7));
    withoutMessages(stage);
    await stage.release();
    await clock.advance(seconds(60));
    expect(heard.signalAt).toBeUndefined();
    await stage.takeElsewhere();
    const takenAt = clock.now();
    await clock.advance(seconds(5));
    expect(heard.signalAt! - takenAt).toBeLessThanOrEqual(seconds(5));
  });

  it('hears within two heartbeats that it was cancelled, and its message goes', async () => {
    const stage = await createStage();
    const { clock, heard } = stage;
    stage.machine.start();
    await clock.advance(seconds(7));
    const cancelling = stage.cancel();
    await clock.advance(seconds(10));
    expect((await cancelling).outcome).toBe('done');
    expect(heard.signalAt).toBeDefined();
    await clock.advance(seconds(10));
    expect(heard.killAt! - heard.signalAt!).toBe(seconds(5));
    expect(rowOf(stage.cloud, 'a').status).toBe('cancelled');
    expect(stage.cloud.queue.size()).toBe(0);
  });

  it('hears that it was cancelled between its taking and its holding', async () => {
    const stage = await createStage();
    const { clock, cloud, heard } = stage;
    const { changeLeases } = cloud.instances;
    let cancelling: ReturnType<typeof stage.cancel> | undefined;
    cloud.instances.changeLeases = async (change, now) => {
      if (change.holds?.length && cancelling === undefined) {
        cancelling = stage.cancel();
        await clock.sleep(seconds(1));
      }
      return changeLeases(change, now);
    };
    stage.machine.start();
    await clock.advance(seconds(15));
    expect(await cancelling).toMatchObject({ outcome: 'done', isOwnerTold: true });
    expect(heard.signalAt).toBeDefined();
  });

  it('that stops by itself when it hears frees the machine at once', async () => {
    const stage = await createStage({
      run: (context) =>
        new Promise((resolve) => {
          context.signal.addEventListener('abort', () => resolve({ kind: 'done', result: '"zombie"' }));
        }),
    });
    stage.machine.start();
    await stage.clock.advance(seconds(7));
    withoutMessages(stage);
    await stage.release();
    await stage.takeElsewhere();
    await stage.clock.advance(seconds(10));
    expect(stage.fenced()).toHaveLength(1);
    expect(rowOf(stage.cloud, 'a')).toMatchObject({ status: 'running', attempt: 2 });
    stage.machine.agent.stop();
    await stage.clock.advance(0);
    expect(stage.machine.lines.map(({ message }) => message)).toContain('drained');
  });

  it('that was given away and does not stop keeps a machine from draining for no more than its 5 s', async () => {
    const stage = await createStage();
    stage.machine.start();
    await stage.clock.advance(seconds(7));
    withoutMessages(stage);
    await stage.release();
    await stage.takeElsewhere();
    await stage.clock.advance(seconds(3));
    expect(stage.heard.signalAt).toBeDefined();
    stage.machine.agent.stop();
    await stage.clock.advance(seconds(5));
    expect(stage.machine.lines.map(({ message }) => message)).toContain('drained');
  });

  it('costs no read of its row while nobody takes it', async () => {
    const stage = await createStage({ runsForSeconds: 100 });
    stage.machine.start();
    await stage.clock.advance(seconds(110));
    expect(rowOf(stage.cloud, 'a').status).toBe('done');
    expect(stage.reads).toEqual([]);
  });
});

describe('a lease that is missing in the answer to a heartbeat', () => {
  it('was not there yet when its hold was answered after the heartbeat was sent: nothing is read', async () => {
    const stage = await createStage({ runsForSeconds: 30 });
    const { cloud, clock } = stage;
    const { heartbeat } = cloud.instances;
    const seen: unknown[] = [];
    cloud.instances.heartbeat = async (...asked) => {
      const outcome = await heartbeat(...asked);
      seen.push(outcome.record?.leases);
      // Slow answers: what was held meanwhile is not in them.
      await clock.sleep(seconds(3));
      return outcome;
    };
    stage.machine.start();
    await clock.advance(seconds(40));
    expect(seen[0]).toEqual({});
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'done', attempt: 1 });
    expect(stage.reads).toEqual([]);
  });

  it('was given up here when its un-hold was asked for after the heartbeat was sent: nothing is read', async () => {
    const stage = await createStage({ runsForSeconds: 6 });
    const { cloud, clock } = stage;
    const { heartbeat } = cloud.instances;
    let isMissing = false;
    cloud.instances.heartbeat = async (...asked): Promise<LeaseOutcome> => {
      // Slow requests: what was given up meanwhile is gone from the item.
      await clock.sleep(seconds(3));
      const outcome = await heartbeat(...asked);
      isMissing ||= rowOf(cloud, 'a').status === 'done' && outcome.record?.leases[A] === undefined;
      return outcome;
    };
    stage.machine.start();
    await clock.advance(seconds(60));
    expect(isMissing).toBe(true);
    expect(stage.reads).toEqual([]);
  });

  it('of an attempt that has committed and tidies up is nobody’s taking', async () => {
    const stage = await createStage({
      run: async (context) => {
        await context.commit('"first"');
        await stage.clock.sleep(seconds(30), context.signal);
        return { kind: 'hand-back', reason: context.signal.aborted ? 'asked to' : 'tidied up' };
      },
    });
    const { cloud, clock } = stage;
    stage.machine.start();
    await clock.advance(seconds(7));
    await cloud.instances.dropLease(stage.machine.instanceId, A, 1);
    await clock.advance(seconds(20));
    expect(stage.machine.lines.map(({ message }) => message)).not.toContain('task done');
    await clock.advance(seconds(20));
    expect(stage.machine.lines.map(({ message }) => message)).toContain('task done');
    expect(stage.fenced()).toEqual([]);
  });

  it('of an attempt whose commit’s reply was lost is nobody’s taking: the commit counts', async () => {
    const stage = await createStage({ runsForSeconds: 7 });
    const { cloud, clock, machine } = stage;
    const { apply } = cloud.tasks;
    let lost = 0;
    cloud.tasks.apply = async (id, step) => {
      const outcome = await apply(id, step);
      if (step.step !== 'commit' || lost >= 5) return outcome;
      lost += 1;
      await cloud.instances.dropLease(machine.instanceId, A, 1);
      throw new Error('the reply was lost');
    };
    machine.start();
    await clock.advance(seconds(60));
    expect(lost).toBe(5);
    expect(machine.lines.map(({ message }) => message)).toContain('task done');
    expect(stage.fenced()).toEqual([]);
  });

  it('is looked at again with the next heartbeat when the row could not be read', async () => {
    const stage = await createStage();
    const { cloud, clock, heard } = stage;
    const { get } = cloud.tasks;
    let failures = 0;
    cloud.tasks.get = async (id): Promise<TaskRecord | undefined> => {
      failures += 1;
      if (failures <= 2) throw new Error('throttled');
      return get(id);
    };
    stage.machine.start();
    await clock.advance(seconds(7));
    withoutMessages(stage);
    await stage.release();
    await stage.takeElsewhere();
    await clock.advance(seconds(8));
    expect(heard.signalAt).toBeUndefined();
    await clock.advance(seconds(5));
    expect(heard.signalAt).toBeDefined();
  });

  it('is told of once while the row takes longer to read than the next heartbeat', async () => {
    const stage = await createStage({ runsForSeconds: 60 });
    const { cloud, clock } = stage;
    const { get } = cloud.tasks;
    let underWay = 0;
    let most = 0;
    cloud.tasks.get = async (id) => {
      underWay += 1;
      most = Math.max(most, underWay);
      await clock.sleep(seconds(20));
      underWay -= 1;
      return get(id);
    };
    stage.machine.start();
    await clock.advance(seconds(7));
    withoutMessages(stage);
    await stage.release();
    const beatBefore = stage.machine.record()?.heartbeatAt;
    await clock.advance(seconds(30));
    expect(most).toBe(1);
    expect(stage.machine.record()!.heartbeatAt! - beatBefore!).toBeGreaterThanOrEqual(seconds(25));
  });

  it('does not concern the task’s next attempt on the same machine', async () => {
    let runs = 0;
    const stage = await createStage({
      run: async (context) => {
        runs += 1;
        const lasts = runs === 1 ? 6 : 60;
        await stage.clock.sleep(seconds(lasts), context.signal);
        if (context.signal.aborted) return { kind: 'failed', reason: 'was asked to stop' };
        return runs === 1 ? { kind: 'hand-back', reason: 'again' } : { kind: 'done', result: '"second"' };
      },
      settings: { retryDelaySeconds: 0 },
    });
    const { cloud, clock } = stage;
    const { heartbeat } = cloud.instances;
    cloud.instances.heartbeat = async (...asked) => {
      const outcome = await heartbeat(...asked);
      await clock.sleep(seconds(3));
      return outcome;
    };
    stage.machine.start();
    await clock.advance(seconds(100));
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'done', attempt: 2, failures: 0 });
    expect(stage.reads).toEqual([]);
  });
});
