import type { AddressInfo } from 'node:net';
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import { documentClient } from '../../../lib/aws/clients.ts';
import { tableReady } from '../../support/table-ready.ts';

/** The tables as serverless.yml makes them, as far as the adapters depend on it. */
const TABLES: readonly CreateTableCommandInput[] = [
  {
    TableName: 'tasks',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'taskId', AttributeType: 'S' },
      { AttributeName: 'shard', AttributeType: 'N' },
      { AttributeName: 'checkAt', AttributeType: 'N' },
      { AttributeName: 'endedOn', AttributeType: 'S' },
      { AttributeName: 'finishedAt', AttributeType: 'N' },
      { AttributeName: 'submittedAt', AttributeType: 'N' },
    ],
    KeySchema: [{ AttributeName: 'taskId', KeyType: 'HASH' }],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'byCheckAt',
        KeySchema: [
          { AttributeName: 'shard', KeyType: 'HASH' },
          { AttributeName: 'checkAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['fleet'] },
      },
      {
        IndexName: 'byEnd',
        KeySchema: [
          { AttributeName: 'endedOn', KeyType: 'HASH' },
          { AttributeName: 'finishedAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['fleet', 'status', 'reclaims'] },
      },
      {
        IndexName: 'bySubmission',
        KeySchema: [
          { AttributeName: 'shard', KeyType: 'HASH' },
          { AttributeName: 'submittedAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: ['fleet'] },
      },
    ],
  },
  {
    TableName: 'instances',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'instanceArn', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'instanceArn', KeyType: 'HASH' }],
  },
  {
    TableName: 'fleets',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'fleet', AttributeType: 'S' },
      { AttributeName: 'part', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'fleet', KeyType: 'HASH' },
      { AttributeName: 'part', KeyType: 'RANGE' },
    ],
  },
  {
    TableName: 'ledger',
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [
      { AttributeName: 'period', AttributeType: 'S' },
      { AttributeName: 'entry', AttributeType: 'S' },
    ],
    KeySchema: [
      { AttributeName: 'period', KeyType: 'HASH' },
      { AttributeName: 'entry', KeyType: 'RANGE' },
    ],
  },
];

/** The same as a template has them. */
export const tableProperties = (name: 'tasks' | 'instances' | 'fleets'): Omit<CreateTableCommandInput, 'TableName'> => {
  const { TableName: _name, ...properties } = TABLES.find((table) => table.TableName === name)!;
  return properties;
};

const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** The real SDK client over HTTP on a DynamoDB in this process, with our tables in it. */
export const startDynamo = async (): Promise<{ client: DynamoDBDocumentClient; stop: () => Promise<void> }> => {
  const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  const bare = new DynamoDBClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: CREDENTIALS,
  });
  for (const table of TABLES) await bare.send(new CreateTableCommand(table));
  for (const { TableName } of TABLES) await tableReady(bare, TableName!);
  const client = documentClient(bare);
  const stop = async (): Promise<void> => {
    client.destroy();
    bare.destroy();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { client, stop };
};
