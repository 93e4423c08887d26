/** Which permissions a DynamoDB request needs, and what of it is recorded. */
import { type AuthorisationCheck, AwsError, LOCAL_ACCOUNT, LOCAL_REGION, type ServiceCall } from '../service.ts';
import {
  type AttributeMap,
  type KeySchema,
  keyOf,
  leadingKeyOf,
  type QueryRequest,
  queriedKeyOf,
  type TableSchema,
} from './keys.ts';
import { type Expressions, recordedAttributes, recordedExpressions } from './recorded-values.ts';

export type TableSchemas = ReadonlyMap<string, TableSchema>;

interface Request extends QueryRequest, Expressions {
  readonly TableName?: string;
  readonly IndexName?: string;
  readonly Key?: AttributeMap;
  readonly Item?: AttributeMap;
  readonly RequestItems?: Readonly<Record<string, unknown>>;
  readonly ReturnValues?: string;
}

export const tableArn = (tableName: string): string =>
  `arn:aws:dynamodb:${LOCAL_REGION}:${LOCAL_ACCOUNT}:table/${tableName}`;

/** A table may be named by its ARN too. */
const tableNameOf = (nameOrArn: string): string => nameOrArn.split('/').at(-1) ?? nameOrArn;

const NO_SCHEMA: TableSchema = { hashKey: '', indexes: new Map() };

const check = (operation: string, resource: string, leadingKeys: readonly string[]): AuthorisationCheck => ({
  action: `dynamodb:${operation}`,
  resource,
  context: leadingKeys.length > 0 ? { 'dynamodb:LeadingKeys': leadingKeys } : {},
});

const present = (values: readonly (string | undefined)[]): string[] => values.filter((value) => value !== undefined);

const understandItem = (operation: string, request: Request, schemas: TableSchemas): ServiceCall => {
  const table = tableNameOf(String(request.TableName));
  const schema = schemas.get(table) ?? NO_SCHEMA;
  const attributes = request.Key ?? request.Item ?? {};
  const key =
    request.Key !== undefined && schema === NO_SCHEMA ? recordedAttributes(request.Key) : keyOf(schema, attributes);
  return {
    action: `dynamodb:${operation}`,
    checks: [check(operation, tableArn(table), present([leadingKeyOf(schema, attributes)]))],
    parameters: {
      table,
      key,
      ...(request.Item !== undefined && { item: recordedAttributes(request.Item) }),
      ...recordedExpressions(request),
      ...(request.ReturnValues !== undefined && { returnValues: request.ReturnValues }),
    },
  };
};

const understandQuery = (operation: string, request: Request, schemas: TableSchemas): ServiceCall => {
  const table = tableNameOf(String(request.TableName));
  const schema = schemas.get(table) ?? NO_SCHEMA;
  const index = request.IndexName;
  const keySchema: KeySchema = (index === undefined ? schema : schema.indexes.get(index)) ?? NO_SCHEMA;
  const key = operation === 'Query' ? queriedKeyOf(keySchema, request) : {};
  const resource = index === undefined ? tableArn(table) : `${tableArn(table)}/index/${index}`;
  return {
    action: `dynamodb:${operation}`,
    checks: [check(operation, resource, present([leadingKeyOf(keySchema, key)]))],
    parameters: {
      table,
      ...(index !== undefined && { index }),
      ...(operation === 'Query' && { key: keyOf(keySchema, key) }),
      ...recordedExpressions(request),
    },
  };
};

/** The keys that a batch names in one table. */
const batchAttributes = (entry: unknown): AttributeMap[] => {
  if (!Array.isArray(entry)) return (entry as { Keys?: AttributeMap[] }).Keys ?? [];
  return entry.map((write) => write.PutRequest?.Item ?? write.DeleteRequest?.Key ?? {});
};

const understandBatch = (operation: string, request: Request, schemas: TableSchemas): ServiceCall => {
  const tables = Object.entries(request.RequestItems ?? {}).map(([named, entry]) => {
    const table = tableNameOf(named);
    const schema = schemas.get(table) ?? NO_SCHEMA;
    const attributes = batchAttributes(entry);
    return {
      check: check(operation, tableArn(table), present(attributes.map((one) => leadingKeyOf(schema, one)))),
      recorded: { table, keys: attributes.map((one) => keyOf(schema, one)) },
    };
  });
  return {
    action: `dynamodb:${operation}`,
    checks: tables.map((table) => table.check),
    parameters: { tables: tables.map((table) => table.recorded) },
  };
};

const understandTable = (operation: string, request: Request): ServiceCall => {
  const table = request.TableName === undefined ? '*' : tableNameOf(request.TableName);
  return {
    action: `dynamodb:${operation}`,
    checks: [check(operation, operation === 'ListTables' ? '*' : tableArn(table), [])],
    parameters: table === '*' ? {} : { table },
  };
};

type Understand = (operation: string, request: Request, schemas: TableSchemas) => ServiceCall;

const OPERATIONS: Readonly<Record<string, Understand>> = {
  GetItem: understandItem,
  PutItem: understandItem,
  UpdateItem: understandItem,
  DeleteItem: understandItem,
  Query: understandQuery,
  Scan: understandQuery,
  BatchGetItem: understandBatch,
  BatchWriteItem: understandBatch,
  CreateTable: understandTable,
  DeleteTable: understandTable,
  DescribeTable: understandTable,
  DescribeTimeToLive: understandTable,
  DescribeContinuousBackups: understandTable,
  ListTables: understandTable,
  UpdateTable: understandTable,
};

/** Throws AwsError `UnknownOperationException` for what is not served. */
export const understandDynamo = (operation: string, request: Request, schemas: TableSchemas): ServiceCall => {
  const understand = OPERATIONS[operation];
  if (understand === undefined) {
    throw new AwsError(
      400,
      'UnknownOperationException',
      `The local DynamoDB does not serve ${operation}; it serves ${Object.keys(OPERATIONS).join(', ')}.`,
    );
  }
  return understand(operation, request, schemas);
};
