import { describe, expect, it } from 'vitest';
import { sessionId, taskId } from '../../lib/fleet/ids.ts';
import { addMs } from '../../lib/fleet/time.ts';
import { manualClock } from '../support/manual-clock.ts';
import { atSecond, START } from '../support/records.ts';
import { aRow, createCloud, createMachine, newItem, rowOf, seconds, submit, taskOfSeconds } from './support/machine.ts';

describe('one agent on one machine', () => {
  it('works off what is in the queue, one task after the other', async () => {
    const machine = createMachine();
    for (const id of ['a', 'b', 'c']) await submit(machine.cloud, id);
    machine.start();
    await machine.clock.advance(seconds(4));
    for (const id of ['a', 'b', 'c']) {
      expect(rowOf(machine.cloud, id)).toMatchObject({ status: 'done', attempt: 1, result: { inline: '"ok"' } });
    }
    expect(machine.cloud.queue.size()).toBe(0);
  });

  it('holds one task at a time on its own item, and none once the queue is empty', async () => {
    const machine = createMachine({ run: taskOfSeconds(manualClock(START), 0) });
    const held: number[] = [];
    const { changeLeases } = machine.cloud.instances;
    machine.cloud.instances.changeLeases = async (change, now) => {
      const outcome = await changeLeases(change, now);
      held.push(Object.keys(outcome.record?.leases ?? {}).length);
      return outcome;
    };
    for (const id of ['a', 'b', 'c']) await submit(machine.cloud, id);
    machine.start();
    await machine.clock.advance(seconds(25));
    expect(held).toEqual([1, 1, 1, 0]);
    expect(machine.record()?.leases).toEqual({});
  });

  it('waits for its item and never makes it', async () => {
    const machine = createMachine({ hasItem: false });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(30));
    expect(machine.record()).toBeUndefined();
    expect(rowOf(machine.cloud, 'a').attempt).toBe(0);
    await machine.cloud.instances.create(newItem());
    await machine.clock.advance(seconds(5));
    expect(rowOf(machine.cloud, 'a').status).toBe('done');
  });

  it('powers the machine off when nobody has written its item in the dead-man’s time', async () => {
    const machine = createMachine({ hasItem: false });
    machine.start();
    await machine.clock.advance(seconds(899));
    expect(machine.end()).toBeUndefined();
    await machine.clock.advance(seconds(3));
    expect(machine.end()).toMatchObject({ reason: 'no-item', powersOff: true });
  });

  it('leaves a machine alone that another agent has (F65)', async () => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    const first = createMachine({ clock, cloud, session: 'first' });
    first.start();
    await clock.advance(seconds(1));
    const second = createMachine({ clock, cloud, session: 'second' });
    second.start();
    await clock.advance(seconds(1));
    expect(second.end()).toMatchObject({ reason: 'second-agent', exitCode: 3, powersOff: false });
    expect(second.lines.map((line) => line.message).join()).toContain('Another agent has this machine');
    expect(first.end()).toBeUndefined();
  });

  it('stops without a word to the queue when another session has opened on its item', async () => {
    const machine = createMachine();
    machine.start();
    await machine.clock.advance(seconds(1));
    const { heartbeat } = machine.cloud.instances;
    machine.cloud.instances.heartbeat = (id, _session, now) => heartbeat(id, sessionId('other'), now);
    await machine.clock.advance(seconds(6));
    expect(machine.end()).toMatchObject({ reason: 'session-lost', powersOff: false });
  });

  it('beats every five seconds', async () => {
    const machine = createMachine();
    machine.start();
    await machine.clock.advance(seconds(62));
    expect(machine.record()?.heartbeatAt).toBe(atSecond(60));
  });

  it('drains and powers off when its item could not be read for the dead-man’s time', async () => {
    const machine = createMachine();
    machine.start();
    await machine.clock.advance(seconds(10));
    machine.cloud.instances.heartbeat = async () => {
      throw new Error('no route to the table');
    };
    machine.cloud.instances.changeLeases = machine.cloud.instances.heartbeat as never;
    await machine.clock.advance(seconds(890));
    expect(machine.end()).toBeUndefined();
    await machine.clock.advance(seconds(30));
    expect(machine.end()).toMatchObject({ reason: 'drained', powersOff: true });
  });

  it('asks for no task while its item has been out of reach for as long as makes it silent (F58)', async () => {
    const machine = createMachine();
    machine.start();
    await machine.clock.advance(seconds(10));
    const { heartbeat } = machine.cloud.instances;
    machine.cloud.instances.heartbeat = async () => {
      throw new Error('no route to the table');
    };
    await machine.clock.advance(seconds(80));
    await submit(machine.cloud, 'a');
    await machine.clock.advance(seconds(60));
    expect(await machine.cloud.queue.backlog()).toMatchObject({ waiting: 1 });
    machine.cloud.instances.heartbeat = heartbeat;
    await machine.clock.advance(seconds(15));
    expect(rowOf(machine.cloud, 'a').status).toBe('done');
  });

  it('drains at its maximum age', async () => {
    const machine = createMachine({ settings: { maximumAgeSeconds: 600 } });
    machine.start();
    await machine.clock.advance(seconds(599));
    expect(machine.record()?.drainingAt).toBeUndefined();
    await machine.clock.advance(seconds(7));
    expect(machine.record()?.signals['machine-stopping']).toBeDefined();
    expect(machine.end()).toMatchObject({ reason: 'drained', powersOff: true });
  });
});

describe('what a message turns out to be', () => {
  it('a finished task: deleted', async () => {
    const machine = createMachine();
    await submit(machine.cloud, 'a', { status: 'done', attempt: 1 });
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(machine.cloud.queue.size()).toBe(0);
    expect(rowOf(machine.cloud, 'a').attempt).toBe(1);
  });

  it('a task that runs elsewhere: put back for 30 s, nothing written', async () => {
    const machine = createMachine();
    const row = aRow('a', {
      status: 'running',
      attempt: 4,
      owner: newItem().instanceId,
      session: sessionId('elsewhere'),
    });
    await machine.cloud.tasks.apply(taskId('a'), { step: 'submit', row });
    await machine.cloud.queue.send(taskId('a'));
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(rowOf(machine.cloud, 'a')).toEqual(row);
    await machine.clock.advance(seconds(28));
    expect((await machine.cloud.queue.backlog()).inFlight).toBe(1);
  });

  it('one of ours in a form of another version: left alone and counted', async () => {
    const machine = createMachine();
    machine.cloud.queue.sendBody('{"spothop":2,"taskId":"a"}');
    machine.start();
    await machine.clock.advance(seconds(100));
    expect(machine.cloud.queue.size()).toBe(1);
    machine.agent.stop();
    await machine.clock.advance(seconds(1));
    expect(machine.end()?.tally.leftAlone).toBe(1);
  });

  it('a name without a row: left alone, neither deleted nor passed on', async () => {
    const machine = createMachine();
    await machine.cloud.queue.send(taskId('stranger'));
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(machine.cloud.queue.size()).toBe(1);
    expect(machine.cloud.tasks.rows.size).toBe(0);
  });

  it('a body from a producer that knows nothing of us: registered under the id it carries, then done', async () => {
    const inputs: string[] = [];
    const machine = createMachine({
      settings: { taskIdPath: 'order.id' },
      run: async ({ input }) => {
        inputs.push(input);
        return { kind: 'done', result: 'made' };
      },
    });
    machine.cloud.queue.sendBody('{"order":{"id":77}}');
    machine.cloud.queue.sendBody('{"order":{"id":77}}');
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(inputs).toEqual(['{"order":{"id":77}}']);
    expect(rowOf(machine.cloud, '77')).toMatchObject({ status: 'done', attempt: 1, fleet: 'index' });
    expect(machine.cloud.queue.size()).toBe(0);
  });

  it('takes a foreign task’s id from an attribute, or from the message as the last resort', async () => {
    const machine = createMachine({ settings: { taskIdAttribute: 'job' } });
    machine.cloud.queue.sendBody('plain text', { job: 'job-9' });
    machine.cloud.queue.sendBody('plain text');
    machine.start();
    await machine.clock.advance(seconds(5));
    expect([...machine.cloud.tasks.rows.keys()]).toEqual(['job-9', 'message-2']);
  });

  it('numbers too large for JSON to tell apart are no ids: each such message is a task of its own', async () => {
    const machine = createMachine({ settings: { taskIdPath: 'id' } });
    machine.cloud.queue.sendBody('{"id":9007199254740992}');
    machine.cloud.queue.sendBody('{"id":9007199254740993}');
    machine.start();
    await machine.clock.advance(seconds(5));
    expect([...machine.cloud.tasks.rows.values()].map(({ taskId, status }) => [taskId, status])).toEqual([
      ['message-1', 'done'],
      ['message-2', 'done'],
    ]);
    expect(machine.cloud.queue.size()).toBe(0);
  });

  it('an id that belongs to another body: neither is touched', async () => {
    const machine = createMachine({ settings: { taskIdPath: 'id' } });
    machine.cloud.queue.sendBody('{"id":"x","v":1}');
    machine.cloud.queue.sendBody('{"id":"x","v":2}');
    machine.start();
    await machine.clock.advance(seconds(5));
    expect(rowOf(machine.cloud, 'x')).toMatchObject({ status: 'done', body: { inline: '{"id":"x","v":1}' } });
    expect(machine.cloud.queue.size()).toBe(1);
  });
});

describe('failing', () => {
  it('a poison task is dead after its own failures, with its reason, and copied to the dead letters', async () => {
    const machine = createMachine({ run: async () => ({ kind: 'failed', reason: 'bad input' }) });
    await submit(machine.cloud, 'poison');
    machine.start();
    await machine.clock.advance(seconds(59));
    expect(rowOf(machine.cloud, 'poison')).toMatchObject({ status: 'ready', failures: 2 });
    await machine.clock.advance(seconds(5));
    expect(rowOf(machine.cloud, 'poison')).toMatchObject({
      status: 'dead',
      failures: 3,
      reason: 'bad input',
      reclaims: 0,
    });
    expect(machine.cloud.deadLetters.sent).toEqual([{ taskId: 'poison', reason: 'bad input' }]);
    expect(machine.cloud.queue.size()).toBe(0);
  });

  it('a dead task is held until it is copied: by its lease it is found when the machine ends before that (O2)', async () => {
    const copying = Promise.withResolvers<void>();
    const machine = createMachine({
      settings: { failuresMax: 1 },
      run: async () => ({ kind: 'failed', reason: 'bad input' }),
      wrap: (ports) => ({ ...ports, deadLetters: { send: () => copying.promise } }),
    });
    await submit(machine.cloud, 'poison');
    await submit(machine.cloud, 'next');
    machine.start();
    await machine.clock.advance(seconds(30));
    expect(rowOf(machine.cloud, 'poison').status).toBe('dead');
    expect(machine.record()?.leases).toEqual({ poison: 1 });
    copying.resolve();
    await machine.clock.advance(seconds(30));
    expect(machine.record()?.leases).toEqual({});
  });

  it('a task that failed is tried again after the delay, not before', async () => {
    const startedAt: number[] = [];
    const machine = createMachine({
      run: async () => {
        startedAt.push(machine.clock.now());
        return { kind: 'failed', reason: 'not yet' };
      },
    });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(45));
    expect(startedAt).toEqual([START, START + 30_000]);
  });

  it('a task that hands itself back has not failed', async () => {
    const machine = createMachine({ run: async () => ({ kind: 'hand-back', reason: 'later' }) });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(10));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'ready', attempt: 1, failures: 0, reclaims: 1 });
  });

  it('a body that cannot be read back as it was stored is the task’s own failure', async () => {
    const machine = createMachine();
    await submit(machine.cloud, 'a', { body: { inline: '{"cut', sha256: 'another' } });
    machine.start();
    await machine.clock.advance(seconds(10));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({
      failures: 1,
      reason: expect.stringContaining('body cannot be read'),
    });
  });

  it('other tasks are done beside a poison one', async () => {
    const machine = createMachine({
      run: async ({ taskId: id }) =>
        id === 'poison' ? { kind: 'failed', reason: 'always' } : { kind: 'done', result: id },
    });
    for (const id of ['a', 'poison', 'b']) await submit(machine.cloud, id);
    machine.start();
    await machine.clock.advance(seconds(2));
    expect(rowOf(machine.cloud, 'a').status).toBe('done');
    expect(rowOf(machine.cloud, 'b').status).toBe('done');
  });
});

describe('large contents', () => {
  it('a result above the inline limit goes to an object named by its digest, and comes back whole as a resume', async () => {
    const large = 'x'.repeat(40_000);
    const resumes: (string | undefined)[] = [];
    const machine = createMachine({
      run: async (context) => {
        resumes.push(context.resume);
        if (context.attempt > 1) return { kind: 'done', result: large };
        await context.checkpoint(large);
        return { kind: 'failed', reason: 'once' };
      },
    });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(32));
    expect(resumes).toEqual([undefined, large]);
    const { result } = rowOf(machine.cloud, 'a');
    expect(result).toMatchObject({ bytes: 40_000, objectKey: expect.stringMatching(/^content\/[0-9a-f]{64}$/) });
  });

  it('a checkpoint that was cut costs its work, not the task (F54)', async () => {
    const resumes: (string | undefined)[] = [];
    const machine = createMachine({
      run: async ({ resume }) => {
        resumes.push(resume);
        return { kind: 'done', result: '1' };
      },
    });
    await submit(machine.cloud, 'a', {
      checkpoint: { sequence: 3, content: { objectKey: 'content/gone', sha256: 'gone', bytes: 9 } },
    });
    machine.start();
    await machine.clock.advance(seconds(10));
    expect(resumes).toEqual([undefined]);
    expect(rowOf(machine.cloud, 'a').status).toBe('done');
  });
});

describe('visibility', () => {
  it('a task of 150 s stays hidden all the while and is processed once', async () => {
    const machine = createMachine({ run: (context) => taskOfSeconds(machine.clock, 150)(context) });
    await submit(machine.cloud, 'a');
    machine.start();
    for (let second = 0; second < 149; second += 10) {
      await machine.clock.advance(seconds(10));
      if (second < 140) expect((await machine.cloud.queue.backlog()).waiting).toBe(0);
    }
    await machine.clock.advance(seconds(5));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1, takenAt: START });
    expect(addMs(START, 150_000)).toBe(rowOf(machine.cloud, 'a').finishedAt);
  });

  it('nothing renews a message after it was handed back (F36)', async () => {
    const machine = createMachine({ run: (context) => taskOfSeconds(machine.clock, 1_000)(context) });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(100));
    machine.agent.stop();
    machine.agent.stop();
    const changes: number[] = [];
    const { changeVisibility } = machine.cloud.queue;
    machine.cloud.queue.changeVisibility = async (message, visibilitySeconds) => {
      changes.push(visibilitySeconds);
      return changeVisibility(message, visibilitySeconds);
    };
    await machine.clock.advance(seconds(120));
    expect(changes).toEqual([0]);
  });
});
