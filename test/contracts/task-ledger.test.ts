import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoTaskLedger } from '../../lib/aws/tasks.ts';
import { fleetName, instanceId, sessionId, taskId } from '../../lib/fleet/ids.ts';
import type { TaskStep } from '../../lib/fleet/task-protocol.ts';
import { type EpochMs, epochMs } from '../../lib/fleet/time.ts';
import { UnknownForm } from '../../lib/fleet/unknown-form.ts';
import type { TaskLedger } from '../../lib/ports/tasks.ts';
import { memoryTaskLedger } from '../../lib/simulator/ports/memory-task-ledger.ts';
import { startDynamo } from './support/embedded-dynamo.ts';
import { instants, MANY_SEQUENCES_MS, submittedRow, taskOf } from './support/samples.ts';
import { beginning, type DrawnStep, stepsOf } from './support/task-steps.ts';

let table: Awaited<ReturnType<typeof startDynamo>>;
let stored: TaskLedger;
beforeAll(async () => {
  table = await startDynamo();
  stored = dynamoTaskLedger({ client: table.client, tableName: 'tasks' });
});
afterAll(() => table.stop());

/** `again` is the step before, sent once more by somebody whose reply was lost. */
const sequences = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(0, 0, 1).chain(stepsOf) },
    { weight: 2, arbitrary: fc.constant('again' as const) },
  ),
  { minLength: 6, maxLength: 18 },
);

describe('the task ledger in memory and the one in DynamoDB', () => {
  test('answer every step alike, and end with the same rows and the same rows due', {
    timeout: MANY_SEQUENCES_MS,
  }, async () => {
    const seen = new Set<string>();
    let run = 0;
    const oneRun = async (sequence: readonly (DrawnStep | 'again')[], now: EpochMs): Promise<void> => {
      run += 1;
      const memory = memoryTaskLedger();
      let sent = { id: taskOf(run, 0), step: { step: 'submit', row: submittedRow(taskOf(run, 0)) } as TaskStep };
      for (const drawn of [...beginning, ...sequence]) {
        const id = drawn === 'again' ? sent.id : taskOf(run, drawn.task);
        const step = drawn === 'again' ? sent.step : drawn.of(run, await memory.get(id));
        sent = { id, step };
        const expected = await memory.apply(id, step);
        expect(await stored.apply(id, step)).toStrictEqual(expected);
        seen.add(`${step.step} ${expected.outcome}`);
      }
      for (const task of [0, 1]) {
        expect(await stored.get(taskOf(run, task))).toStrictEqual(await memory.get(taskOf(run, task)));
      }
      const due = await stored.due(now, 10_000);
      const ofRun = (ids: readonly string[]) => ids.filter((id) => id.startsWith(`run-${run}/`));
      expect(ofRun(due)).toStrictEqual(await memory.due(now, 10_000));
      expect(ofRun(await stored.dueLater(now, 10_000))).toStrictEqual(await memory.dueLater(now, 10_000));
    };
    await fc.assert(fc.asyncProperty(sequences, instants, oneRun), { numRuns: 100 });
    // A suite in which some step never succeeds would say nothing about it.
    const steps = ['submit', 'take', 'checkpoint', 'commit', 'fail', 'hand-back', 'release', 'check-again', 'cancel'];
    for (const step of [...steps, 'retry']) expect(seen).toContain(`${step} done`);
    for (const step of [...steps, 'retry']) expect(seen).toContain(`${step} refused`);
    for (const step of ['submit', 'take', 'checkpoint', 'fail']) expect(seen).toContain(`${step} already`);
  });

  test('give each part of the sweep’s index the same limit, earliest first', async () => {
    const memory = memoryTaskLedger();
    for (let number = 0; number < 40; number += 1) {
      const row = { ...submittedRow(taskId(`limit/${number}`)), checkAt: epochMs(10 + ((number * 7) % 40)) };
      await memory.apply(row.taskId, { step: 'submit', row });
      await stored.apply(row.taskId, { step: 'submit', row });
    }
    for (const limit of [1, 2, 5]) {
      const expected = await memory.due(epochMs(500), limit);
      expect(await stored.due(epochMs(500), limit)).toStrictEqual(expected);
      expect(expected.length).toBeLessThanOrEqual(8 * limit);
    }
    // Every third row is another fleet's, which is passed over as if it were not there.
    for (let number = 0; number < 40; number += 3) {
      const row = {
        ...submittedRow(taskId(`limit/other-${number}`)),
        fleet: fleetName('watched'),
        checkAt: epochMs(10),
      };
      await memory.apply(row.taskId, { step: 'submit', row });
      await stored.apply(row.taskId, { step: 'submit', row });
    }
    const watched = new Set([fleetName('watched')]);
    for (const limit of [1, 2, 5]) {
      const expected = await memory.due(epochMs(500), limit, watched);
      expect(expected.filter((id) => id.startsWith('limit/other'))).toEqual([]);
      expect(expected.length).toBeGreaterThan(0);
      expect(await stored.due(epochMs(500), limit, watched)).toStrictEqual(expected);
    }
    // Due from its very instant on.
    expect((await memory.due(epochMs(10), 100)).length).toBeGreaterThan(0);
    expect(await stored.due(epochMs(10), 100)).toStrictEqual(await memory.due(epochMs(10), 100));
    // Not yet due: the instant before the first.
    expect(await stored.due(epochMs(9), 100)).toStrictEqual([]);
    const later = await memory.dueLater(epochMs(20), 5);
    const storedLater = await stored.dueLater(epochMs(20), 5);
    expect(storedLater.filter((id) => id.startsWith('limit/'))).toStrictEqual(later);
    expect(await memory.dueLater(epochMs(49), 5)).toStrictEqual([]);
  });
});

describe('the oldest unfinished row of a fleet', () => {
  const fleet = fleetName('aged');
  const submit = async (ledger: TaskLedger, name: string, submittedAt: number, of = fleet): Promise<void> => {
    const id = taskId(`aged/${name}`);
    const row = { ...submittedRow(id), fleet: of, submittedAt: epochMs(submittedAt) };
    await ledger.apply(id, { step: 'submit', row });
  };

  test('is found in memory and in DynamoDB alike, whatever its status, from a time on, and not among others’', async () => {
    const memory = memoryTaskLedger();
    for (const ledger of [memory, stored]) {
      const oldest = (since = 0) => ledger.oldestUnfinished(fleet, epochMs(since));
      expect(await oldest()).toBeUndefined();
      await submit(ledger, 'other', 10, fleetName('older'));
      await submit(ledger, 'b', 300);
      await submit(ledger, 'a', 200);
      await submit(ledger, 'c', 250);
      expect(await oldest()).toBe(200);
      expect([await oldest(201), await oldest(251), await oldest(301)]).toEqual([250, 300, undefined]);
      const id = taskId('aged/a');
      const owner = { owner: instanceId('i-0000000000000000a'), session: sessionId('s') };
      await ledger.apply(id, { step: 'take', ...owner, now: epochMs(400) });
      expect(await oldest()).toBe(200);
      await ledger.apply(id, { step: 'cancel', now: epochMs(500) });
      expect(await oldest()).toBe(250);
    }
  });

  test('is never said to be younger than it is, however many older rows others have', async () => {
    const others = Array.from({ length: 60 }, (_, number) => number);
    for (const number of others) await submit(stored, `many/${number}`, 1_000 + number, fleetName('busy'));
    await submit(stored, 'late', 5_000, fleetName('quiet'));
    expect(await stored.oldestUnfinished(fleetName('quiet'), epochMs(1_000))).toBe(5_000);
    expect(await stored.oldestUnfinished(fleetName('nobody'), epochMs(1_000))).toBeUndefined();
  });
});

describe('rows that ended', () => {
  const DAY = 86_400_000;
  const fleet = fleetName('counted');
  const end = async (ledger: TaskLedger, name: string, at: number, dead: boolean): Promise<void> => {
    const id = taskId(`ended/${name}`);
    const row = { ...submittedRow(id), fleet };
    await ledger.apply(id, { step: 'submit', row });
    await ledger.apply(id, {
      step: 'take',
      owner: instanceId('i-0000000000000000a'),
      session: sessionId('s'),
      now: epochMs(at - 2),
    });
    const failing = { step: 'fail', attempt: 1, reason: 'r', failuresMax: 1, retryDelaySeconds: 0, failuresBefore: 0 };
    if (dead) await ledger.apply(id, { ...failing, now: epochMs(at) } as TaskStep);
    else await ledger.apply(id, { step: 'commit', attempt: 1, result: row.body, now: epochMs(at) });
  };

  test('are counted in half-open intervals across days, in memory and in DynamoDB alike', async () => {
    const memory = memoryTaskLedger();
    for (const ledger of [memory, stored]) {
      await end(ledger, 'a', 10 * DAY, false);
      await end(ledger, 'b', 11 * DAY - 1, true);
      await end(ledger, 'c', 11 * DAY, false);
      await end(ledger, 'd', 12 * DAY + 5, false);
      const counts = (from: number, to: number) => ledger.countEnded(fleet, epochMs(from), epochMs(to));
      expect(await counts(10 * DAY, 11 * DAY)).toEqual({ done: 1, dead: 1, reclaims: 0, redoneMs: 0 });
      expect(await counts(10 * DAY, 12 * DAY + 5)).toEqual({ done: 2, dead: 1, reclaims: 0, redoneMs: 0 });
      expect(await counts(10 * DAY + 1, 12 * DAY + 6)).toEqual({ done: 2, dead: 1, reclaims: 0, redoneMs: 0 });
      expect(await ledger.countEnded(fleetName('other'), epochMs(0), epochMs(20 * DAY))).toMatchObject({ done: 0 });
    }
  });

  test('are listed no more, and no more deleted some day, once an operator made them ready again', async () => {
    const id = taskId('ended/b');
    const attributes = async (): Promise<readonly string[]> => {
      const { Item = {} } = await table.client.send(new GetCommand({ TableName: 'tasks', Key: { taskId: id } }));
      return Object.keys(Item);
    };
    expect(await attributes()).toContain('expiresAt');
    await stored.apply(id, { step: 'retry', now: epochMs(20 * DAY) });
    expect(await attributes()).not.toContain('expiresAt');
    expect(await stored.countEnded(fleet, epochMs(0), epochMs(30 * DAY))).toMatchObject({ done: 3, dead: 0 });
  });
});

describe('a row that another version wrote', () => {
  test('is neither read, changed nor overwritten', async () => {
    const id = taskId('from-the-future');
    const future = { taskId: id, form: 2, status: 'ready', attempt: 0, body: { sha256: 'digest-of-body' } };
    await table.client.send(new PutCommand({ TableName: 'tasks', Item: future }));
    await expect(stored.get(id)).rejects.toThrow(UnknownForm);
    await expect(stored.apply(id, { step: 'cancel', now: epochMs(1) })).rejects.toThrow(UnknownForm);
    await expect(stored.apply(id, { step: 'submit', row: submittedRow(id) })).rejects.toThrow(/has the form 2/);
    const kept = await table.client.send(new GetCommand({ TableName: 'tasks', Key: { taskId: id } }));
    expect(kept.Item).toEqual(future);
  });
});
