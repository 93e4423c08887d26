import { describe, expect, it } from 'vitest';
import { memoryMachineState } from '../../lib/agent/machine-state.ts';
import type { RunnerContext } from '../../lib/agent/runner.ts';
import { sessionId, type TaskId, taskId } from '../../lib/fleet/ids.ts';
import { addMs } from '../../lib/fleet/time.ts';
import type { Clock } from '../../lib/ports/clock.ts';
import { manualClock } from '../support/manual-clock.ts';
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

const REASON = 'The agent’s process ended while it ran; was it killed for using too much memory?';

/** One machine on which the agent's process can be killed and started again, as its service manager does. */
const createRestarting = (options: { readonly concurrency?: number; readonly failuresMax?: number } = {}) => {
  const clock = manualClock(START);
  const cloud = createCloud(clock);
  const machineState = memoryMachineState();
  let lives = 0;
  const startAgent = (
    run: (context: RunnerContext) => Promise<never> | ReturnType<ReturnType<typeof taskOfSeconds>>,
  ) => {
    lives += 1;
    const dead = { is: false };
    const machine = createMachine({
      clock,
      cloud,
      run,
      machineState,
      session: `session-${lives}`,
      settings: options,
      hasItem: lives === 1,
      // What a killed process still had under way never happens.
      wrap: (ports) => ({
        ...ports,
        ...Object.fromEntries(
          (['instances', 'tasks', 'queue', 'deadLetters', 'wakes', 'blobs', 'imds'] as const).map((name) => [
            name,
            new Proxy(ports[name], {
              get: (target, property) => {
                const method = Reflect.get(target, property) as (...given: unknown[]) => unknown;
                if (typeof method !== 'function') return method;
                return (...given: unknown[]) => (dead.is ? new Promise(() => undefined) : method(...given));
              },
            }),
          ]),
        ),
      }),
    });
    machine.start();
    const kill = (): void => {
      dead.is = true;
      machineState.endProcess();
    };
    return { ...machine, kill };
  };
  return { clock, cloud, machineState, startAgent };
};

const never = () => new Promise<never>(() => undefined);

const leasesOf = (cloud: Cloud) => cloud.instances.records.get(newItem().instanceId)?.leases;

/** Three tasks run, and the agent's process is killed. */
const killedWithThree = async () => {
  const restarting = createRestarting({ concurrency: 3 });
  for (const id of ['a', 'b', 'c']) await submit(restarting.cloud, id);
  const first = restarting.startAgent(never);
  await restarting.clock.advance(seconds(3));
  expect(leasesOf(restarting.cloud)).toEqual({ a: 1, b: 1, c: 1 });
  first.kill();
  return restarting;
};

describe('an agent that is started again on its machine', () => {
  it('goes on in the session of the one before, and takes tasks (F65)', async () => {
    const { clock, cloud, startAgent } = createRestarting();
    const first = startAgent(never);
    await clock.advance(seconds(3));
    first.kill();
    const second = startAgent((context) => taskOfSeconds(clock, 1)(context));
    await submit(cloud, 'a');
    // The dead process's last poll may have had the message, and hidden it for a minute.
    await clock.advance(seconds(65));
    expect(second.end()).toBeUndefined();
    expect(second.record()?.session).toBe('session-1');
    expect(rowOf(cloud, 'a').status).toBe('done');
  });

  it('counts the one task that ran as failed, with a reason to look at, and shows it again after its delay (F33)', async () => {
    const { clock, cloud, startAgent } = createRestarting();
    await submit(cloud, 'poison');
    const first = startAgent(never);
    await clock.advance(seconds(3));
    expect(leasesOf(cloud)).toEqual({ poison: 1 });
    first.kill();
    startAgent(never);
    await clock.advance(seconds(1));
    expect(rowOf(cloud, 'poison')).toMatchObject({
      status: 'ready',
      attempt: 1,
      failures: 1,
      reclaims: 0,
      reason: REASON,
    });
    expect(leasesOf(cloud)).toEqual({});
    await clock.advance(seconds(28));
    expect(rowOf(cloud, 'poison').attempt).toBe(1);
    await clock.advance(seconds(3));
    expect(rowOf(cloud, 'poison')).toMatchObject({ status: 'running', attempt: 2 });
  });

  it('finds a task that ends its process every time dead after its own failures, and copied to where people look (F33)', async () => {
    const { clock, cloud, startAgent } = createRestarting({ failuresMax: 3 });
    await submit(cloud, 'poison');
    for (let life = 0; life < 3; life += 1) {
      const agent = startAgent(never);
      await clock.advance(seconds(95));
      agent.kill();
    }
    startAgent((context) => taskOfSeconds(clock, 1)(context));
    await clock.advance(seconds(2));
    expect(rowOf(cloud, 'poison')).toMatchObject({ status: 'dead', failures: 3, reclaims: 0, reason: REASON });
    expect(cloud.deadLetters.sent[0]).toEqual({ taskId: 'poison', reason: REASON });
    await submit(cloud, 'healthy');
    await clock.advance(seconds(100));
    expect(rowOf(cloud, 'healthy').status).toBe('done');
    expect(cloud.queue.size()).toBe(0);
  });

  it('copies what the process before declared dead and still held, whatever became of the message (O2)', async () => {
    const { clock, cloud, startAgent } = createRestarting({ failuresMax: 1 });
    await submit(cloud, 'poison');
    const first = startAgent(async () => ({ kind: 'failed', reason: 'bad input' }));
    const { apply } = cloud.tasks;
    cloud.tasks.apply = async (id, step) => {
      const outcome = await apply(id, step);
      if (step.step === 'fail') first.kill();
      return outcome;
    };
    await clock.advance(seconds(3));
    expect(rowOf(cloud, 'poison').status).toBe('dead');
    expect(cloud.deadLetters.sent).toEqual([]);
    for (const { messageId } of cloud.queue.messages()) cloud.queue.drop(messageId);
    startAgent(never);
    await clock.advance(seconds(1));
    expect(cloud.deadLetters.sent).toEqual([{ taskId: 'poison', reason: 'bad input' }]);
    expect(leasesOf(cloud)).toEqual({});
  });

  it('keeps hold of a dead task that could not be copied, so that the next one copies it (O2)', async () => {
    const { clock, cloud, startAgent } = createRestarting({ failuresMax: 1 });
    await submit(cloud, 'poison');
    const first = startAgent(never);
    await clock.advance(seconds(3));
    first.kill();
    for (const { messageId } of cloud.queue.messages()) cloud.queue.drop(messageId);
    const { send } = cloud.deadLetters;
    cloud.deadLetters.send = async () => {
      throw new Error('no route to the service');
    };
    const second = startAgent(never);
    await clock.advance(seconds(20));
    expect(rowOf(cloud, 'poison').status).toBe('dead');
    expect(leasesOf(cloud)).toEqual({ poison: 1 });
    second.kill();
    cloud.deadLetters.send = send;
    startAgent(never);
    await clock.advance(seconds(2));
    expect(cloud.deadLetters.sent).toEqual([{ taskId: 'poison', reason: REASON }]);
    expect(leasesOf(cloud)).toEqual({});
  });

  it('blames no task for a process that was killed while its machine drained: being reclaimed is not failing (W5)', async () => {
    const { clock, cloud, startAgent } = createRestarting();
    await submit(cloud, 'healthy');
    const first = startAgent(never);
    await clock.advance(seconds(3));
    first.metadata.giveNotice(addMs(clock.now(), seconds(120)));
    await clock.advance(seconds(10));
    expect(first.record()?.drainingAt).toBeDefined();
    first.kill();
    startAgent(never);
    await clock.advance(seconds(1));
    expect(rowOf(cloud, 'healthy')).toMatchObject({ status: 'ready', attempt: 1, failures: 0, reclaims: 1 });
    expect(leasesOf(cloud)).toEqual({});
  });

  it('hands back several that ran at once: nobody knows which was to blame (F33)', async () => {
    const { clock, cloud, startAgent } = await killedWithThree();
    startAgent((context) => taskOfSeconds(clock, 1)(context));
    await clock.advance(seconds(5));
    for (const id of ['a', 'b', 'c']) {
      expect(rowOf(cloud, id)).toMatchObject({ status: 'done', attempt: 2, failures: 0, reclaims: 1 });
    }
  });

  it('settles each of several though their messages cannot be shown again: the sweep sends those', async () => {
    const { clock, cloud, startAgent } = await killedWithThree();
    cloud.queue.send = async () => {
      throw new Error('no route to the service');
    };
    cloud.queue.receive = () => never();
    startAgent(never);
    await clock.advance(seconds(60));
    for (const id of ['a', 'b', 'c']) expect(rowOf(cloud, id)).toMatchObject({ status: 'ready', reclaims: 1 });
    expect(leasesOf(cloud)).toEqual({});
  });

  it('gives up what it does not run within half a minute after its item can be written, though no message comes (W4)', async () => {
    const { clock, cloud, startAgent } = await killedWithThree();
    const { apply } = cloud.tasks;
    const { changeLeases } = cloud.instances;
    const unreachable = async (): Promise<never> => {
      throw new Error('throttled');
    };
    cloud.tasks.apply = unreachable;
    cloud.instances.changeLeases = unreachable;
    cloud.queue.receive = () => never();
    startAgent(never);
    await clock.advance(seconds(60));
    expect(leasesOf(cloud)).toEqual({ a: 1, b: 1, c: 1 });
    cloud.tasks.apply = apply;
    cloud.instances.changeLeases = changeLeases;
    await clock.advance(seconds(30));
    expect(leasesOf(cloud)).toEqual({});
  });

  it('blames none where it was away for so long that what ran beside may have been given to others (W5)', async () => {
    const { clock, cloud, startAgent } = createRestarting({ concurrency: 2 });
    for (const id of ['a', 'b']) await submit(cloud, id);
    const first = startAgent(never);
    await clock.advance(seconds(3));
    expect(leasesOf(cloud)).toEqual({ a: 1, b: 1 });
    first.kill();
    // The machine is silent: a sweep releases one of its tasks, and fails before it comes to the other.
    await clock.advance(seconds(50));
    const { instanceId } = first;
    const release = { step: 'release', attempt: 1, owner: instanceId, now: clock.now() } as const;
    await cloud.tasks.apply(taskId('b'), release);
    await cloud.instances.dropLease(instanceId, taskId('b'), 1);
    expect(leasesOf(cloud)).toEqual({ a: 1 });
    startAgent(never);
    await clock.advance(seconds(1));
    expect(rowOf(cloud, 'a')).toMatchObject({ failures: 0, reclaims: 1 });
  });

  it('that was away for a moment blames the one that ran alone, however often its item could not be read (F33)', async () => {
    const { clock, cloud, startAgent } = createRestarting();
    await submit(cloud, 'poison');
    const first = startAgent(never);
    await clock.advance(seconds(3));
    first.kill();
    const { get, openSession } = cloud.instances;
    let refused = 0;
    const refuseOnce = (): void => {
      refused += 1;
      if (refused < 3) throw new Error('throttled');
    };
    cloud.instances.get = async (id) => {
      refuseOnce();
      return get(id);
    };
    cloud.instances.openSession = async (...given) => {
      const outcome = await openSession(...given);
      refuseOnce();
      return outcome;
    };
    startAgent(never);
    await clock.advance(seconds(5));
    expect(refused).toBeGreaterThanOrEqual(3);
    expect(rowOf(cloud, 'poison')).toMatchObject({ failures: 1, reclaims: 0, reason: REASON });
  });

  it.each([
    ['wait', () => undefined],
    [
      'have gone to others',
      async (cloud: Cloud, clock: Clock) => {
        const take = { step: 'take', owner: anInstanceId(9), session: sessionId('other') } as const;
        for (const id of ['a', 'b', 'c']) await cloud.tasks.apply(taskId(id), { ...take, now: clock.now() });
      },
    ],
  ])(
    'that ended again while it settled what was left blames none of several, though some %s (F33)',
    async (_name, then) => {
      const { clock, cloud, startAgent } = await killedWithThree();
      const { apply } = cloud.tasks;
      let handedBack = 0;
      cloud.tasks.apply = async (id, step) => {
        if (step.step === 'hand-back' && handedBack === 2) return never();
        if (step.step === 'hand-back') handedBack += 1;
        return apply(id, step);
      };
      const second = startAgent(never);
      await clock.advance(seconds(1));
      expect(handedBack).toBe(2);
      second.kill();
      cloud.tasks.apply = apply;
      await then(cloud, clock);
      startAgent(never);
      await clock.advance(seconds(2));
      for (const id of ['a', 'b', 'c']) expect(rowOf(cloud, id)).toMatchObject({ failures: 0, reclaims: 1 });
    },
  );

  it('beats and hears of its notice while it settles what was left', async () => {
    const { clock, cloud, startAgent } = await killedWithThree();
    const { get } = cloud.tasks;
    cloud.tasks.get = async (id) => {
      await clock.sleep(seconds(30));
      return get(id);
    };
    const second = startAgent(never);
    second.metadata.giveNotice((clock.now() + seconds(120)) as never);
    await clock.advance(seconds(20));
    expect(second.record()!.heartbeatAt).toBeGreaterThanOrEqual(clock.now() - seconds(5));
    expect(second.record()!.signals['spot-interruption']).toBeDefined();
  });

  it('blames nothing that was settled before the end, or given away since', async () => {
    const { clock, cloud, startAgent } = createRestarting();
    await submit(cloud, 'a');
    const first = startAgent(never);
    await clock.advance(seconds(3));
    first.kill();
    const row = rowOf(cloud, 'a');
    const release = { step: 'release', attempt: 1, owner: row.owner!, now: clock.now() } as const;
    await cloud.tasks.apply(taskId('a'), release);
    const other = newItem({ instanceId: 'i-0123456789abcdef0' as never });
    const take = { step: 'take', owner: other.instanceId, session: sessionId('other'), now: clock.now() } as const;
    await cloud.tasks.apply(taskId('a'), take);
    startAgent(never);
    await clock.advance(seconds(2));
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'running', attempt: 2, owner: other.instanceId, failures: 0 });
    expect(leasesOf(cloud)).toEqual({});
  });

  it('hands back what the one before had taken and does not hold: it may have begun, and nothing begins twice under one attempt', async () => {
    const { clock, cloud, startAgent } = createRestarting();
    await submit(cloud, 'a');
    const first = startAgent(never);
    const { changeLeases } = cloud.instances;
    cloud.instances.changeLeases = never;
    await clock.advance(seconds(3));
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'running', attempt: 1 });
    first.kill();
    cloud.instances.changeLeases = changeLeases;
    const begun: number[] = [];
    startAgent((context) => {
      begun.push(context.attempt);
      return taskOfSeconds(clock, 1)(context);
    });
    await clock.advance(seconds(100));
    expect(begun).toEqual([2]);
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'done', attempt: 2, failures: 0, reclaims: 0 });
  });

  it('lets go of what it could not settle, so that the sweep finds it', async () => {
    const { clock, cloud, startAgent } = createRestarting();
    await submit(cloud, 'a');
    const first = startAgent(never);
    await clock.advance(seconds(3));
    first.kill();
    const { apply } = cloud.tasks;
    cloud.tasks.apply = async () => {
      throw new Error('throttled');
    };
    startAgent(never);
    await clock.advance(seconds(20));
    expect(leasesOf(cloud)).toEqual({});
    expect(rowOf(cloud, 'a').status).toBe('running');
    cloud.tasks.apply = apply;
  });

  it('is one process at a time: a second one beside a living one ends with 3 and touches nothing (F65)', async () => {
    const { clock, cloud, machineState, startAgent } = createRestarting();
    await submit(cloud, 'a');
    const first = startAgent(never);
    await clock.advance(seconds(3));
    const before = JSON.stringify([...cloud.tasks.rows.values()]);
    const second = createMachine({ clock, cloud, machineState, hasItem: false });
    second.start();
    await clock.advance(seconds(1));
    expect(second.end()).toMatchObject({ reason: 'second-agent', exitCode: 3, powersOff: false });
    expect(second.lines.map(({ message }) => message).join()).toContain('Another agent has this machine');
    expect(JSON.stringify([...cloud.tasks.rows.values()])).toBe(before);
    expect(first.end()).toBeUndefined();
  });

  it('is refused where nothing is left of the session, such as after a reboot', async () => {
    const { clock, cloud, startAgent } = createRestarting();
    const first = startAgent(never);
    await clock.advance(seconds(3));
    first.kill();
    const rebooted = createMachine({ clock, cloud, hasItem: false, session: 'session-9' });
    rebooted.start();
    await clock.advance(seconds(1));
    expect(rebooted.end()).toMatchObject({ reason: 'second-agent', exitCode: 3 });
  });

  it('writes its version on the item: the one that runs, also after an upgrade (F66)', async () => {
    const { clock, cloud, machineState, startAgent } = createRestarting();
    const first = startAgent(never);
    await clock.advance(seconds(1));
    expect(first.record()?.agentVersion).toBe('1.2.3');
    first.kill();
    const upgraded = createMachine({ clock, cloud, machineState, hasItem: false, settings: { version: '1.3.0' } });
    upgraded.start();
    await clock.advance(seconds(1));
    expect(upgraded.record()).toMatchObject({ agentVersion: '1.3.0', session: 'session-1' });
  });
});

describe('an item that says a task is held which does not run here', () => {
  it('is put right by the first flush, whatever the restart left', async () => {
    const { clock, cloud, startAgent } = createRestarting();
    const first = startAgent(never);
    await clock.advance(seconds(1));
    first.kill();
    const { instanceId } = newItem();
    const holds = [{ taskId: 'ghost' as TaskId, attempt: 1 }];
    await cloud.instances.changeLeases({ instanceId, session: sessionId('session-1'), holds }, clock.now());
    startAgent(never);
    await clock.advance(seconds(2));
    expect(leasesOf(cloud)).toEqual({});
  });
});
