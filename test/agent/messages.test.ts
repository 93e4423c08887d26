import { describe, expect, it } from 'vitest';
import type { RunnerContext } from '../../lib/agent/runner.ts';
import { type SessionId, taskId } from '../../lib/fleet/ids.ts';
import type { ReceivedMessage } from '../../lib/ports/queues.ts';
import { memoryWorkQueue } from '../../lib/simulator/ports/memory-work-queue.ts';
import { manualClock } from '../support/manual-clock.ts';
import { START } from '../support/records.ts';
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

const HOUR = 3_600;
const OTHER = newItem({ instanceId: 'i-0123456789abcdef0' as never });

/** Every message that comes to the queue, with its delay, and every one that goes. */
const watchQueue = ({ queue }: Cloud) => {
  const sent: { readonly taskId: string; readonly delaySeconds: number }[] = [];
  const deleted: ReceivedMessage[] = [];
  const { send, delete: remove } = queue;
  queue.send = async (id, delaySeconds = 0) => {
    sent.push({ taskId: id, delaySeconds });
    return send(id, delaySeconds);
  };
  queue.delete = async (message) => {
    deleted.push(message);
    return remove(message);
  };
  return { sent, deleted };
};

/** Lets hours pass in steps, for a manual clock walks through every instant in which somebody wakes. */
const passHours = async (clock: ReturnType<typeof manualClock>, hours: number): Promise<void> => {
  for (let hour = 0; hour < hours; hour += 1) await clock.advance(seconds(HOUR));
};

/** Renewed every 900 s, so that half a day is few steps. */
const SLOW = { visibilitySeconds: 1_800, maximumAgeSeconds: 7 * 24 * HOUR } as const;

const createLongMachine = async (hours: number, settings: { readonly retryDelaySeconds?: number } = {}) => {
  const run = async (context: RunnerContext) => {
    const outcome = await taskOfSeconds(clock, hours * HOUR)(context);
    return settings.retryDelaySeconds === undefined ? outcome : ({ kind: 'failed', reason: 'late' } as const);
  };
  const clock = manualClock(START);
  const cloud = createCloud(clock);
  const machine = createMachine({ clock, cloud, run, settings: { ...SLOW, concurrency: 2, ...settings } });
  const watched = watchQueue(cloud);
  await submit(cloud, 'long');
  watched.sent.length = 0;
  machine.start();
  return { machine, clock, cloud, ...watched };
};

describe('a task that runs longer than a message may stay hidden', () => {
  it('is handed over to a new message under the same lease and attempt, before the twelve hours are over (F43)', async () => {
    const { machine, clock, cloud, sent, deleted } = await createLongMachine(13);
    await passHours(clock, 11);
    expect(sent).toEqual([]);
    await passHours(clock, 1);
    expect(sent).toEqual([{ taskId: 'long', delaySeconds: 900 }]);
    expect(deleted).toHaveLength(1);
    expect(cloud.queue.size()).toBe(1);
    expect(rowOf(cloud, 'long')).toMatchObject({ status: 'running', attempt: 1 });
    expect(machine.record()?.leases).toEqual({ long: 1 });
    await passHours(clock, 2);
    expect(rowOf(cloud, 'long')).toMatchObject({ status: 'done', attempt: 1 });
    expect(cloud.queue.size()).toBe(0);
    expect(sent).toHaveLength(1);
  });

  it('is shown again at once when its machine drains afterwards, whoever has its wandering message (F43, W4)', async () => {
    const { machine, clock, cloud, sent } = await createLongMachine(20);
    await passHours(clock, 13);
    machine.agent.stop();
    machine.agent.stop();
    await clock.advance(seconds(2));
    expect(rowOf(cloud, 'long')).toMatchObject({ status: 'ready', attempt: 1, reclaims: 1 });
    expect(sent.at(-1)).toEqual({ taskId: 'long', delaySeconds: 0 });
    expect((await cloud.queue.backlog()).waiting).toBe(1);
  });

  it('is shown again after its delay when it fails afterwards (F43)', async () => {
    const { clock, cloud, sent } = await createLongMachine(13, { retryDelaySeconds: 45 });
    await passHours(clock, 12);
    expect(sent).toHaveLength(1);
    await clock.advance(seconds(HOUR + 1));
    expect(rowOf(cloud, 'long')).toMatchObject({ failures: 1, reason: 'late' });
    expect(sent.at(-1)).toEqual({ taskId: 'long', delaySeconds: 45 });
  });

  it('keeps its message where the new one cannot be sent, and tries again (F43)', async () => {
    const { clock, cloud, sent } = await createLongMachine(20);
    const { send } = cloud.queue;
    cloud.queue.send = async () => {
      throw new Error('throttled');
    };
    await passHours(clock, 12);
    expect(cloud.queue.size()).toBe(1);
    cloud.queue.send = send;
    await passHours(clock, 1);
    expect(sent).toHaveLength(1);
    expect(rowOf(cloud, 'long')).toMatchObject({ status: 'running', attempt: 1 });
  });
});

describe('a message near the limit of a queue that others made', () => {
  const createLimited = (receivesMax: number, run = async () => ({ kind: 'failed', reason: 'bad' }) as const) => {
    const clock = manualClock(START);
    const queue = memoryWorkQueue(clock, { receivesMax });
    const cloud: Cloud = { ...createCloud(clock), queue };
    const machine = createMachine({
      clock,
      cloud,
      run,
      settings: { failuresMax: 20, retryDelaySeconds: 10, taskIdPath: 'id' },
    });
    return { clock, cloud, queue, machine, ...watchQueue(cloud) };
  };

  it('is replaced by a new one before it is put back, so that failures are counted by the ledger alone', async () => {
    const { clock, queue, cloud, machine, sent } = createLimited(3);
    queue.sendBody('{"id":"foreign"}');
    machine.start();
    await clock.advance(seconds(300));
    expect(rowOf(cloud, 'foreign')).toMatchObject({ status: 'dead', failures: 20 });
    expect(queue.deadLetters).toEqual([]);
    expect(new Set(sent.map(({ delaySeconds }) => delaySeconds))).toEqual(new Set([10]));
    expect(cloud.deadLetters.sent).toHaveLength(1);
  });

  it('is replaced when it meets a task that runs elsewhere, too', async () => {
    const { clock, queue, cloud, machine } = createLimited(2);
    const id = await submit(cloud, 'a');
    const take = { step: 'take', owner: OTHER.instanceId, session: 'other' as SessionId, now: START } as const;
    await cloud.tasks.apply(id, take);
    machine.start();
    await clock.advance(seconds(400));
    expect(queue.size()).toBe(1);
    expect(queue.deadLetters).toEqual([]);
  });

  it('is replaced when its machine drains, and where one receipt is all there is', async () => {
    const { clock, queue, cloud, machine, sent } = createLimited(1, () => new Promise(() => undefined));
    await submit(cloud, 'a');
    sent.length = 0;
    machine.start();
    await clock.advance(seconds(1));
    machine.agent.stop();
    machine.agent.stop();
    await clock.advance(seconds(2));
    expect(sent).toEqual([{ taskId: 'a', delaySeconds: 0 }]);
    expect(queue.size()).toBe(1);
  });

  it('stays what it is where the limit is far away, as on our own queues', async () => {
    const { clock, queue, cloud, machine, sent } = createLimited(1_000);
    queue.sendBody('{"id":"foreign"}');
    machine.start();
    await clock.advance(seconds(100));
    expect(rowOf(cloud, 'foreign').failures).toBeGreaterThan(5);
    expect(sent).toEqual([]);
  });

  it('is known after all when the first question for the limit had no answer', async () => {
    const { clock, queue, cloud, machine } = createLimited(3);
    const { receivesMax } = queue;
    let asked = 0;
    queue.receivesMax = async () => {
      asked += 1;
      if (asked === 1) throw new Error('throttled');
      return receivesMax();
    };
    queue.sendBody('{"id":"foreign"}');
    machine.start();
    await clock.advance(seconds(300));
    expect(rowOf(cloud, 'foreign')).toMatchObject({ status: 'dead', failures: 20 });
    expect(queue.deadLetters).toEqual([]);
    expect(asked).toBe(2);
  });

  it('an agent that may not read the limit says so once and works on', async () => {
    const { clock, queue, cloud, machine } = createLimited(1_000);
    queue.receivesMax = async () => {
      throw new Error('AccessDenied');
    };
    await submit(cloud, 'a');
    machine.start();
    await clock.advance(seconds(100));
    expect(rowOf(cloud, 'a').failures).toBeGreaterThan(5);
    expect(machine.lines.filter(({ message }) => message.includes('sqs:GetQueueAttributes'))).toHaveLength(1);
  });
});

describe('a task that fails with a delay of almost as long as a message may stay hidden', () => {
  it('is not tried again before its delay is over: what SQS would not hide any longer is left to the sweep', async () => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    const run = async (context: RunnerContext) => {
      await taskOfSeconds(clock, 100)(context);
      return { kind: 'failed', reason: 'come back tomorrow' } as const;
    };
    const machine = createMachine({ clock, cloud, run, settings: { retryDelaySeconds: 12 * HOUR } });
    await submit(cloud, 'a');
    machine.start();
    await passHours(clock, 6);
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'ready', attempt: 1, failures: 1 });
    expect(rowOf(cloud, 'a').checkAt).toBeGreaterThanOrEqual(START + seconds(100 + 12 * HOUR));
  });
});

describe('messages that misbehave', () => {
  it('renewals that fail cost nothing: the task goes on under its lease, and whoever meets its message puts it back (F35, F37)', async () => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    const working = createMachine({ clock, cloud, run: (context) => taskOfSeconds(clock, 300)(context) });
    await submit(cloud, 'a');
    const { changeVisibility } = cloud.queue;
    const cut: { is: boolean } = { is: true };
    cloud.queue.changeVisibility = async (message, visibilitySeconds) => {
      if (cut.is && message.receiveCount === 1) throw new Error('throttled');
      return changeVisibility(message, visibilitySeconds);
    };
    working.start();
    await clock.advance(seconds(1));
    const idle = createMachine({ clock, cloud, item: OTHER, session: 'session-2' });
    idle.start();
    await clock.advance(seconds(200));
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'running', attempt: 1 });
    await clock.advance(seconds(200));
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'done', attempt: 1 });
    idle.agent.stop();
    await clock.advance(seconds(1));
    expect(idle.end()?.tally.putBack).toBeGreaterThan(0);
    expect(cloud.queue.size()).toBe(0);
  });

  it('a delete that is refused leaves the commit as it is, and the message removed when it is met again (F38)', async () => {
    const machine = createMachine();
    const { queue } = machine.cloud;
    const { delete: remove } = queue;
    queue.delete = async () => {
      throw new Error('ReceiptHandleIsInvalid');
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(10));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1 });
    queue.delete = remove;
    await machine.clock.advance(seconds(90));
    expect(queue.size()).toBe(0);
    expect(rowOf(machine.cloud, 'a').attempt).toBe(1);
  });

  it('a delete that "succeeds" with an old handle deletes nothing, and the message is removed when it is met again (F39)', async () => {
    const machine = createMachine({ run: (context) => taskOfSeconds(machine.clock, 100)(context) });
    const { queue } = machine.cloud;
    queue.changeVisibility = async () => undefined;
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(65));
    // Somebody else received it meanwhile: our handle is old from here on.
    await queue.receive({ waitSeconds: 0, visibilitySeconds: 60 });
    await machine.clock.advance(seconds(36));
    expect(rowOf(machine.cloud, 'a').status).toBe('done');
    expect(queue.size()).toBe(1);
    await machine.clock.advance(seconds(60));
    expect(queue.size()).toBe(0);
    expect(rowOf(machine.cloud, 'a').attempt).toBe(1);
  });

  it('a message that comes back after its delete is removed, and changes nothing (F40)', async () => {
    const machine = createMachine();
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(2));
    const done = rowOf(machine.cloud, 'a');
    await machine.cloud.queue.send(taskId('a'));
    await machine.clock.advance(seconds(2));
    expect(machine.cloud.queue.size()).toBe(0);
    expect(rowOf(machine.cloud, 'a')).toEqual(done);
  });

  it('a message deleted by somebody while its task runs changes nothing of the commit (F41)', async () => {
    const machine = createMachine({ run: (context) => taskOfSeconds(machine.clock, 100)(context) });
    const { queue } = machine.cloud;
    const { receive } = queue;
    queue.receive = async (options) => {
      const messages = await receive(options);
      for (const message of messages) await queue.delete(message);
      return messages;
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(101));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1 });
  });

  it('a message that its queue has thrown away for its age changes nothing of the commit (F42)', async () => {
    const clock = manualClock(START);
    const cloud: Cloud = { ...createCloud(clock), queue: memoryWorkQueue(clock, { retentionSeconds: 60 }) };
    const machine = createMachine({ clock, cloud, run: (context) => taskOfSeconds(clock, 100)(context) });
    await submit(cloud, 'a');
    machine.start();
    await clock.advance(seconds(101));
    expect(cloud.queue.size()).toBe(0);
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'done', attempt: 1 });
  });
});
