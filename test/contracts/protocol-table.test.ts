import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoTaskLedger } from '../../lib/aws/tasks.ts';
import { instanceId, sessionId, type TaskId, taskId } from '../../lib/fleet/ids.ts';
import type { Checkpoint, TaskRecord } from '../../lib/fleet/task.ts';
import type { TaskOutcome, TaskStep } from '../../lib/fleet/task-protocol.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import type { TaskLedger } from '../../lib/ports/tasks.ts';
import { memoryTaskLedger } from '../../lib/simulator/ports/memory-task-ledger.ts';
import { startDynamo } from './support/embedded-dynamo.ts';
import { content, objectContent, submittedRow } from './support/samples.ts';

/**
 * The protocol of ARCHITECTURE.md, written out a second time by hand: every step on every state of a row. An entry is
 * the status afterwards, `refused` with the condition that was not met, or `already` where a lost reply is recognised.
 * The rows are in attempt 2, owned by machine A in session a, with one failure, and a checkpoint of sequence 5.
 */
const STATES = ['none', 'ready', 'running', 'done', 'dead', 'cancelled'] as const;
type State = (typeof STATES)[number];

// biome-ignore format: a table is read in columns
const TABLE: Readonly<Record<string, readonly [string, string, string, string, string, string]>> = {
  //                                none                  ready                    running                 done                       dead                       cancelled
  'submit the same':              ['ready',              'already',               'already',              'already',                 'already',                 'already'],
  'submit another':               ['ready',              'refused noRow',         'refused noRow',        'refused noRow',           'refused noRow',           'refused noRow'],
  'take by the owner':            ['refused rowMissing', 'running',               'already',              'refused isReady',         'refused isReady',         'refused isReady'],
  'take by its next session':     ['refused rowMissing', 'running',               'refused isReady',      'refused isReady',         'refused isReady',         'refused isReady'],
  'take by another':              ['refused rowMissing', 'running',               'refused isReady',      'refused isReady',         'refused isReady',         'refused isReady'],
  'checkpoint 6':                 ['refused rowMissing', 'ready',                 'running',              'refused notFinished',     'refused notFinished',     'refused notFinished'],
  'checkpoint 5':                 ['refused rowMissing', 'already',               'already',              'already',                 'already',                 'already'],
  'checkpoint 4':                 ['refused rowMissing', 'refused sequenceIsHigher', 'refused sequenceIsHigher', 'refused notFinished', 'refused notFinished', 'refused notFinished'],
  'checkpoint 6 of attempt 1':    ['refused rowMissing', 'refused attemptIsOurs', 'refused attemptIsOurs', 'refused attemptIsOurs',  'refused attemptIsOurs',   'refused attemptIsOurs'],
  'commit':                       ['refused rowMissing', 'done',                  'done',                 'refused isRunningOrReady', 'refused isRunningOrReady', 'refused isRunningOrReady'],
  'commit the stored result':     ['refused rowMissing', 'done',                  'done',                 'already',                 'refused isRunningOrReady', 'refused isRunningOrReady'],
  'commit of attempt 1':          ['refused rowMissing', 'refused attemptIsOurs', 'refused attemptIsOurs', 'refused attemptIsOurs',  'refused attemptIsOurs',   'refused attemptIsOurs'],
  'fail, of 3 allowed':           ['refused rowMissing', 'refused isRunning',     'ready',                'refused isRunning',       'refused isRunning',       'refused isRunning'],
  'fail, of 2 allowed':           ['refused rowMissing', 'refused isRunning',     'dead',                 'refused isRunning',       'refused isRunning',       'refused isRunning'],
  'fail of attempt 1':            ['refused rowMissing', 'refused attemptIsOurs', 'refused attemptIsOurs', 'refused attemptIsOurs',  'refused attemptIsOurs',   'refused attemptIsOurs'],
  'hand back':                    ['refused rowMissing', 'refused ownerIsOurs',   'ready',                'refused isRunning',       'refused isRunning',       'refused isRunning'],
  'hand back of attempt 1':       ['refused rowMissing', 'refused attemptIsOurs', 'refused attemptIsOurs', 'refused attemptIsOurs',  'refused attemptIsOurs',   'refused attemptIsOurs'],
  'hand back by another':         ['refused rowMissing', 'refused ownerIsOurs',   'refused ownerIsOurs',  'refused ownerIsOurs',     'refused ownerIsOurs',     'refused ownerIsOurs'],
  'release':                      ['refused rowMissing', 'refused ownerIsOurs',   'ready',                'refused isRunning',       'refused isRunning',       'refused isRunning'],
  'release of attempt 1':         ['refused rowMissing', 'refused attemptIsOurs', 'refused attemptIsOurs', 'refused attemptIsOurs',  'refused attemptIsOurs',   'refused attemptIsOurs'],
  'release from another':         ['refused rowMissing', 'refused ownerIsOurs',   'refused ownerIsOurs',  'refused ownerIsOurs',     'refused ownerIsOurs',     'refused ownerIsOurs'],
  'check again':                  ['refused rowMissing', 'ready',                 'running',              'refused notFinished',     'refused notFinished',     'refused notFinished'],
  'check again for attempt 1':    ['refused rowMissing', 'refused attemptIsOurs', 'refused attemptIsOurs', 'refused attemptIsOurs',  'refused attemptIsOurs',   'refused attemptIsOurs'],
  'cancel':                       ['refused rowMissing', 'cancelled',             'cancelled',            'refused notFinished',     'refused notFinished',     'already'],
  'retry':                        ['refused rowMissing', 'refused isDead',        'refused isDead',       'refused isDead',          'ready',                   'refused isDead'],
};

const MACHINE_A = instanceId('i-0000000000000000a');
const MACHINE_B = instanceId('i-0000000000000000b');
const SESSION_A = sessionId('a');
const now = epochMs(50_000);

const stepNamed = (name: string, id: TaskId): TaskStep => {
  const attempt = name.endsWith('attempt 1') ? 1 : 2;
  const failing = { step: 'fail', attempt, now, reason: 'exit 1', failuresBefore: 1, retryDelaySeconds: 60 } as const;
  const back = { attempt, owner: /another$/.test(name) ? MACHINE_B : MACHINE_A, now };
  const [verb] = name.split(/[ ,]/);
  switch (verb) {
    case 'submit':
      return { step: 'submit', row: submittedRow(id, name === 'submit another' ? 'other' : 'body') };
    case 'take':
      return {
        step: 'take',
        owner: name === 'take by another' ? MACHINE_B : MACHINE_A,
        session: name === 'take by the owner' ? SESSION_A : sessionId('b'),
        now,
      };
    case 'checkpoint':
      return {
        step: 'checkpoint',
        attempt,
        checkpoint: { sequence: Number(name.split(' ')[1]), content: content('newer') },
      };
    case 'commit':
      return { step: 'commit', attempt, result: content(name.includes('stored') ? 'stored' : 'new'), now };
    case 'fail':
      return { ...failing, failuresMax: name.includes('2 allowed') ? 2 : 3 };
    case 'hand':
      return { step: 'hand-back', ...back, countsAsReclaim: true };
    case 'release':
      return { step: 'release', ...back };
    case 'check':
      return { step: 'check-again', attempt, checkAt: epochMs(90_000) };
    case 'cancel':
      return { step: 'cancel', now };
    case 'retry':
      return { step: 'retry', now };
    default:
      throw new Error(`The table names a step that this test does not know: ${name}`);
  }
};

const rowIn = (state: Exclude<State, 'none'>, id: TaskId): TaskRecord => {
  const { checkAt, ...submitted } = submittedRow(id);
  const tried = {
    ...submitted,
    status: state,
    attempt: 2,
    failures: 1,
    checkpoint: { sequence: 5, content: content('half') },
  };
  const owned = { owner: MACHINE_A, session: SESSION_A, takenAt: epochMs(40_000) };
  if (state === 'ready') return { ...tried, checkAt: checkAt! };
  if (state === 'running') return { ...tried, ...owned, checkAt: checkAt! };
  const finishedAt = epochMs(45_000);
  return { ...tried, ...owned, finishedAt, ...(state === 'done' ? { result: content('stored') } : {}) };
};

const told = (answer: TaskOutcome): string => {
  if (answer.outcome === 'refused') return `refused ${answer.unmet}`;
  return answer.outcome === 'already' ? 'already' : answer.row.status;
};

let table: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  table = await startDynamo();
});
afterAll(() => table.stop());

/** A ledger in which the row stands as a step found it. */
const LEDGERS: Readonly<Record<string, (row: TaskRecord | undefined) => Promise<TaskLedger>>> = {
  memory: async (row) => {
    const ledger = memoryTaskLedger();
    if (row) await ledger.apply(row.taskId, { step: 'submit', row });
    return ledger;
  },
  DynamoDB: async (row) => {
    if (row) await table.client.send(new PutCommand({ TableName: 'tasks', Item: row }));
    return dynamoTaskLedger({ client: table.client, tableName: 'tasks' });
  },
};

describe.each(Object.keys(LEDGERS))('the protocol table, in %s', (where) => {
  test.each(Object.keys(TABLE))('%s', async (name) => {
    const answers: string[] = [];
    for (const state of STATES) {
      const id = taskId(`${where}/${name}/${state}`.replaceAll(' ', '-'));
      const ledger = await LEDGERS[where]!(state === 'none' ? undefined : rowIn(state, id));
      answers.push(told(await ledger.apply(id, stepNamed(name, id))));
    }
    expect(answers).toStrictEqual([...TABLE[name]!]);
  });
});

describe.each(Object.keys(LEDGERS))('what a step leaves in the row, in %s', (where) => {
  const rowAfter = async (state: Exclude<State, 'none'>, name: string): Promise<TaskRecord> => {
    const id = taskId(`${where}/left/${name}/${state}`.replaceAll(' ', '-'));
    const ledger = await LEDGERS[where]!(rowIn(state, id));
    await ledger.apply(id, stepNamed(name, id));
    return (await ledger.get(id))!;
  };

  test('taking raises the attempt, names the owner and is looked at after the silence limit', async () => {
    expect(await rowAfter('ready', 'take by another')).toMatchObject({
      attempt: 3,
      owner: MACHINE_B,
      checkAt: 100_000,
    });
  });

  test('handing back counts a reclaim, no failure, and keeps the attempt and the checkpoint', async () => {
    const row = await rowAfter('running', 'hand back');
    expect(row).toMatchObject({ attempt: 2, failures: 1, reclaims: 1, checkpoint: { sequence: 5 }, checkAt: 350_000 });
    expect(row).not.toHaveProperty('owner');
    expect(row).not.toHaveProperty('session');
    expect(row).not.toHaveProperty('takenAt');
  });

  test('releasing counts a reclaim and is looked at soon, since its message may not have been sent', async () => {
    expect(await rowAfter('running', 'release')).toMatchObject({
      attempt: 2,
      failures: 1,
      reclaims: 1,
      checkAt: 80_000,
    });
  });

  test('failing counts a failure, no reclaim, and leaves time for the delayed message', async () => {
    const row = await rowAfter('running', 'fail, of 3 allowed');
    expect(row).toMatchObject({ attempt: 2, failures: 2, reclaims: 0, reason: 'exit 1', checkAt: 410_000 });
  });

  /** The first checkpoint is in the row; each that follows names the one it replaces, as an agent does. */
  const rowAfterCheckpoints = async (kinds: readonly ('inline' | 'object')[]): Promise<TaskRecord> => {
    const id = taskId(`${where}/checkpoints/${kinds.join('-')}`);
    const ledger = await LEDGERS[where]!(rowIn('running', id));
    let before: Checkpoint = rowIn('running', id).checkpoint!;
    for (const [index, kind] of kinds.entries()) {
      const text = content(`text ${index}`);
      const stored = kind === 'inline' ? text : objectContent(`text ${index}`);
      const checkpoint = { sequence: 6 + index, content: stored, share: 0.25 };
      await ledger.apply(id, { step: 'checkpoint', attempt: 2, checkpoint, before });
      before = checkpoint;
    }
    return (await ledger.get(id))!;
  };

  test('a checkpoint that is an object keeps the one before it to go back to (F54)', async () => {
    const row = await rowAfterCheckpoints(['object']);
    expect(row.checkpoint).toEqual({ sequence: 6, content: objectContent('text 0'), share: 0.25 });
    expect(row.checkpointBefore).toEqual({ sequence: 5, content: content('half') });
    const next = await rowAfterCheckpoints(['object', 'object']);
    expect(next).toMatchObject({ checkpoint: { sequence: 7 }, checkpointBefore: { sequence: 6 } });
  });

  test('a checkpoint in the row needs none to go back to, and removes what there was (F54)', async () => {
    const row = await rowAfterCheckpoints(['object', 'inline']);
    expect(row.checkpoint).toEqual({ sequence: 7, content: content('text 1'), share: 0.25 });
    expect(row).not.toHaveProperty('checkpointBefore');
  });

  test('what a task may go back to stays with it, whoever takes it next', async () => {
    const id = taskId(`${where}/checkpoints/kept`);
    const ledger = await LEDGERS[where]!(rowIn('running', id));
    const checkpoint = { sequence: 6, content: objectContent('large') };
    const before = { sequence: 5, content: content('half') };
    await ledger.apply(id, { step: 'checkpoint', attempt: 2, checkpoint, before });
    await ledger.apply(id, stepNamed('hand back', id));
    const taken = await ledger.apply(id, stepNamed('take by another', id));
    expect(taken).toMatchObject({ outcome: 'done', row: { attempt: 3, checkpoint, checkpointBefore: before } });
  });

  test('an end removes the row from the sweep', async () => {
    for (const name of ['commit', 'fail, of 2 allowed', 'cancel']) {
      const row = await rowAfter('running', name);
      expect(row).toMatchObject({ finishedAt: 50_000 });
      expect(row).not.toHaveProperty('checkAt');
    }
  });

  test('retrying forgets the failures, not the attempts', async () => {
    const row = await rowAfter('dead', 'retry');
    expect(row).toMatchObject({ attempt: 2, failures: 0, checkAt: 350_000 });
    expect(row).not.toHaveProperty('finishedAt');
  });
});
