import { describe, expect, it } from 'vitest';
import type { RunnerContext } from '../../lib/agent/runner.ts';
import { FENCED_OFF } from '../../lib/agent/settle.ts';
import { type SessionId, taskId } from '../../lib/fleet/ids.ts';
import { StaleAttempt } from '../../lib/worker/errors.ts';
import { contentKey, sha256Of } from '../../lib/workflows/content.ts';
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

const OTHER = newItem({ instanceId: 'i-0123456789abcdef0' as never });

/** The control plane calls the owner silent and takes the task from it. */
const release = async ({ tasks }: Cloud, id: string): Promise<void> => {
  const row = rowOf({ tasks } as Cloud, id);
  const step = { step: 'release', attempt: row.attempt, owner: row.owner!, now: START } as const;
  expect((await tasks.apply(taskId(id), step)).outcome).toBe('done');
};

const takeElsewhere = async ({ tasks }: Cloud, id: string): Promise<void> => {
  const take = { step: 'take', owner: OTHER.instanceId, session: 'other' as SessionId, now: START } as const;
  expect((await tasks.apply(taskId(id), take)).outcome).toBe('done');
};

const fencedLines = (machine: ReturnType<typeof createMachine>) =>
  machine.lines.filter((line) => line.message === FENCED_OFF);

describe('a worker whose task was given away', () => {
  it('that finishes after somebody else took it is refused, counted, and loses its result (F50, F51)', async () => {
    const machine = createMachine({ run: (context) => taskOfSeconds(machine.clock, 20)(context) });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    await release(machine.cloud, 'a');
    await takeElsewhere(machine.cloud, 'a');
    await machine.clock.advance(seconds(20));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'running', attempt: 2, owner: OTHER.instanceId });
    expect(rowOf(machine.cloud, 'a').result).toBeUndefined();
    expect(fencedLines(machine)).toEqual([
      {
        message: 'fenced off',
        fields: { taskId: 'a', attempt: 1, what: 'commit', attemptNow: 2, statusNow: 'running' },
      },
    ]);
    expect(machine.record()?.leases).toEqual({ a: 1 });
    await machine.clock.advance(seconds(25));
    expect(machine.record()?.leases).toEqual({});
  });

  it('that finishes before anybody took it still wins', async () => {
    const machine = createMachine({ run: (context) => taskOfSeconds(machine.clock, 20)(context) });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    await release(machine.cloud, 'a');
    await machine.clock.advance(seconds(20));
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'done', attempt: 1, reclaims: 1 });
    expect(fencedLines(machine)).toEqual([]);
  });

  it('is stopped by a refused checkpoint, which throws StaleAttempt (F52)', async () => {
    let thrown: unknown;
    const run = async (context: RunnerContext) => {
      await machine.clock.sleep(seconds(20));
      await context.checkpoint('late').catch((error: unknown) => {
        thrown = error;
      });
      return new Promise<never>(() => undefined);
    };
    const machine = createMachine({ run });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    await release(machine.cloud, 'a');
    await takeElsewhere(machine.cloud, 'a');
    await machine.clock.advance(seconds(20));
    expect(thrown).toBeInstanceOf(StaleAttempt);
    expect(rowOf(machine.cloud, 'a').checkpoint).toBeUndefined();
    expect(fencedLines(machine)).toHaveLength(1);
    expect(machine.record()?.leases).toEqual({ a: 1 });
  });

  it('does not count its failure against the task', async () => {
    const run = async () => {
      await machine.clock.sleep(seconds(20));
      return { kind: 'failed', reason: 'too late' } as const;
    };
    const machine = createMachine({ run });
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(1));
    await release(machine.cloud, 'a');
    await takeElsewhere(machine.cloud, 'a');
    await machine.clock.advance(seconds(20));
    expect(rowOf(machine.cloud, 'a').failures).toBe(0);
  });

  it('that stood still between taking a task and running it does not begin it when it was given away (F57)', async () => {
    let begun = 0;
    const machine = createMachine({
      run: async () => {
        begun += 1;
        return { kind: 'done', result: '"late"' };
      },
    });
    const { instances, tasks } = machine.cloud;
    const { changeLeases } = instances;
    const { now } = machine.clock;
    instances.changeLeases = async (change, at) => {
      if (change.holds?.length && begun === 0) {
        const { owner } = rowOf(machine.cloud, 'a');
        await tasks.apply(taskId('a'), { step: 'release', attempt: 1, owner: owner!, now: at });
        const other = { owner: 'i-0123456789abcdef0' as never, session: 'other' as never };
        await tasks.apply(taskId('a'), { step: 'take', ...other, now: at });
        machine.clock.now = () => (now() + seconds(120)) as never;
      }
      return changeLeases(change, at);
    };
    await submit(machine.cloud, 'a');
    machine.start();
    await machine.clock.advance(seconds(2));
    expect(begun).toBe(0);
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'running', attempt: 2, owner: 'i-0123456789abcdef0' });
  });

  it('that stood still while its checkpoint was fetched does not begin it when it was given away (F57)', async () => {
    let begun = 0;
    const clock = manualClock(START);
    const { now } = clock;
    const cloud = createCloud(clock);
    const get: typeof cloud.blobs.get = async (key) => {
      await release(machine.cloud, 'a');
      await takeElsewhere(machine.cloud, 'a');
      clock.now = () => (now() + seconds(120)) as never;
      return cloud.blobs.get(key);
    };
    const machine = createMachine({
      clock,
      cloud: { ...cloud, blobs: { ...cloud.blobs, get } },
      run: async () => {
        begun += 1;
        return { kind: 'done', result: '"late"' };
      },
    });
    const text = 'kept long ago';
    const content = { objectKey: contentKey(sha256Of(text)), sha256: sha256Of(text), bytes: text.length };
    await cloud.blobs.put(content.objectKey, text);
    await submit(machine.cloud, 'a', { checkpoint: { sequence: 1, content } });
    machine.start();
    await machine.clock.advance(seconds(2));
    expect(begun).toBe(0);
    expect(rowOf(machine.cloud, 'a')).toMatchObject({ status: 'running', attempt: 2, owner: OTHER.instanceId });
  });

  it('that stood still for minutes reads its row before the next outside effect (F57)', async () => {
    const clock = manualClock(START);
    const cloud = createCloud(clock);
    const calls: string[] = [];
    let goOn: () => void = () => undefined;
    const paused = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const run = async (context: RunnerContext) => {
      await paused;
      await context.checkpoint('x'.repeat(40_000));
      return { kind: 'done', result: 'never' } as const;
    };
    const machine = createMachine({ clock, cloud, run });
    await submit(cloud, 'a');
    machine.start();
    await clock.advance(seconds(1));
    await release(cloud, 'a');
    await takeElsewhere(cloud, 'a');
    const { get } = cloud.tasks;
    cloud.tasks.get = async (id) => {
      calls.push('get');
      return get(id);
    };
    const { put } = cloud.blobs;
    cloud.blobs.put = async (key, content) => {
      calls.push('put');
      return put(key, content);
    };
    // Suspended: time passes and nothing of this process runs, its heartbeat included.
    const { now } = clock;
    clock.now = () => (now() + 300_000) as never;
    goOn();
    await clock.advance(0);
    expect(calls[0]).toBe('get');
    expect(calls).not.toContain('put');
    expect(rowOf(cloud, 'a')).toMatchObject({ status: 'running', attempt: 2 });
  });
});
