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

  it('a message of a dead task whose copy may be missing is copied before it goes', async () => {
    const machine = createMachine();
    await submit(machine.cloud, 'a', { status: 'dead', attempt: 3, failures: 3, reason: 'bad input' });
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(machine.cloud.deadLetters.sent).toEqual([{ taskId: 'a', reason: 'bad input' }]);
    expect(machine.cloud.queue.size()).toBe(0);
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
});
