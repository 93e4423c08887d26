import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoInstanceStore } from '../../lib/aws/instances.ts';
import { dynamoTaskLedger } from '../../lib/aws/tasks.ts';
import { ec2FleetId, intentId, taskId } from '../../lib/fleet/ids.ts';
import type { InstanceRecord } from '../../lib/fleet/instance.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { startDynamo } from '../contracts/support/embedded-dynamo.ts';
import { FLEET, instanceOf, SESSIONS, submittedRow, taskOf } from '../contracts/support/samples.ts';

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

const recordOf = (run: number): InstanceRecord => ({
  form: 1,
  instanceId: instanceOf(run, 0),
  fleet: FLEET,
  intentId: intentId('intent-1'),
  ec2FleetId: ec2FleetId('fleet-1'),
  pool: { instanceType: 'c7g.large', zone: 'eu-west-1a', purchase: 'spot' },
  launchedAt: epochMs(500),
  leases: {},
  signals: {},
});

const instancesOf = (client: DynamoDBDocumentClient) =>
  dynamoInstanceStore({ client, tableName: 'instances', account: '111122223333', region: 'eu-west-1' });

/** The same client, but each refused write is followed at once by what somebody else does. */
const meddled = (meddle: (refusals: number) => Promise<unknown>): DynamoDBDocumentClient => {
  let refusals = 0;
  const send = async (command: never): Promise<unknown> => {
    try {
      return await table.client.send(command);
    } catch (error) {
      refusals += 1;
      await meddle(refusals);
      throw error;
    }
  };
  return { send } as unknown as DynamoDBDocumentClient;
};

describe('an agent that opens its session', () => {
  test('before its item is written, which comes while the reason is read, has the machine', async () => {
    const record = recordOf(1);
    const store = instancesOf(meddled(() => instancesOf(table.client).create(record)));
    const outcome = await store.openSession(record.instanceId, OURS, NOW, '1.0.0');
    expect(outcome).toMatchObject({ outcome: 'done', record: { session: OURS, heartbeatAt: NOW } });
  });

  test('when another one comes first meanwhile, is told so', async () => {
    const record = recordOf(2);
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

  test('on a machine that is called back while the reason is read, holds it', async () => {
    const direct = instancesOf(table.client);
    const record = recordOf(3);
    await direct.create(record);
    await direct.openSession(record.instanceId, OURS, NOW, '1.0.0');
    await direct.recordSignal(leave(3), false, NOW);
    const store = instancesOf(meddled(() => direct.withdraw(record.instanceId, 'leave')));
    const outcome = await store.changeLeases(hold(3), NOW);
    expect(outcome).toMatchObject({ outcome: 'done', record: { leases: { one: 1 } } });
  });

  test('is refused for as long as the machine leaves', async () => {
    const direct = instancesOf(table.client);
    const record = recordOf(4);
    await direct.create(record);
    await direct.openSession(record.instanceId, OURS, NOW, '1.0.0');
    await direct.recordSignal(leave(4), false, NOW);
    const outcome = await direct.changeLeases(hold(4), NOW);
    expect(outcome).toMatchObject({ outcome: 'refused', because: 'leaving' });
  });
});

describe('an agent that takes a task', () => {
  const take = { step: 'take', owner: instanceOf(5, 0), session: OURS, now: NOW } as const;

  test('whose row is written while the reason is read, has it', async () => {
    const id = taskOf(5, 0);
    const direct = dynamoTaskLedger({ client: table.client, tableName: 'tasks' });
    const client = meddled(() => direct.apply(id, { step: 'submit', row: submittedRow(id) }));
    const outcome = await dynamoTaskLedger({ client, tableName: 'tasks' }).apply(id, take);
    expect(outcome).toMatchObject({ outcome: 'done', row: { status: 'running', attempt: 1, session: OURS } });
  });

  test('that another hands back while the reason is read, has it', async () => {
    const id = taskOf(6, 0);
    const other = instanceOf(6, 1);
    const direct = dynamoTaskLedger({ client: table.client, tableName: 'tasks' });
    await direct.apply(id, { step: 'submit', row: submittedRow(id) });
    await direct.apply(id, { step: 'take', owner: other, session: THEIRS, now: NOW });
    const handBack = { step: 'hand-back', attempt: 1, owner: other, now: NOW, countsAsReclaim: false } as const;
    const client = meddled(() => direct.apply(id, handBack));
    const outcome = await dynamoTaskLedger({ client, tableName: 'tasks' }).apply(id, take);
    expect(outcome).toMatchObject({ outcome: 'done', row: { status: 'running', attempt: 2, session: OURS } });
  });

  test('that changes hands at every look, gives up with an error rather than with a wrong reason', async () => {
    const id = taskOf(7, 0);
    const other = instanceOf(7, 1);
    const direct = dynamoTaskLedger({ client: table.client, tableName: 'tasks' });
    await direct.apply(id, { step: 'submit', row: submittedRow(id) });
    const theirs = { step: 'take', owner: other, session: THEIRS, now: NOW } as const;
    await direct.apply(id, theirs);
    let refusals = 0;
    const send = async (command: { readonly constructor: { readonly name: string } }): Promise<unknown> => {
      const isUpdate = command.constructor.name === 'UpdateCommand';
      if (isUpdate && refusals > 0) await direct.apply(id, theirs);
      try {
        return await table.client.send(command as never);
      } catch (error) {
        refusals += 1;
        const handBack = { step: 'hand-back', attempt: refusals, owner: other, now: NOW, countsAsReclaim: false };
        await direct.apply(id, handBack as never);
        throw error;
      }
    };
    const client = { send } as unknown as DynamoDBDocumentClient;
    await expect(dynamoTaskLedger({ client, tableName: 'tasks' }).apply(id, take)).rejects.toThrow(
      'refused although nothing stands against it',
    );
  });
});
