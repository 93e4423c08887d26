import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoInstanceStore } from '../../lib/aws/instances.ts';
import { dynamoTaskLedger } from '../../lib/aws/tasks.ts';
import { taskId } from '../../lib/fleet/ids.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { startDynamo } from '../contracts/support/embedded-dynamo.ts';
import { instanceOf, launchedRecord, SESSIONS, submittedRow, taskOf } from '../contracts/support/samples.ts';

/**
 * DynamoDB says that a condition did not hold, and the reason is read afterwards. What others write in between must not
 * make a reason of what was none: here somebody writes in exactly that moment.
 */

let table: Awaited<ReturnType<typeof startDynamo>>;
beforeAll(async () => {
  table = await startDynamo();
});
afterAll(() => table.stop());

const NOW = epochMs(9_000);
const [OURS, THEIRS] = SESSIONS;

const instancesOf = (client: DynamoDBDocumentClient) =>
  dynamoInstanceStore({ client, tableName: 'instances', account: '111122223333', region: 'eu-west-1' });

const ledgerOf = (client: DynamoDBDocumentClient) => dynamoTaskLedger({ client, tableName: 'tasks' });

/** The same client, but each refused write is followed at once by what somebody else does. */
const meddled = (meddle: () => Promise<unknown>): DynamoDBDocumentClient => {
  const send = async (command: never): Promise<unknown> => {
    try {
      return await table.client.send(command);
    } catch (error) {
      await meddle();
      throw error;
    }
  };
  return { send } as unknown as DynamoDBDocumentClient;
};

describe('an agent that opens its session', () => {
  test('before its item is written, which comes while the reason is read, has the machine', async () => {
    const record = launchedRecord(1, 0);
    const store = instancesOf(meddled(() => instancesOf(table.client).create(record)));
    const outcome = await store.openSession(record.instanceId, OURS, NOW, '1.0.0');
    expect(outcome).toMatchObject({ outcome: 'done', record: { session: OURS, heartbeatAt: NOW } });
  });

  test('when another one comes first meanwhile, is told so', async () => {
    const record = launchedRecord(2, 0);
    const direct = instancesOf(table.client);
    const store = instancesOf(
      meddled(async () => {
        await direct.create(record);
        await direct.openSession(record.instanceId, THEIRS, NOW, '1.0.0');
      }),
    );
    const outcome = await store.openSession(record.instanceId, OURS, NOW, '1.0.0');
    expect(outcome).toMatchObject({ outcome: 'refused', because: 'other-session', record: { session: THEIRS } });
  });
});

describe('an agent that holds a task', () => {
  const hold = (run: number) => ({
    instanceId: instanceOf(run, 0),
    session: OURS,
    holds: [{ taskId: taskId('one'), attempt: 1 }],
  });
  const leave = (run: number) =>
    ({ kind: 'leave', instanceId: instanceOf(run, 0), at: NOW, reason: 'replaced' }) as never;

  /** A machine with a session, which is to leave. */
  const leaving = async (run: number) => {
    const direct = instancesOf(table.client);
    const record = launchedRecord(run, 0);
    await direct.create(record);
    await direct.openSession(record.instanceId, OURS, NOW, '1.0.0');
    await direct.recordSignal(leave(run), false, NOW);
    return direct;
  };

  test('on a machine that is called back while the reason is read, holds it', async () => {
    const direct = await leaving(3);
    const store = instancesOf(meddled(() => direct.withdraw(instanceOf(3, 0), 'leave')));
    const outcome = await store.changeLeases(hold(3), NOW);
    expect(outcome).toMatchObject({ outcome: 'done', record: { leases: { one: 1 } } });
  });

  test('is refused for as long as the machine leaves', async () => {
    const direct = await leaving(4);
    const outcome = await direct.changeLeases(hold(4), NOW);
    expect(outcome).toMatchObject({ outcome: 'refused', because: 'leaving' });
  });
});

describe('an agent that takes a task', () => {
  const take = { step: 'take', owner: instanceOf(5, 0), session: OURS, now: NOW } as const;

  /** A task that another machine runs. */
  const takenByAnother = async (run: number) => {
    const id = taskOf(run, 0);
    const other = instanceOf(run, 1);
    const direct = ledgerOf(table.client);
    await direct.apply(id, { step: 'submit', row: submittedRow(id) });
    const takeAgain = () => direct.apply(id, { step: 'take', owner: other, session: THEIRS, now: NOW });
    await takeAgain();
    const handBack = (attempt: number) =>
      direct.apply(id, { step: 'hand-back', attempt, owner: other, now: NOW, countsAsReclaim: false });
    return { id, takeAgain, handBack };
  };

  test('whose row is written while the reason is read, has it', async () => {
    const id = taskOf(5, 0);
    const direct = ledgerOf(table.client);
    const client = meddled(() => direct.apply(id, { step: 'submit', row: submittedRow(id) }));
    const outcome = await ledgerOf(client).apply(id, take);
    expect(outcome).toMatchObject({ outcome: 'done', row: { status: 'running', attempt: 1, session: OURS } });
  });

  test('that another hands back while the reason is read, has it', async () => {
    const { id, handBack } = await takenByAnother(6);
    const outcome = await ledgerOf(meddled(() => handBack(1))).apply(id, take);
    expect(outcome).toMatchObject({ outcome: 'done', row: { status: 'running', attempt: 2, session: OURS } });
  });

  test('that changes hands at every look, gives up with an error rather than with a wrong reason', async () => {
    const { id, takeAgain, handBack } = await takenByAnother(7);
    let refusals = 0;
    const client = meddled(() => {
      refusals += 1;
      return handBack(refusals);
    });
    const send = async (command: { readonly constructor: { readonly name: string } }): Promise<unknown> => {
      if (command.constructor.name === 'UpdateCommand' && refusals > 0) await takeAgain();
      return client.send(command as never);
    };
    await expect(ledgerOf({ send } as unknown as DynamoDBDocumentClient).apply(id, take)).rejects.toThrow(
      'refused although nothing stands against it',
    );
  });
});
