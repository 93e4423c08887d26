import { describe, expect, it } from 'vitest';
import type { RunnerContext } from '../../lib/agent/runner.ts';
import { atSecond } from '../support/records.ts';
import { createMachine, rowOf, seconds, submit, taskOfSeconds } from './support/machine.ts';

describe('what is late or lost between the agent and the world', () => {
  it('a renewal under way is waited for before the message is handed back (F36)', async () => {
    const order: string[] = [];
    const machine = createMachine({ run: () => new Promise(() => undefined) });
    const { queue, tasks } = machine.cloud;
    const { changeVisibility } = queue;
    queue.changeVisibility = async (message, visibilitySeconds) => {
      if (visibilitySeconds > 0) await machine.clock.sleep(seconds(10));
      order.push(visibilitySeconds === 0 ? 'message back' : 'renewed');
      return changeVisibility(message, visibilitySeconds);
    };
    const { apply } = tasks;
    tasks.apply = async (id, step) => {
      if (step.step === 'hand-back') order.push('row back');
      return apply(id, step);
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(31));
    machine.agent.stop();
    machine.agent.stop();
    await machine.clock.advance(seconds(20));
    expect(order).toEqual(['renewed', 'row back', 'message back']);
  });

  it('a hold refused because the drain was faster gives the attempt back unused: nothing was reclaimed (N6)', async () => {
    const machine = createMachine();
    const { instances } = machine.cloud;
    const { changeLeases, recordSignal } = instances;
    instances.changeLeases = async (change, now) => {
      const signal = { kind: 'operator-drain', instanceId: machine.instanceId, at: now } as const;
      if (change.holds?.length) await recordSignal(signal, true, now);
      return changeLeases(change, now);
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'ready', attempt: 1, reclaims: 0, failures: 0 });
    expect(await machine.cloud.queue.backlog()).toMatchObject({ waiting: 1, inFlight: 0 });
    expect(machine.end()).toMatchObject({ reason: 'drained' });
  });

  it('a message given back because its hold was refused is renewed no more (F36)', async () => {
    const machine = createMachine({ settings: { visibilitySeconds: 10 } });
    const { instances, queue } = machine.cloud;
    const { changeLeases } = instances;
    instances.changeLeases = async (change, now) => {
      if (!change.holds?.length) return changeLeases(change, now);
      // The answer takes its time, so that the message's next renewal is near.
      await machine.clock.sleep(seconds(3));
      return { outcome: 'refused', because: 'leaving', record: machine.record() };
    };
    const changes: number[] = [];
    const { changeVisibility } = queue;
    queue.changeVisibility = async (message, visibilitySeconds) => {
      changes.push(visibilitySeconds);
      return changeVisibility(message, visibilitySeconds);
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(7));
    expect(changes).toEqual([0]);
  });

  it('a message put back because its task runs elsewhere is not shown sooner by a renewal under way (F36)', async () => {
    const machine = createMachine({ settings: { visibilitySeconds: 10 } });
    const { queue, tasks } = machine.cloud;
    const { apply } = tasks;
    tasks.apply = async (id, step) => {
      if (step.step === 'take' && step.owner === machine.instanceId) await machine.clock.sleep(seconds(6));
      return apply(id, step);
    };
    const ended: number[] = [];
    const { changeVisibility } = queue;
    queue.changeVisibility = async (message, visibilitySeconds) => {
      if (visibilitySeconds === 10) await machine.clock.sleep(seconds(2));
      ended.push(visibilitySeconds);
      return changeVisibility(message, visibilitySeconds);
    };
    const id = await submit(machine.cloud, 'a');
    const take = { step: 'take', owner: 'i-0123456789abcdef0', session: 'other', now: atSecond(0) } as never;
    await apply(id, take);
    machine.start();
    await machine.clock.advance(seconds(9));
    expect(ended).toEqual([10, 37]);
  });

  it('a message of a dead task whose copy may be missing is copied before it goes', async () => {
    const machine = createMachine();
    await submit(machine.cloud, 'a', { status: 'dead', attempt: 3, failures: 3, reason: 'bad input' });
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(machine.cloud.deadLetters.sent).toEqual([{ taskId: 'a', reason: 'bad input' }]);
    expect(machine.cloud.queue.size()).toBe(0);
  });

  it('a dead task that cannot be copied stays held until it is, though its message is lost, and keeps no slot (O2)', async () => {
    const machine = createMachine({
      settings: { failuresMax: 1 },
      run: async ({ taskId }) =>
        taskId === 'a' ? { kind: 'failed', reason: 'bad input' } : { kind: 'done', result: 'r' },
    });
    const { deadLetters, queue } = machine.cloud;
    const { send } = deadLetters;
    deadLetters.send = async () => {
      throw new Error('no route to the service');
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(20));
    expect(rowOf(machine.cloud, 'a').status).toBe('dead');
    for (const { messageId } of queue.messages()) queue.drop(messageId);
    await submit(machine.cloud, 'b');
    await machine.clock.advance(seconds(60));
    expect(rowOf(machine.cloud, 'b').status).toBe('done');
    expect(machine.record()?.leases).toEqual({ a: 1 });
    deadLetters.send = send;
    await machine.clock.advance(seconds(60));
    expect(deadLetters.sent).toEqual([{ taskId: 'a', reason: 'bad input' }]);
    expect(machine.record()?.leases).toEqual({});
  });

  it('a dead task that could not be copied by the end of its machine is left in the list of what it holds (O2)', async () => {
    const machine = createMachine({
      settings: { failuresMax: 1 },
      run: async () => ({ kind: 'failed', reason: 'bad input' }),
    });
    machine.cloud.deadLetters.send = async () => {
      throw new Error('no route to the service');
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(20));
    machine.agent.stop();
    await machine.clock.advance(seconds(20));
    expect(machine.end()).toMatchObject({ reason: 'drained' });
    expect(machine.record()?.leases).toEqual({ a: 1 });
  });

  it('the nearest of all deadlines counts', async () => {
    const machine = createMachine({ run: (context) => taskOfSeconds(machine.clock, 1_000)(context) });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    machine.agent.stop();
    await machine.clock.advance(seconds(1));
    machine.metadata.giveNotice(atSecond(40));
    await machine.clock.advance(seconds(29));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'ready', reclaims: 1 });
  });

  it('a later deadline does not give more time', async () => {
    const machine = createMachine({ run: (context) => taskOfSeconds(machine.clock, 1_000)(context) });
    await submit(machine.cloud, 'a');
    machine.metadata.giveNotice(atSecond(40));
    machine.start();
    await machine.clock.advance(seconds(1));
    machine.agent.stop();
    await machine.clock.advance(seconds(30));
    expect(rowOf(machine.cloud, 'a').status).toBe('ready');
  });

  it('a task whose checkpoint could not be written is handed back, not failed', async () => {
    const run = async (context: RunnerContext) => {
      try {
        await context.checkpoint('x');
        return { kind: 'done', result: '1' } as const;
      } catch (error) {
        return { kind: 'failed', reason: String(error) } as const;
      }
    };
    const machine = createMachine({ run });
    const { tasks } = machine.cloud;
    const { apply } = tasks;
    tasks.apply = async (id, step) => {
      if (step.step === 'checkpoint') throw new Error('throttled');
      return apply(id, step);
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(10));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'ready', failures: 0, reclaims: 1 });
    tasks.apply = apply;
    await machine.clock.advance(seconds(40));
    expect(rowOf(machine.cloud, 'a').status).toBe('done');
  });

  it('a task whose checkpoint was written after all fails by its own failure', async () => {
    const machine = createMachine({
      run: async ({ checkpoint }) => {
        await checkpoint('"first"').catch(() => undefined);
        await checkpoint('"second"');
        return { kind: 'failed', reason: 'bad input' };
      },
    });
    const { tasks } = machine.cloud;
    const { apply } = tasks;
    let failures = 0;
    tasks.apply = async (id, step) => {
      if (step.step === 'checkpoint' && failures < 6) {
        failures += 1;
        throw new Error('throttled');
      }
      return apply(id, step);
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(10));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ failures: 1, reclaims: 0, reason: 'bad input' });
  });

  it('a commit under way when the time of its task is over is the task’s end, and fences nobody off', async () => {
    const machine = createMachine({
      run: async ({ commit }) => {
        await commit('"kept"');
        return new Promise(() => undefined);
      },
    });
    const { tasks } = machine.cloud;
    const { apply } = tasks;
    tasks.apply = async (id, step) => {
      if (step.step === 'commit') await machine.clock.sleep(seconds(5));
      return apply(id, step);
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(2));
    machine.agent.stop();
    machine.agent.stop();
    await machine.clock.advance(seconds(10));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1, reclaims: 0 });
    expect(machine.end()?.tally).toMatchObject({ done: 1, handedBack: 0, fencedOff: 0, removed: 0 });
    expect(machine.cloud.queue.size()).toBe(0);
  });

  it('a hand-back whose reply was lost is recognised, counted once and fences nobody off', async () => {
    const machine = createMachine({ run: () => new Promise(() => undefined) });
    const { tasks } = machine.cloud;
    const { apply } = tasks;
    let isLost = false;
    tasks.apply = async (id, step) => {
      const outcome = await apply(id, step);
      if (step.step !== 'hand-back' || isLost) return outcome;
      isLost = true;
      throw new Error('the reply was lost');
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    machine.agent.stop();
    machine.agent.stop();
    await machine.clock.advance(seconds(2));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'ready', attempt: 1, reclaims: 1 });
    expect(machine.end()?.tally).toMatchObject({ handedBack: 1, fencedOff: 0 });
  });

  it('a task that hands itself back rests as long as its message is hidden: the sweep must not send it before', async () => {
    const run = async () => ({ kind: 'hand-back', reason: 'for reasons of its own' }) as never;
    const machine = createMachine({ run, settings: { retryDelaySeconds: 120 } });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    const { status, checkAt } = rowOf(machine.cloud, 'a');
    expect(status).toBe('ready');
    expect(checkAt! - atSecond(0)).toBeGreaterThanOrEqual(seconds(420));
    expect(checkAt! - atSecond(0)).toBeLessThanOrEqual(seconds(421));
  });

  it.each(['hand-back', 'fail', 'commit'] as const)(
    'a task whose %s could not be written runs again under the next attempt, never twice under one (W2)',
    async (unwritten) => {
      const begun: number[] = [];
      const ends: Record<typeof unwritten, () => Promise<never> | Promise<{ kind: 'done'; result: string }>> = {
        'hand-back': async () => ({ kind: 'hand-back', reason: 'for reasons of its own' }) as never,
        fail: async () => ({ kind: 'failed', reason: 'its own' }) as never,
        commit: async () => ({ kind: 'done', result: '"1"' }),
      };
      const machine = createMachine({
        run: ({ attempt }: RunnerContext) => {
          begun.push(attempt);
          return attempt === 1 ? ends[unwritten]() : Promise.resolve({ kind: 'done', result: '"2"' } as const);
        },
      });
      const { tasks } = machine.cloud;
      const { apply } = tasks;
      let isReachable = false;
      tasks.apply = async (id, step) => {
        if (step.step === unwritten && step.attempt === 1 && !isReachable) throw new Error('throttled');
        return apply(id, step);
      };
      await submit(machine.cloud, 'a');
      machine.start();
      await machine.clock.advance(seconds(59));
      isReachable = true;
      await machine.clock.advance(seconds(120));
      expect(begun).toEqual([1, 2]);
      expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 2, reclaims: 1 });
    },
  );

  it('a task whose taking was answered by nobody runs once, under that attempt', async () => {
    const begun: number[] = [];
    const machine = createMachine({
      run: async ({ attempt }: RunnerContext) => {
        begun.push(attempt);
        return { kind: 'done', result: '"1"' };
      },
    });
    const { tasks } = machine.cloud;
    const { apply } = tasks;
    let lost = 0;
    tasks.apply = async (id, step) => {
      const outcome = await apply(id, step);
      if (step.step !== 'take' || lost >= 8) return outcome;
      lost += 1;
      throw new Error('the reply was lost');
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(120));
    expect(begun).toEqual([1]);
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1, reclaims: 0 });
  });
});
