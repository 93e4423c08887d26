import { describe, expect, it } from 'vitest';
import type { RunnerContext, RunnerOutcome } from '../../lib/agent/runner.ts';
import { contentKey, sha256Of } from '../../lib/workflows/content.ts';
import { manualClock } from '../support/manual-clock.ts';
import { atSecond, START } from '../support/records.ts';
import { createCloud, createMachine, newItem, rowOf, seconds, submit, taskOfSeconds } from './support/machine.ts';

const LONG_QUEUE = { samples: 50, halfMs: 500_000, nineTenthsMs: 600_000 };

/** Works until it is asked to stop, then saves for so many seconds. */
const savingFor =
  (machine: () => ReturnType<typeof createMachine>, saveSeconds: number, asked: Map<string, number>) =>
  async (context: RunnerContext): Promise<RunnerOutcome> => {
    context.progress({ savesWhenStopped: true });
    await machine().clock.sleep(1_000_000, context.signal);
    asked.set(context.taskId, (machine().clock.now() - START) / 1_000);
    await machine().clock.sleep(seconds(saveSeconds));
    await context.checkpoint('saved');
    return { kind: 'hand-back', reason: 'as asked' };
  };

describe('a task on a machine that drains', () => {
  it('is finished although it is longer than its queue’s, when it says that it is nearly done', async () => {
    const machine = createMachine({
      item: newItem({ runTimesExpected: LONG_QUEUE }),
      run: async (context) => {
        await machine.clock.sleep(seconds(50));
        context.progress({ share: 0.5 });
        return taskOfSeconds(machine.clock, 50)(context);
      },
    });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(51));
    machine.metadata.giveNotice(atSecond(171));
    await machine.clock.advance(seconds(60));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1 });
  });

  it('that would be longer than the time left, as its fleet knows, is asked to stop at once and has a moment to save', async () => {
    const asked = new Map<string, number>();
    const run = async (context: RunnerContext): Promise<RunnerOutcome> => {
      await machine.clock.sleep(1_000_000, context.signal);
      asked.set(context.taskId, (machine.clock.now() - START) / 1_000);
      await context.checkpoint('just in time');
      return { kind: 'hand-back', reason: 'as asked' };
    };
    const machine = createMachine({ item: newItem({ runTimesExpected: LONG_QUEUE }), run });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(21));
    machine.metadata.giveNotice(atSecond(141));
    await machine.clock.advance(seconds(9));
    expect(asked.get('a')).toBe(25);
    expect(rowOf(machine.cloud, 'a')).toMatchObject({
      status: 'ready',
      checkpoint: { content: { inline: 'just in time' } },
    });
  });

  it('that has begun to save when its time is over is given until deadline − margin', async () => {
    const asked = new Map<string, number>();
    const machine = createMachine({
      item: newItem({ runTimesExpected: { ...LONG_QUEUE, checkpointNineTenthsMs: 5_000 } }),
      run: (context) => savingFor(() => machine, 4.9, asked)(context),
    });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    machine.metadata.giveNotice(atSecond(121));
    await machine.clock.advance(seconds(112));
    expect(asked.get('a')).toBe(106);
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'ready', checkpoint: { sequence: 1 } });
  });

  it('has what it lost, and how much of the notice it used, told with its hand-back and in the last line', async () => {
    const machine = createMachine({ run: () => new Promise(() => undefined) });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(9));
    machine.metadata.giveNotice(atSecond(130));
    await machine.clock.advance(seconds(120));
    const line = machine.lines.find(({ message }) => message === 'task handed back');
    expect(line?.fields).toMatchObject({
      secondsLost: 120,
      secondsOfNoticeUsed: 110,
      secondsOfNoticeAvailable: 110,
    });
    expect(machine.lines.find(({ message }) => message === 'drained')?.fields).toMatchObject({
      secondsLost: 120,
      secondsOfNoticeUsed: 110,
      secondsOfNoticeAvailable: 110,
    });
  });
});

describe('several tasks on a machine that drains', () => {
  it('are asked to stop one after the other, as long before the end as their checkpoints take', async () => {
    const asked = new Map<string, number>();
    const machine = createMachine({
      settings: { concurrency: 3 },
      item: newItem({ runTimesExpected: { ...LONG_QUEUE, checkpointNineTenthsMs: 10_000 } }),
      run: (context) => savingFor(() => machine, 2, asked)(context),
    });
    for (const id of ['a', 'b', 'c']) await submit(machine.cloud, id);
    machine.start();
    await machine.clock.advance(seconds(1));
    machine.metadata.giveNotice(atSecond(121));
    await machine.clock.advance(seconds(115));
    const stops = [...asked.values()].sort((one, other) => one - other);
    // The first is asked at 81 s. It saves in 2 s, which is what the others are then planned by.
    expect(stops).toEqual([81, 107, 108]);
    for (const id of ['a', 'b', 'c']) {
      expect(rowOf(machine.cloud, id)).toMatchObject({ status: 'ready', checkpoint: { sequence: 1 } });
    }
    expect(machine.record()?.leases).toEqual({});
  });

  it('are each decided about by what is known of them: one is finished, one saves, one is handed back', async () => {
    const machine = createMachine({
      settings: { concurrency: 3 },
      item: newItem({ runTimesExpected: LONG_QUEUE }),
      run: async (context) => {
        if (context.taskId === 'short') context.progress({ secondsLeft: 60 });
        if (context.taskId === 'saving') context.progress({ savesWhenStopped: true });
        if (context.taskId === 'long') context.progress({ savesWhenStopped: false });
        return taskOfSeconds(machine.clock, context.taskId === 'short' ? 60 : 1_000)(context);
      },
    });
    for (const id of ['short', 'saving', 'long']) await submit(machine.cloud, id);
    machine.start();
    await machine.clock.advance(seconds(11));
    machine.metadata.giveNotice(atSecond(131));
    await machine.clock.advance(seconds(9));
    expect(rowOf(machine.cloud, 'long').status).toBe('ready');
    expect(rowOf(machine.cloud, 'saving').status).toBe('running');
    await machine.clock.advance(seconds(50));
    expect(rowOf(machine.cloud, 'short').status).toBe('done');
    await machine.clock.advance(seconds(47));
    expect(rowOf(machine.cloud, 'saving').status).toBe('running');
    await machine.clock.advance(seconds(2));
    expect(rowOf(machine.cloud, 'saving').status).toBe('ready');
  });
});

describe('a checkpoint that cannot be read back', () => {
  const checkpoint = (sequence: number, text: string) => {
    const sha256 = sha256Of(text);
    return { sequence, content: { objectKey: contentKey(sha256), sha256, bytes: Buffer.byteLength(text) } };
  };
  const BEFORE = 'before '.repeat(10);
  const NEWEST = 'newest '.repeat(10);

  const runWith = async (stored: Readonly<Record<string, string>>, isReachable = true) => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    const resumes: (string | undefined)[] = [];
    for (const [text, kept] of Object.entries(stored)) await cloud.blobs.put(contentKey(sha256Of(text)), kept);
    const blobs = isReachable
      ? cloud.blobs
      : {
          ...cloud.blobs,
          get: async () => {
            throw new Error('S3 does not answer');
          },
        };
    const machine = createMachine({
      clock,
      cloud: { ...cloud, blobs },
      run: async (context) => {
        resumes.push(context.resume);
        await context.checkpoint('next');
        return { kind: 'done', result: '1' };
      },
    });
    await submit(cloud, 'a', { checkpoint: checkpoint(4, NEWEST), checkpointBefore: checkpoint(3, BEFORE) });
    machine.start();
    await clock.advance(seconds(20));
    return { resumes, row: rowOf(cloud, 'a'), lines: machine.lines };
  };

  it.each([
    ['is missing', { [BEFORE]: BEFORE }],
    ['was cut', { [BEFORE]: BEFORE, [NEWEST]: NEWEST.slice(1) }],
  ])('when it %s, the one before is gone back to, and later ones count on from it (F54)', async (_name, stored) => {
    const { resumes, row, lines } = await runWith(stored);
    expect(resumes).toEqual([BEFORE]);
    expect(row).toMatchObject({ status: 'done', checkpoint: { sequence: 5 } });
    expect(lines).toContainEqual({
      message: 'checkpoint unreadable, going back to the one before',
      fields: expect.objectContaining({ taskId: 'a', sequence: 4 }),
    });
  });

  it('nor the one before it: the task starts over (F54)', async () => {
    const { resumes, row, lines } = await runWith({});
    expect(resumes).toEqual([undefined]);
    expect(row).toMatchObject({ status: 'done', checkpoint: { sequence: 5 } });
    expect(lines.map(({ message }) => message)).toContain('checkpoint unreadable, starting over');
  });

  it('for want of a store that answers costs no work: the task is handed back with what it has', async () => {
    const { resumes, row } = await runWith({ [BEFORE]: BEFORE, [NEWEST]: NEWEST }, false);
    expect(resumes).toEqual([]);
    expect(row).toMatchObject({ status: 'ready', failures: 0, checkpoint: { sequence: 4 } });
  });
});
