import type { TableShape } from './write-units.ts';

/** Tables, keys and indexes as `serverless.yml` makes them; `test/bench/tables.test.ts` compares the two. */
export const TASKS: TableShape = {
  key: ['taskId'],
  indexes: [
    { name: 'byCheckAt', key: ['shard', 'checkAt'], projected: ['fleet'] },
    { name: 'byEnd', key: ['endedOn', 'finishedAt'], projected: ['fleet', 'status', 'reclaims'] },
  ],
};

const INSTANCES: TableShape = { key: ['instanceArn'], indexes: [] };

export const TABLES: Readonly<Record<string, TableShape>> = { tasks: TASKS, instances: INSTANCES };

const NUMBERS = ['shard', 'checkAt', 'finishedAt'];

const keySchema = (key: readonly string[]) =>
  key.map((AttributeName, place) => ({ AttributeName, KeyType: place === 0 ? 'HASH' : 'RANGE' }));

const projection = (projected: readonly string[]) =>
  projected.length === 0
    ? { ProjectionType: 'KEYS_ONLY' }
    : { ProjectionType: 'INCLUDE', NonKeyAttributes: [...projected] };

/** The body of a CreateTable call. */
export const createTableRequest = (name: string, { key, indexes }: TableShape): Record<string, unknown> => {
  const keys = [...new Set([...key, ...indexes.flatMap((index) => index.key)])];
  return {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: keys.map((AttributeName) => ({
      AttributeName,
      AttributeType: NUMBERS.includes(AttributeName) ? 'N' : 'S',
    })),
    KeySchema: keySchema(key),
    ...(indexes.length === 0
      ? {}
      : {
          GlobalSecondaryIndexes: indexes.map((index) => ({
            IndexName: index.name,
            KeySchema: keySchema(index.key),
            Projection: projection(index.projected),
          })),
        }),
  };
};
