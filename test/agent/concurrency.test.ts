import { describe, expect, it } from 'vitest';
import type { RunnerContext } from '../../lib/agent/runner.ts';
import type { WorkQueue } from '../../lib/ports/queues.ts';
import { TooManyInFlight } from '../../lib/ports/queues.ts';
import { START } from '../support/records.ts';
import { type Cloud, createMachine, rowOf, seconds, submit, taskOfSeconds } from './support/machine.ts';

const submitMany = async (cloud: Cloud, count: number): Promise<string[]> => {
  const ids = Array.from({ length: count }, (_, number) => `task-${String(number).padStart(4, '0')}`);
  for (const id of ids) await submit(cloud, id);
  return ids;
};

/** A machine with so many slots, and a record of how many ran at once and what was asked of the queue. */
const createBusyMachine = (concurrency: number, secondsOf: (id: string) => number = () => 1) => {
  const running = new Set<string>();
  const polls: { readonly asked: number; readonly free: number; readonly at: number }[] = [];
  let most = 0;
  const run = async (context: RunnerContext) => {
    running.add(context.taskId);
    most = Math.max(most, running.size);
    const outcome = await taskOfSeconds(machine.clock, secondsOf(context.taskId))(context);
    running.delete(context.taskId);
    return outcome;
  };
  const machine = createMachine({ run, settings: { concurrency } });
  const { queue } = machine.cloud;
  const { receive } = queue;
  let promised = 0;
  queue.receive = async (options) => {
    const asked = options.countMax ?? 1;
    polls.push({ asked, free: concurrency - running.size - promised, at: machine.clock.now() });
    promised += asked;
    const messages = await receive(options);
    promised -= asked;
    return messages;
  };
  return { ...machine, running, polls, most: () => most };
};

const doneCount = ({ tasks }: Cloud): number =>
  [...tasks.rows.values()].filter(({ status }) => status === 'done').length;

describe('an agent with several slots', () => {
  it('runs as many tasks at once as it has slots, and never more', async () => {
    const machine = createBusyMachine(7);
    await submitMany(machine.cloud, 30);
    machine.start();
    await machine.clock.advance(seconds(10));
    expect(doneCount(machine.cloud)).toBe(30);
    expect(machine.most()).toBe(7);
    expect(machine.record()?.leases).toBeDefined();
  });

  it('commits four at once at most, however many tasks end together', async () => {
    const machine = createBusyMachine(50);
    const { apply } = machine.cloud.tasks;
    let underWay = 0;
    let most = 0;
    machine.cloud.tasks.apply = async (id, step) => {
      if (step.step !== 'commit') return apply(id, step);
      underWay += 1;
      most = Math.max(most, underWay);
      await machine.clock.sleep(10);
      underWay -= 1;
      return apply(id, step);
    };
    await submitMany(machine.cloud, 50);
    machine.start();
    await machine.clock.advance(seconds(2));
    expect(doneCount(machine.cloud)).toBe(50);
    expect(most).toBe(4);
  });

  it('keeps fifty slots full: 1,000 tasks of a second take little more than twenty', async () => {
    const machine = createBusyMachine(50);
    await submitMany(machine.cloud, 1_000);
    machine.start();
    await machine.clock.advance(seconds(22));
    expect(doneCount(machine.cloud)).toBe(1_000);
    expect(machine.most()).toBe(50);
  });

  it('never receives more than it can start at once, nor more than SQS hands out', async () => {
    const machine = createBusyMachine(25, (id) => Number(id.at(-1)) + 1);
    await submitMany(machine.cloud, 200);
    machine.start();
    await machine.clock.advance(seconds(60));
    expect(doneCount(machine.cloud)).toBe(200);
    for (const { asked, free } of machine.polls) expect(asked).toBeLessThanOrEqual(Math.min(10, free));
  });

  it('polls once at a time while the queue is empty, however many slots are free', async () => {
    const machine = createBusyMachine(50);
    machine.start();
    await machine.clock.advance(seconds(59));
    expect(machine.polls.map(({ at }) => at - START)).toEqual([0, 20_000, 40_000]);
  });

  it('a long task holds up nobody but its own slot', async () => {
    const machine = createBusyMachine(2, (id) => (id === 'task-0000' ? 100 : 1));
    await submitMany(machine.cloud, 40);
    machine.start();
    await machine.clock.advance(seconds(45));
    expect(doneCount(machine.cloud)).toBe(39);
    expect(rowOf(machine.cloud, 'task-0000').status).toBe('running');
  });

  it('a drain ends its polls at once and puts back what had been received and not begun', async () => {
    const machine = createBusyMachine(20);
    const { queue } = machine.cloud;
    const { receive } = queue;
    const slowReceive: WorkQueue['receive'] = async (options) => {
      const messages = await receive(options);
      await machine.clock.sleep(seconds(2));
      return messages;
    };
    queue.receive = slowReceive;
    await submitMany(machine.cloud, 10);
    machine.start();
    await machine.clock.advance(seconds(1));
    machine.agent.stop();
    await machine.clock.advance(seconds(2));
    expect(await queue.backlog()).toMatchObject({ waiting: 10, inFlight: 0 });
    expect([...machine.cloud.tasks.rows.values()].every(({ attempt }) => attempt === 0)).toBe(true);
    expect(machine.end()).toMatchObject({ reason: 'drained' });
  });

  it('all that runs is settled before it ends, and nothing is held then', async () => {
    const machine = createBusyMachine(10, () => 1_000);
    await submitMany(machine.cloud, 10);
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(Object.keys(machine.record()?.leases ?? {})).toHaveLength(10);
    machine.agent.stop();
    machine.agent.stop();
    await machine.clock.advance(seconds(5));
    expect([...machine.cloud.tasks.rows.values()].every(({ status }) => status === 'ready')).toBe(true);
    expect(machine.record()?.leases).toEqual({});
    expect(machine.end()).toMatchObject({ reason: 'drained', tally: { handedBack: 10 } });
  });
});

describe('what outlives single tasks', () => {
  const endWith = async (close: () => Promise<void>) => {
    const order: string[] = [];
    const machine = createMachine({
      run: async (context) => {
        const outcome = await taskOfSeconds(machine.clock, 1_000)(context);
        order.push('task ended');
        return outcome;
      },
      wrap: (ports) => ({
        ...ports,
        runner: {
          ...ports.runner,
          close: () => {
            order.push('closed');
            return close();
          },
        },
      }),
    });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    machine.agent.stop();
    machine.agent.stop();
    await machine.clock.advance(seconds(5));
    return { order, machine };
  };

  it('is closed once, after the last task', async () => {
    const { order, machine } = await endWith(async () => undefined);
    expect(order).toEqual(['task ended', 'closed']);
    expect(machine.end()?.reason).toBe('drained');
  });

  it('does not keep the machine when it cannot be closed', async () => {
    const { machine } = await endWith(async () => {
      throw new Error('no such process');
    });
    expect(machine.end()?.reason).toBe('drained');
  });
});

describe('what a task costs', () => {
  const writesOf = async (concurrency: number, tasks: number): Promise<number> => {
    const machine = createBusyMachine(concurrency);
    const { tasks: ledger, instances } = machine.cloud;
    let writes = 0;
    const { apply } = ledger;
    ledger.apply = async (id, step) => {
      writes += 1;
      return apply(id, step);
    };
    const { changeLeases } = instances;
    instances.changeLeases = async (change, now) => {
      writes += 1;
      // A write takes its time: what other slots ask for meanwhile goes into the next one.
      await machine.clock.sleep(5);
      return changeLeases(change, now);
    };
    await submitMany(machine.cloud, tasks);
    machine.start();
    await machine.clock.advance(seconds((3 * tasks) / concurrency + 25));
    expect(doneCount(machine.cloud)).toBe(tasks);
    return writes / tasks;
  };

  it('is four writes with one slot: submit, take, hold with the un-hold of the one before, commit', async () => {
    // One more for the un-hold of the last one.
    expect(await writesOf(1, 20)).toBeCloseTo(4 + 1 / 20, 5);
  });

  it('is less with many slots, whose holds share their writes', async () => {
    expect(await writesOf(50, 500)).toBeLessThan(3.5);
  });
});

describe('a task that two messages name', () => {
  it('runs once on one machine, however many slots meet it (F35, F45, F49)', async () => {
    let starts = 0;
    const run = async (context: RunnerContext) => {
      starts += 1;
      return taskOfSeconds(machine.clock, 100)(context);
    };
    const machine = createMachine({ run, settings: { concurrency: 5 } });
    const id = await submit(machine.cloud, 'a');
    await machine.cloud.queue.send(id);
    await machine.cloud.queue.send(id);
    machine.start();
    await machine.clock.advance(seconds(99));
    expect(starts).toBe(1);
    await machine.clock.advance(seconds(80));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1 });
    expect(machine.cloud.queue.size()).toBe(0);
  });

  it('may be taken again here as soon as it failed, by whichever slot is free', async () => {
    let starts = 0;
    const machine = createMachine({
      run: async () => {
        starts += 1;
        return starts < 3 ? { kind: 'failed', reason: 'not yet' } : { kind: 'done', result: 'ok' };
      },
      settings: { concurrency: 3, retryDelaySeconds: 0, failuresMax: 5 },
    });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(2));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 3, failures: 2 });
    await machine.clock.advance(seconds(25));
    expect(machine.record()?.leases).toEqual({});
  });
});

describe('a queue that will not answer', () => {
  const countPolls = (machine: ReturnType<typeof createMachine>, refuse: () => never) => {
    let polls = 0;
    machine.cloud.queue.receive = async () => {
      polls += 1;
      return refuse();
    };
    return () => polls;
  };

  it('because too many messages are in flight is asked less and less often, which is counted (F44)', async () => {
    const machine = createMachine({ settings: { concurrency: 50 } });
    const polls = countPolls(machine, () => {
      throw new TooManyInFlight();
    });
    machine.start();
    await machine.clock.advance(seconds(120));
    // 0.2 s, doubled up to 20 s: seven polls in the first 12.6 s, then one in twenty seconds.
    expect(polls()).toBeLessThanOrEqual(14);
    expect(polls()).toBeGreaterThanOrEqual(10);
    const asked = polls();
    machine.agent.stop();
    await machine.clock.advance(seconds(1));
    expect(machine.end()?.tally.refusedReceives).toBe(asked);
    expect(machine.lines.some((line) => String(line.fields['error']).includes('too many of its messages'))).toBe(true);
  });

  it('costs no running task anything: one commit, and its message is met later (F59)', async () => {
    const machine = createMachine({
      run: (context) => taskOfSeconds(machine.clock, 100)(context),
      settings: { concurrency: 2 },
    });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    const { queue } = machine.cloud;
    const healthy = { ...queue };
    const cut = async () => {
      throw new Error('no route to the queue');
    };
    Object.assign(queue, { receive: cut, changeVisibility: cut, delete: cut });
    await machine.clock.advance(seconds(150));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1 });
    expect(queue.size()).toBe(1);
    Object.assign(queue, healthy);
    await machine.clock.advance(seconds(30));
    expect(queue.size()).toBe(0);
    expect(rowOf(machine.cloud, 'a').attempt).toBe(1);
  });
});
