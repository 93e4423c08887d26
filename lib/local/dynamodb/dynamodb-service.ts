/**
 * DynamoDB behind the front: permissions and record are ours, items are dynalite's.
 *
 * What it does not model: transactions, streams, PartiQL, expiry by time to live, backups, throttling and capacity;
 * the condition keys dynamodb:Attributes, dynamodb:Select and dynamodb:ReturnValues. The item returned with a failed
 * condition is read right after the failure, not in the same instant.
 */
import { jsonAnswer, jsonError } from '../http/answers.ts';
import { jsonBody, jsonTarget } from '../http/json-call.ts';
import { AwsError, type LocalResponse, type LocalService, type ServiceCall } from '../service.ts';
import type { EmbeddedAnswer, EmbeddedDynamo } from './embedded.ts';
import { tableSchemaOf } from './keys.ts';
import type { TableStore } from './table-store.ts';
import { understandDynamo } from './understand.ts';

const isFailedCondition = (answer: EmbeddedAnswer): boolean =>
  answer.status === 400 && answer.body.includes('ConditionalCheckFailedException');

/** `ReturnValuesOnConditionCheckFailure: ALL_OLD`, which dynalite does not know. */
const withOldItem = async (
  dynamo: EmbeddedDynamo,
  store: TableStore,
  request: Record<string, unknown>,
  answer: EmbeddedAnswer,
): Promise<EmbeddedAnswer> => {
  const table = String(request['TableName']);
  const schema = store.schemas.get(table);
  const named = (request['Key'] ?? request['Item'] ?? {}) as Record<string, unknown>;
  const names = [schema?.hashKey, schema?.rangeKey].filter((name) => name !== undefined);
  const Key = Object.fromEntries(names.map((name) => [name, named[name]]));
  const read = await dynamo.call('GetItem', JSON.stringify({ TableName: table, Key, ConsistentRead: true }));
  const Item = read.status === 200 ? JSON.parse(read.body).Item : undefined;
  return { status: 400, body: JSON.stringify({ ...JSON.parse(answer.body), ...(Item && { Item }) }) };
};

const describeBackups = (store: TableStore, table: string): LocalResponse => {
  if (!store.schemas.has(table)) throw new AwsError(400, 'TableNotFoundException', `Table not found: ${table}`);
  const status = store.pointInTimeRecovery.has(table) ? 'ENABLED' : 'DISABLED';
  return jsonAnswer({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: status },
    },
  });
};

const noteTable = (store: TableStore, operation: string, request: Record<string, unknown>): void => {
  const table = String(request['TableName']);
  if (operation === 'CreateTable') store.schemas.set(table, tableSchemaOf(request));
  if (operation === 'DeleteTable') store.schemas.delete(table);
};

export const dynamodbService = (dynamo: EmbeddedDynamo, store: TableStore): LocalService => ({
  signingNames: ['dynamodb'],
  understand: (request): ServiceCall => understandDynamo(jsonTarget(request), jsonBody(request), store.schemas),
  handle: async (request) => {
    const operation = jsonTarget(request);
    const parsed = jsonBody(request);
    if (operation === 'DescribeContinuousBackups') return describeBackups(store, String(parsed['TableName']));
    let answer = await dynamo.call(operation, request.body);
    if (isFailedCondition(answer) && parsed['ReturnValuesOnConditionCheckFailure'] === 'ALL_OLD') {
      answer = await withOldItem(dynamo, store, parsed, answer);
    }
    if (answer.status === 200) noteTable(store, operation, parsed);
    return { status: answer.status, headers: { 'content-type': 'application/x-amz-json-1.0' }, body: answer.body };
  },
  error: (status, code, message) => jsonError(status, code, message),
});
