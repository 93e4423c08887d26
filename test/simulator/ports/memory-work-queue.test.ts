import { describe, expect, test } from 'vitest';
import { taskId } from '../../../lib/fleet/ids.ts';
import { memoryWorkQueue } from '../../../lib/simulator/ports/memory-work-queue.ts';
import { manualClock } from '../../support/manual-clock.ts';

const at = (options = {}) => {
  const clock = manualClock(0);
  const queue = memoryWorkQueue(clock, options);
  const look = (visibilitySeconds = 60) => queue.receive({ waitSeconds: 0, visibilitySeconds, countMax: 10 });
  return { clock, queue, look };
};

describe('a message', () => {
  test('is hidden for the time it was received for, and then handed out again, counted', async () => {
    const { clock, queue, look } = at();
    await queue.send(taskId('a'));
    expect(await look(60)).toMatchObject([{ receiveCount: 1 }]);
    await clock.advance(59_999);
    expect(await look()).toHaveLength(0);
    await clock.advance(1);
    expect(await look()).toMatchObject([{ receiveCount: 2 }]);
  });

  test('is delayed by at most 15 minutes', async () => {
    const { clock, queue, look } = at();
    await queue.send(taskId('a'), 86_400);
    await clock.advance(899_999);
    expect(await look()).toHaveLength(0);
    await clock.advance(1);
    expect(await look()).toHaveLength(1);
  });

  test('stays hidden for 12 hours after its receipt and not longer, however often that is renewed (B10)', async () => {
    const { clock, queue, look } = at();
    await queue.send(taskId('a'));
    const [message] = await look(21_600);
    await clock.advance(21_599_000);
    await queue.changeVisibility(message!, 21_601);
    await clock.advance(21_600_000);
    await queue.changeVisibility(message!, 60);
    await clock.advance(1_000);
    expect(await look()).toHaveLength(1);
  });

  test('is not deleted by a handle from before its latest receipt', async () => {
    const { clock, queue, look } = at();
    await queue.send(taskId('a'));
    const [old] = await look(1);
    await clock.advance(1_000);
    const [latest] = await look(60);
    await queue.delete(old!);
    expect(queue.size()).toBe(1);
    await queue.delete(latest!);
    expect(queue.size()).toBe(0);
  });

  test('is gone after the retention period, though nobody received it', async () => {
    const { clock, queue, look } = at({ retentionSeconds: 100 });
    await queue.send(taskId('a'));
    await clock.advance(100_000);
    expect(await look()).toHaveLength(0);
    expect(await queue.backlog()).toStrictEqual({ waiting: 0, inFlight: 0, delayed: 0 });
  });

  test('that is put back three times is a dead letter at the fourth receipt, though nothing failed (B13)', async () => {
    const { queue, look } = at({ receivesMax: 3 });
    queue.sendBody('plain text');
    for (let receipt = 1; receipt <= 3; receipt += 1) {
      const [message] = await look();
      expect(message!.receiveCount).toBe(receipt);
      await queue.changeVisibility(message!, 0);
    }
    expect(await look()).toHaveLength(0);
    expect(queue.deadLetters).toStrictEqual(['plain text']);
  });
});

describe('long polling', () => {
  const poll = (signal?: AbortSignal) => {
    const world = at();
    const answers: number[] = [];
    const waiting = world.queue
      .receive({ waitSeconds: 20, visibilitySeconds: 60, ...(signal ? { signal } : {}) })
      .then((messages) => answers.push(messages.length));
    return { ...world, answers, waiting };
  };

  test('answers as soon as a message is sent', async () => {
    const { clock, queue, answers } = poll();
    await clock.advance(5_000);
    expect(answers).toStrictEqual([]);
    await queue.send(taskId('a'));
    await clock.advance(0);
    expect(answers).toStrictEqual([1]);
  });

  test('answers as soon as a delay is over', async () => {
    const { clock, queue, answers } = poll();
    await queue.send(taskId('a'), 7);
    await clock.advance(6_999);
    expect(answers).toStrictEqual([]);
    await clock.advance(1);
    expect(answers).toStrictEqual([1]);
  });

  test('answers nothing when its time is over', async () => {
    const { clock, answers } = poll();
    await clock.advance(19_999);
    expect(answers).toStrictEqual([]);
    await clock.advance(1);
    expect(answers).toStrictEqual([0]);
  });

  test('answers nothing as soon as the caller gives up', async () => {
    const caller = new AbortController();
    const { waiting, answers } = poll(caller.signal);
    caller.abort();
    await waiting;
    expect(answers).toStrictEqual([0]);
  });
});
