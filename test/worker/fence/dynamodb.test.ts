import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StaleAttempt } from '../../../lib/worker/errors.ts';
import type { DynamoDbSink } from '../../../lib/worker/fence/dynamodb.ts';
import { fence } from '../../../lib/worker/fence/index.ts';
import { startTestCloud, type TestCloud } from '../../local/support/cloud.ts';
import { tableReady } from '../../support/table-ready.ts';
import { type Accepted, everGrowing, picks, plannedAttempts } from '../support/attempts.ts';
import { interleave, type Step } from '../support/interleave.ts';

const TABLE = { tableName: 'totals' };
const attempt = (number: number, taskId = 'sum-1') => ({ taskId, attempt: number });

let cloud: TestCloud;
let client: DynamoDBClient;
let table: DynamoDBDocument;
beforeAll(async () => {
  cloud = await startTestCloud();
  client = new DynamoDBClient(cloud.clientConfiguration());
  table = DynamoDBDocument.from(client);
  await client.send(
    new CreateTableCommand({
      TableName: TABLE.tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await tableReady(client, TABLE.tableName);
});
afterAll(async () => {
  table.destroy();
  client.destroy();
  await cloud.close();
});

const stored = async (id: string): Promise<Record<string, unknown> | undefined> =>
  (await table.get({ TableName: TABLE.tableName, Key: { id }, ConsistentRead: true })).Item;

const pausedBeforeWrite = () => {
  const [reached, resumed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const pause = async (): Promise<void> => {
    reached.resolve();
    await resumed.promise;
  };
  const sink: DynamoDbSink = {
    put: (input) => pause().then(() => table.put(input)),
    update: (input) => pause().then(() => table.update(input)),
  };
  return { sink, reached: reached.promise, resume: () => resumed.resolve() };
};

describe('a fenced item', () => {
  it('refuses the put of an attempt that slept before it while a later one put', async () => {
    const zombie = pausedBeforeWrite();
    const late = fence.dynamodb(zombie.sink, TABLE).put(attempt(1), { id: 'zombie', amount: 1 });
    const refused = expect(late).rejects.toBeInstanceOf(StaleAttempt);
    await zombie.reached;
    await fence.dynamodb(table, TABLE).put(attempt(2), { id: 'zombie', amount: 2 });
    zombie.resume();
    await refused;
    expect(await stored('zombie')).toEqual({ id: 'zombie', amount: 2, spothopTask: 'sum-1', spothopAttempt: 2 });
  });

  it('refuses its update as well', async () => {
    const change = (amount: number) => ({
      UpdateExpression: 'SET amount = :amount',
      ExpressionAttributeValues: { ':amount': amount },
    });
    const zombie = pausedBeforeWrite();
    const late = fence.dynamodb(zombie.sink, TABLE).update(attempt(1), { id: 'update' }, change(1));
    const refused = expect(late).rejects.toThrow(/sum-1.*attempt 1 is over/);
    await zombie.reached;
    await fence.dynamodb(table, TABLE).update(attempt(2), { id: 'update' }, change(2));
    zombie.resume();
    await refused;
    expect(await stored('update')).toMatchObject({ amount: 2, spothopAttempt: 2 });
  });

  it('takes earlier writes as long as no later attempt has written, and one attempt may write again', async () => {
    const { put } = fence.dynamodb(table, TABLE);
    for (const [number, amount] of [
      [1, 10],
      [1, 11],
      [3, 30],
    ] as const) {
      await put(attempt(number), { id: 'before', amount });
      expect(await stored('before')).toMatchObject({ amount });
    }
  });

  it('joins any form of update, and leaves the user’s own words in it alone', async () => {
    const { update } = fence.dynamodb(table, TABLE);
    await update(
      attempt(1),
      { id: 'forms' },
      {
        UpdateExpression: 'REMOVE gone ADD #set :one',
        ExpressionAttributeNames: { '#set': 'set' },
        ExpressionAttributeValues: { ':one': 1 },
      },
    );
    await update(
      attempt(2),
      { id: 'forms' },
      {
        UpdateExpression: 'ADD #set :one set colour = :set',
        ExpressionAttributeNames: { '#set': 'set' },
        ExpressionAttributeValues: { ':one': 1, ':set': 'blue' },
      },
    );
    expect(await stored('forms')).toEqual({
      id: 'forms',
      set: 2,
      colour: 'blue',
      spothopTask: 'sum-1',
      spothopAttempt: 2,
    });
  });

  it('wants the user’s own condition as well, and its refusal is the SDK’s own error', async () => {
    const { put } = fence.dynamodb(table, TABLE);
    const onlyOnce = {
      ConditionExpression: 'attribute_not_exists(id) OR amount = :nine',
      ExpressionAttributeValues: { ':nine': 9 },
    };
    await put(attempt(1), { id: 'own', amount: 1 }, onlyOnce);
    await expect(put(attempt(2), { id: 'own', amount: 2 }, onlyOnce)).rejects.toMatchObject({
      name: 'ConditionalCheckFailedException',
    });
    expect(await stored('own')).toMatchObject({ amount: 1, spothopAttempt: 1 });
  });

  it('of another task is left alone, with the way out in the error', async () => {
    const { put } = fence.dynamodb(table, TABLE);
    await put(attempt(1, 'sum-1'), { id: 'shared' });
    await expect(put(attempt(5, 'sum-2'), { id: 'shared' })).rejects.toThrow(/give task sum-2 a key of its own/);
    expect(await stored('shared')).toMatchObject({ spothopTask: 'sum-1' });
  });

  it('may be one of several in a transaction, by the same expressions', () => {
    const put = fence.dynamodb.fencedPut(attempt(4), { TableName: 'totals', Item: { id: 'a' } });
    expect(put.Item).toEqual({ id: 'a', spothopTask: 'sum-1', spothopAttempt: 4 });
    expect(put.ConditionExpression).toBe(
      'attribute_not_exists(#spothopAttempt) OR (#spothopTask = :spothopTask AND #spothopAttempt <= :spothopAttempt)',
    );
    const update = fence.dynamodb.fencedUpdate(attempt(4), { UpdateExpression: 'SET a = b' });
    expect(update.UpdateExpression).toBe('SET #spothopTask = :spothopTask, #spothopAttempt = :spothopAttempt, a = b');
  });

  it('refuses attempts that cannot be compared, and clients without methods', async () => {
    const asText = { taskId: 'sum-1', attempt: '2' as unknown as number };
    await expect(fence.dynamodb(table, TABLE).put(asText, { id: 'x' })).rejects.toThrow(TypeError);
    expect(() => fence.dynamodb({} as DynamoDbSink, TABLE)).toThrow(/DynamoDBDocument\.from/);
  });
});

it('over any interleaving of attempts, the item is that of the latest attempt that wrote it (F09, F50)', async () => {
  let run = 0;
  await fc.assert(
    fc.asyncProperty(plannedAttempts, picks, fc.boolean(), async (attempts, order, byUpdate) => {
      run += 1;
      const [id, accepted] = [`run-${run}`, [] as Accepted[]];
      const writer =
        (plan: (typeof attempts)[number], index: number) =>
        async (step: Step): Promise<void> => {
          const noting = (value: string, write: () => Promise<unknown>) =>
            step(async () => {
              await write();
              accepted.push({ attempt: plan.attempt, value });
            });
          for (let write = 1; write <= plan.writes; write += 1) {
            const value = `attempt ${plan.attempt}, writer ${index}, write ${write}`;
            const sink = fence.dynamodb(
              {
                put: (input) => noting(value, () => table.put(input)),
                update: (input) => noting(value, () => table.update(input)),
              },
              TABLE,
            );
            const writing = byUpdate
              ? sink.update(
                  attempt(plan.attempt),
                  { id },
                  {
                    UpdateExpression: 'SET written = :written',
                    ExpressionAttributeValues: { ':written': value },
                  },
                )
              : sink.put(attempt(plan.attempt), { id, written: value });
            await writing.catch((error) => expect(error).toBeInstanceOf(StaleAttempt));
          }
        };
      await interleave(attempts.map(writer), order);
      expect(everGrowing(accepted)).toBe(true);
      expect((await stored(id))?.['written']).toBe(accepted.at(-1)?.value);
      expect(accepted.at(-1)?.attempt).toBe(Math.max(...attempts.map((plan) => plan.attempt)));
    }),
    { numRuns: 100 },
  );
}, 60_000);
