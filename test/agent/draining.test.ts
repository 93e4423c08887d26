import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunnerContext } from '../../lib/agent/runner.ts';
import { addMs, toIso } from '../../lib/fleet/time.ts';
import { manualClock } from '../support/manual-clock.ts';
import { A_POLICY, A_POOL, atSecond, START } from '../support/records.ts';
import { createCloud, createMachine, newItem, rowOf, seconds, submit, taskOfSeconds } from './support/machine.ts';

const HOUR = 3_600_000;

describe('a notice', () => {
  it('is written on the machine’s own item with its deadline, and wakes the fleet', async () => {
    const machine = createMachine();
    machine.start();
    await machine.clock.advance(seconds(7));
    machine.metadata.giveNotice(atSecond(127));
    await machine.clock.advance(seconds(5));
    expect(machine.record()).toMatchObject({
      drainingAt: atSecond(10),
      signals: { 'spot-interruption': { at: atSecond(10), deadline: atSecond(127), action: 'terminate' } },
    });
    expect(machine.cloud.wakes.takeDue()).toEqual(['index']);
  });

  it('that asks for something unknown drains all the same, and what it asks is kept in the log', async () => {
    const machine = createMachine();
    machine.metadata.giveNotice(atSecond(120), 'freeze');
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(machine.record()?.signals['spot-interruption']).toEqual({
      at: START,
      deadline: atSecond(120),
      recordedAt: START,
    });
    expect(machine.lines).toContainEqual(expect.objectContaining({ fields: { action: 'freeze' } }));
  });

  it('withdrawn later changes nothing (F64)', async () => {
    const machine = createMachine();
    machine.metadata.giveNotice(atSecond(125));
    machine.start();
    await machine.clock.advance(seconds(6));
    machine.metadata.texts.delete('spot/instance-action');
    await submit(machine.cloud, 'late');
    await machine.clock.advance(seconds(60));
    expect(rowOf(machine.cloud, 'late').attempt).toBe(0);
  });

  it('of a pulled and unread message puts it back at once', async () => {
    const machine = createMachine();
    const { receive } = machine.cloud.queue;
    machine.cloud.queue.receive = async (options) => {
      const messages = await receive({ ...options, signal: AbortSignal.any([]) });
      machine.agent.stop();
      return messages;
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(await machine.cloud.queue.backlog()).toMatchObject({ waiting: 1, inFlight: 0 });
    expect(rowOf(machine.cloud, 'a').attempt).toBe(0);
  });

  it('is never followed by a receive, whenever it comes (B1)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 40_000 }),
        fc.array(fc.integer({ min: 0, max: 15_000 }), { maxLength: 6 }),
        fc.constantFrom('notice', 'stop', 'mailbox'),
        async (noticeAtMs, runsMs, source) => {
          const machine = createMachine({
            run: async (context) => {
              const runMs = runsMs[Number(context.taskId)]!;
              return taskOfSeconds(machine.clock, runMs / 1_000)(context);
            },
          });
          const receivedWhileDraining: number[] = [];
          const { receive } = machine.cloud.queue;
          machine.cloud.queue.receive = async (options) => {
            if (machine.lines.some((line) => line.message === 'signal') || options.signal?.aborted) {
              receivedWhileDraining.push(machine.clock.now());
            }
            return receive(options);
          };
          for (const index of runsMs.keys()) await submit(machine.cloud, String(index));
          machine.start();
          await machine.clock.advance(noticeAtMs);
          if (source === 'notice') machine.metadata.giveNotice(addMs(machine.clock.now(), 120_000));
          if (source === 'stop') machine.agent.stop();
          if (source === 'mailbox') {
            const signal = { kind: 'operator-drain', instanceId: machine.instanceId, at: machine.clock.now() } as const;
            await machine.cloud.instances.recordSignal(signal, true, machine.clock.now());
          }
          await machine.clock.advance(130_000);
          expect(receivedWhileDraining).toEqual([]);
          for (const index of runsMs.keys())
            expect(['ready', 'done']).toContain(rowOf(machine.cloud, String(index)).status);
          expect(machine.record()?.leases).toEqual({});
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('a task that is running when the notice comes', () => {
  it('is finished when it ends in time', async () => {
    const machine = createMachine({ run: (context) => taskOfSeconds(machine.clock, 90)(context) });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(2));
    machine.metadata.giveNotice(atSecond(122));
    await machine.clock.advance(seconds(90));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1, reclaims: 0 });
  });

  it('is handed back, not lost, when it is longer than the time left (B2)', async () => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    const machine = createMachine({ clock, cloud, run: taskOfSeconds(clock, 1_000) });
    await submit(cloud, 'a');
    machine.start();
    await clock.advance(seconds(1));
    machine.metadata.giveNotice(atSecond(121));
    await clock.advance(seconds(111));
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'ready', attempt: 1, reclaims: 1, failures: 0 });
    const other = createMachine({ clock, cloud, item: newItem({ instanceId: 'i-0123456789abcdef0' as never }) });
    other.start();
    await clock.advance(seconds(2));
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'done', attempt: 2 });
  });

  it('is asked to stop only when the time left is used up, and may still write a checkpoint', async () => {
    let askedAt = 0;
    const run = async (context: RunnerContext) => {
      await machine.clock.sleep(1_000_000, context.signal);
      askedAt = machine.clock.now();
      await context.checkpoint('half');
      return { kind: 'hand-back', reason: 'as asked' } as const;
    };
    const machine = createMachine({ run });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    machine.metadata.giveNotice(atSecond(120));
    await machine.clock.advance(seconds(111));
    expect(askedAt).toBe(atSecond(107));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({
      status: 'ready',
      checkpoint: { sequence: 1, content: { inline: 'half' } },
    });
  });

  it('is handed back by deadline − margin even when it does not stop', async () => {
    const machine = createMachine({ run: () => new Promise(() => undefined) });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    machine.metadata.giveNotice(atSecond(120));
    await machine.clock.advance(seconds(108));
    expect(rowOf(machine.cloud, 'a').status).toBe('running');
    await machine.clock.advance(seconds(2));
    expect(rowOf(machine.cloud, 'a').status).toBe('ready');
    expect(await machine.cloud.queue.backlog()).toMatchObject({ waiting: 1, inFlight: 0 });
  });

  it('is handed back at once when the machine hibernates (F09)', async () => {
    const machine = createMachine({ run: () => new Promise(() => undefined) });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    machine.metadata.giveNotice(atSecond(120), 'hibernate');
    await machine.clock.advance(seconds(5));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'ready', reclaims: 1 });
  });

  it('is handed back at once when somebody asks to stop twice (B7)', async () => {
    const machine = createMachine({ run: () => new Promise(() => undefined) });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    machine.agent.stop();
    await machine.clock.advance(seconds(1));
    expect(rowOf(machine.cloud, 'a').status).toBe('running');
    machine.agent.stop();
    await machine.clock.advance(seconds(1));
    expect(rowOf(machine.cloud, 'a').status).toBe('ready');
  });

  it('reclaimed twenty times is not dead, and goes on from its last checkpoint each time (F34, W5)', async () => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    await submit(cloud, 'a');
    for (let reclaim = 1; reclaim <= 20; reclaim += 1) {
      const run = async (context: RunnerContext) => {
        expect(context.resume).toBe(reclaim === 1 ? undefined : String(reclaim - 1));
        await context.checkpoint(String(reclaim));
        return new Promise<never>(() => undefined);
      };
      const item = newItem({ instanceId: `i-${String(reclaim).padStart(17, '0')}` as never, launchedAt: clock.now() });
      const machine = createMachine({ clock, cloud, item, run });
      machine.start();
      await clock.advance(seconds(1));
      machine.metadata.giveNotice(addMs(clock.now(), 20_000));
      await clock.advance(seconds(40));
      expect(rowOf(cloud, 'a')).toMatchObject({ status: 'ready', reclaims: reclaim, failures: 0, attempt: reclaim });
    }
    expect(cloud.deadLetters.sent).toEqual([]);
  });
});

describe('a drained machine', () => {
  it('that EC2 takes in its first hour is left to EC2, until five minutes past the deadline', async () => {
    const machine = createMachine();
    machine.metadata.giveNotice(atSecond(120));
    machine.start();
    await machine.clock.advance(seconds(419));
    expect(machine.end()).toBeUndefined();
    expect(machine.record()?.heartbeatAt).toBeGreaterThanOrEqual(atSecond(410));
    await machine.clock.advance(seconds(2));
    expect(machine.end()).toMatchObject({ reason: 'drained', exitCode: 0, powersOff: true });
  });

  it('that EC2 takes later than that ends itself', async () => {
    const item = newItem({ launchedAt: addMs(START, -2 * HOUR) });
    const machine = createMachine({ item });
    machine.metadata.giveNotice(atSecond(120));
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(machine.end()).toMatchObject({ reason: 'drained', powersOff: true });
  });

  it('ends at once when it was asked to stop', async () => {
    const machine = createMachine();
    machine.start();
    await machine.clock.advance(seconds(3));
    machine.agent.stop();
    await machine.clock.advance(seconds(1));
    expect(machine.end()).toMatchObject({ reason: 'drained', exitCode: 0 });
    expect(machine.record()).toMatchObject({
      drainingAt: atSecond(3),
      signals: { 'machine-stopping': { deadline: atSecond(93) } },
    });
  });
});

describe('the mailbox', () => {
  it('a scheduled change drains the machine when its time comes near', async () => {
    const machine = createMachine();
    machine.start();
    await machine.clock.advance(seconds(10));
    const deadline = atSecond(400);
    const signal = { kind: 'scheduled-change', instanceId: machine.instanceId, at: START, deadline } as const;
    await machine.cloud.instances.recordSignal(signal, false, atSecond(10));
    await machine.clock.advance(seconds(265));
    expect(machine.record()?.drainingAt).toBeUndefined();
    await machine.clock.advance(seconds(10));
    expect(machine.record()?.drainingAt).toBe(atSecond(280));
  });

  it('a machine that is to leave finishes what it holds, takes nothing more, and goes', async () => {
    const machine = createMachine({ run: (context) => taskOfSeconds(machine.clock, 60)(context) });
    await submit(machine.cloud, 'a');
    await submit(machine.cloud, 'b');
    machine.start();
    await machine.clock.advance(seconds(1));
    const signal = { kind: 'leave', instanceId: machine.instanceId, at: START } as const;
    await machine.cloud.instances.recordSignal(signal, false, START);
    await machine.clock.advance(seconds(58));
    expect(machine.end()).toBeUndefined();
    await machine.clock.advance(seconds(7));
    expect(rowOf(machine.cloud, 'a').status).toBe('done');
    expect(rowOf(machine.cloud, 'b').attempt).toBe(0);
    expect(machine.end()).toMatchObject({ reason: 'drained', powersOff: true });
    expect(machine.record()).toMatchObject({ drainingAt: atSecond(65), leases: {} });
    expect(machine.cloud.wakes.takeDue()).toEqual(['index']);
  });

  it('a machine takes again when the mind was changed while it finished what it held', async () => {
    const machine = createMachine({ run: (context) => taskOfSeconds(machine.clock, 60)(context) });
    await submit(machine.cloud, 'a');
    await submit(machine.cloud, 'b');
    machine.start();
    await machine.clock.advance(seconds(1));
    const signal = { kind: 'leave', instanceId: machine.instanceId, at: START } as const;
    await machine.cloud.instances.recordSignal(signal, false, START);
    await machine.clock.advance(seconds(20));
    await machine.cloud.instances.withdraw(machine.instanceId, 'leave');
    await machine.clock.advance(seconds(60));
    expect(rowOf(machine.cloud, 'b').status).toBe('running');
  });

  it('a machine whose maintenance window is far off holds out, idle, until it is near', async () => {
    const machine = createMachine();
    machine.start();
    await machine.clock.advance(seconds(10));
    const deadline = atSecond(3_600);
    const signal = { kind: 'scheduled-change', instanceId: machine.instanceId, at: START, deadline } as const;
    await machine.cloud.instances.recordSignal(signal, false, atSecond(10));
    await submit(machine.cloud, 'a');
    await machine.clock.advance(seconds(600));
    expect(machine.end()).toBeUndefined();
  });

  it('a rebalance recommendation makes the machine wary, not draining, and wakes nobody', async () => {
    const machine = createMachine();
    machine.metadata.texts.set('events/recommendations/rebalance', JSON.stringify({ noticeTime: toIso(START) }));
    machine.start();
    await machine.clock.advance(seconds(1));
    expect(machine.record()).toMatchObject({ signals: { 'rebalance-recommendation': { at: START } } });
    expect(machine.record()?.drainingAt).toBeUndefined();
    expect(machine.cloud.wakes.takeDue()).toEqual([]);
  });

  it('a wary machine takes no task once it knows that they run longer than a notice, until the mark expires', async () => {
    const policy = { ...A_POLICY, warySeconds: 600 };
    const machine = createMachine({
      settings: { drainPolicy: policy },
      run: (context) => taskOfSeconds(machine.clock, 130)(context),
    });
    for (let index = 0; index < 6; index += 1) await submit(machine.cloud, String(index));
    machine.start();
    await machine.clock.advance(seconds(5 * 130 - 10));
    machine.metadata.texts.set('events/recommendations/rebalance', JSON.stringify({ noticeTime: toIso(START) }));
    await machine.clock.advance(seconds(500));
    const attempts = () => [...machine.cloud.tasks.rows.values()].reduce((sum, row) => sum + row.attempt, 0);
    expect(attempts()).toBe(5);
    await machine.clock.advance(seconds(400));
    expect(attempts()).toBe(6);
  });

  it('an on-demand machine looks for no notice', async () => {
    const machine = createMachine({ item: newItem({ pool: { ...A_POOL, purchase: 'on-demand' } }) });
    machine.metadata.giveNotice(atSecond(120));
    machine.start();
    await machine.clock.advance(seconds(60));
    expect(machine.record()?.drainingAt).toBeUndefined();
  });
});
