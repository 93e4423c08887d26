import { describe, expect, it } from 'vitest';
import type { RunnerContext, RunnerOutcome } from '../../lib/agent/runner.ts';
import { type SessionId, taskId } from '../../lib/fleet/ids.ts';
import type { TaskStep } from '../../lib/fleet/task-protocol.ts';
import { StaleAttempt } from '../../lib/worker/errors.ts';
import { sha256Of } from '../../lib/workflows/content.ts';
import { START } from '../support/records.ts';
import { type Cloud, createMachine, newItem, rowOf, seconds, submit } from './support/machine.ts';

const OTHER = newItem({ instanceId: 'i-0123456789abcdef0' as never });
const LARGE = (text: string): string => text.padEnd(40_000, '.');

/** Every step that is asked of the ledger, in its order. */
const watchSteps = ({ tasks }: Cloud): TaskStep[] => {
  const steps: TaskStep[] = [];
  const { apply } = tasks;
  tasks.apply = async (id, step) => {
    steps.push(step);
    return apply(id, step);
  };
  return steps;
};

const runOne = async (run: (context: RunnerContext) => Promise<RunnerOutcome>, forSeconds = 2) => {
  const machine = createMachine({ run });
  const steps = watchSteps(machine.cloud);
  await submit(machine.cloud, 'a');
  machine.start();
  await machine.clock.advance(seconds(forSeconds));
  return { machine, steps, row: () => rowOf(machine.cloud, 'a') };
};

describe('a failure', () => {
  it('that is final makes the task dead at once, with its reason', async () => {
    const { machine, row } = await runOne(async () => ({ kind: 'failed', reason: 'no such field', isFinal: true }));
    expect(row()).toMatchObject({ status: 'dead', attempt: 1, failures: 1, reason: 'no such field' });
    expect(machine.cloud.deadLetters.sent).toEqual([{ taskId: 'a', reason: 'no such field' }]);
    expect(machine.cloud.queue.size()).toBe(0);
  });

  it('is tried again as often and after as long as its task says, instead of its fleet', async () => {
    const own = { kind: 'failed', reason: 'bad', failuresMax: 2, retryDelaySeconds: 100 } as const;
    const { machine, row } = await runOne(async () => own, 99);
    expect(row()).toMatchObject({ status: 'ready', attempt: 1, failures: 1 });
    await machine.clock.advance(seconds(3));
    expect(row()).toMatchObject({ status: 'dead', attempt: 2, failures: 2 });
  });
});

describe('checkpoints', () => {
  it('name the one they replace where they are objects, and only there (F54)', async () => {
    const { steps, row } = await runOne(async ({ checkpoint }) => {
      for (const text of [LARGE('1'), LARGE('2'), '3', LARGE('4')]) await checkpoint(text);
      return { kind: 'hand-back', reason: 'enough' };
    });
    const told = steps.flatMap((step) => (step.step === 'checkpoint' ? [step] : []));
    expect(told.map(({ before }) => before?.sequence)).toEqual([undefined, 1, undefined, 3]);
    expect(row()).toMatchObject({ checkpoint: { sequence: 4 }, checkpointBefore: { sequence: 3 } });
  });

  it('that keep the same as the one before name the last that is another object (F54)', async () => {
    const { steps, row } = await runOne(async ({ checkpoint }) => {
      for (const text of [LARGE('1'), LARGE('2'), LARGE('2'), LARGE('2'), LARGE('3')]) await checkpoint(text);
      return { kind: 'hand-back', reason: 'enough' };
    });
    const told = steps.flatMap((step) => (step.step === 'checkpoint' ? [step] : []));
    expect(told.map(({ before }) => before?.sequence)).toEqual([undefined, 1, 1, 1, 4]);
    expect(row()).toMatchObject({ checkpoint: { sequence: 5 }, checkpointBefore: { sequence: 4 } });
  });

  it('that keep the same as the run before name what that run had named (F54)', async () => {
    const machine = createMachine({
      run: async ({ checkpoint, resume }) => {
        await checkpoint(resume!);
        return { kind: 'hand-back', reason: 'enough' };
      },
    });
    const text = LARGE('same');
    const sha256 = sha256Of(text);
    await machine.cloud.blobs.put(`content/${sha256}`, text);
    const good = { sequence: 7, content: { inline: 'good', sha256: sha256Of('good') } };
    await submit(machine.cloud, 'a', {
      checkpoint: { sequence: 8, content: { objectKey: `content/${sha256}`, sha256, bytes: text.length } },
      checkpointBefore: good,
    });
    machine.start();
    await machine.clock.advance(seconds(10));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ checkpoint: { sequence: 9 }, checkpointBefore: good });
  });

  it('go on counting above one that could not be read, and name the one that could (F54)', async () => {
    const machine = createMachine({
      run: async ({ checkpoint, resume }) => {
        await checkpoint(LARGE(`after ${resume}`));
        return { kind: 'hand-back', reason: 'enough' };
      },
    });
    const good = { sequence: 7, content: { inline: 'good', sha256: sha256Of('good') } };
    await submit(machine.cloud, 'a', {
      checkpoint: { sequence: 8, content: { objectKey: 'content/gone', sha256: 'gone', bytes: 40_000 } },
      checkpointBefore: good,
    });
    machine.start();
    await machine.clock.advance(seconds(10));
    const row = rowOf(machine.cloud, 'a');
    expect(row).toMatchObject({ checkpoint: { sequence: 9 }, checkpointBefore: good });
    expect(row.checkpoint?.content.sha256).toBe(sha256Of(LARGE('after good')));
  });

  it('asked for at the same time are written one after the other, and none is refused for another’s sake', async () => {
    const { row, machine } = await runOne(async ({ checkpoint }) => {
      await Promise.all(['1', '2', '3'].map((text) => checkpoint(text)));
      return { kind: 'done', result: 'ok' };
    });
    expect(row()).toMatchObject({ status: 'done', checkpoint: { sequence: 3, content: { inline: '3' } } });
    expect(machine.lines.map(({ message }) => message)).not.toContain('fenced off');
  });

  it('store the share that the task told last', async () => {
    const { row } = await runOne(async ({ checkpoint, progress }) => {
      progress({ share: 0.2 });
      progress({ share: 0.4, secondsLeft: 9 });
      await checkpoint('x');
      return { kind: 'hand-back', reason: 'enough' };
    });
    expect(row().checkpoint).toMatchObject({ sequence: 1, share: 0.4 });
  });
});

describe('a commit in the middle of a run', () => {
  it('is the result, whatever the run ends with; doing it again is doing it once', async () => {
    const { machine, row } = await runOne(async ({ commit }) => {
      await commit('first');
      await commit('first');
      return { kind: 'failed', reason: 'while tidying up' };
    });
    expect(row()).toMatchObject({ status: 'done', attempt: 1, failures: 0, result: { inline: 'first' } });
    expect(machine.cloud.queue.size()).toBe(0);
  });

  it('is refused with another result, and the first stands', async () => {
    let thrown: unknown;
    const { row } = await runOne(async ({ commit }) => {
      await commit('first');
      await commit('second').catch((error: unknown) => {
        thrown = error;
      });
      return { kind: 'done', result: 'third' };
    });
    expect(thrown).toBeInstanceOf(StaleAttempt);
    expect(row()).toMatchObject({ status: 'done', result: { inline: 'first' } });
  });

  it('leaves the task free to go on and keep its state', async () => {
    const end: string[] = [];
    const { machine, row } = await runOne(async ({ commit, checkpoint }) => {
      await commit('first');
      await Promise.resolve();
      await checkpoint('while tidying up');
      end.push('tidied up');
      return { kind: 'done', result: 'ignored' };
    });
    expect(end).toEqual(['tidied up']);
    expect(row()).toMatchObject({ status: 'done', result: { inline: 'first' } });
    expect(machine.lines.map(({ message }) => message)).not.toContain('fenced off');
  });

  it('of an attempt that is over throws, and changes nothing', async () => {
    let thrown: unknown;
    const givenAway = Promise.withResolvers<void>();
    const { machine, row } = await runOne(async ({ commit }) => {
      await givenAway.promise;
      await commit('late').catch((error: unknown) => {
        thrown = error;
      });
      return { kind: 'done', result: 'late' };
    });
    const release = { step: 'release', attempt: 1, owner: row().owner!, now: START } as const;
    await machine.cloud.tasks.apply(taskId('a'), release);
    const take = { step: 'take', owner: OTHER.instanceId, session: 'other' as SessionId, now: START } as const;
    await machine.cloud.tasks.apply(taskId('a'), take);
    givenAway.resolve();
    await machine.clock.advance(seconds(1));
    expect(thrown).toBeInstanceOf(StaleAttempt);
    expect(row()).toMatchObject({ status: 'running', attempt: 2, owner: OTHER.instanceId });
  });
});

describe('a ledger that is out of reach when a task ends', () => {
  const cutLedger = (cloud: Cloud): (() => void) => {
    const { apply } = cloud.tasks;
    cloud.tasks.apply = async () => {
      throw new Error('no route to the table');
    };
    return () => {
      cloud.tasks.apply = apply;
    };
  };

  it('for half a minute costs nothing of its work: the result is tried again until it stands (F58)', async () => {
    const machine = createMachine();
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(500);
    const mend = cutLedger(machine.cloud);
    await machine.clock.advance(seconds(30));
    mend();
    await machine.clock.advance(seconds(25));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1 });
  });

  it('is not the failure of a task whose early commit it refused, although a checkpoint goes through after that', async () => {
    const machine = createMachine({
      run: async (context) => {
        await machine.clock.sleep(seconds(1));
        const committed = context.commit('"early"').catch((error: unknown) => error);
        await machine.clock.sleep(seconds(200));
        mend();
        await context.checkpoint('kept');
        return { kind: 'failed', reason: String(await committed) };
      },
    });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(500);
    const mend = cutLedger(machine.cloud);
    await machine.clock.advance(seconds(210));
    expect(rowOf(machine.cloud, 'a').failures).toBe(0);
  });

  it('for longer loses the result and not the task: its lease is given up, and the sweep finds it (F58)', async () => {
    const machine = createMachine();
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(500);
    const mend = cutLedger(machine.cloud);
    await machine.clock.advance(seconds(120));
    mend();
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'running', attempt: 1 });
    expect(machine.record()?.leases).toEqual({});
  });
});

describe('a machine that stood still while its task ended', () => {
  it('reads the row before it stores a large result (F57)', async () => {
    const { promise: paused, resolve: goOn } = Promise.withResolvers<void>();
    const machine = createMachine({
      run: async () => {
        await paused;
        return { kind: 'done', result: LARGE('late') };
      },
    });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    const row = rowOf(machine.cloud, 'a');
    await machine.cloud.tasks.apply(taskId('a'), { step: 'release', attempt: 1, owner: row.owner!, now: START });
    const take = { step: 'take', owner: OTHER.instanceId, session: 'other' as SessionId, now: START } as const;
    await machine.cloud.tasks.apply(taskId('a'), take);
    const puts: string[] = [];
    const { put } = machine.cloud.blobs;
    machine.cloud.blobs.put = async (key, text) => {
      puts.push(key);
      return put(key, text);
    };
    const { now } = machine.clock;
    machine.clock.now = () => (now() + seconds(300)) as never;
    goOn();
    await machine.clock.advance(0);
    expect(puts).toEqual([]);
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'running', attempt: 2 });
  });
});
