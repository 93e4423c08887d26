/** The keys a DynamoDB request names, found from the tables' key schemas. */

export type AttributeValue = Readonly<Record<string, unknown>>;
export type AttributeMap = Readonly<Record<string, AttributeValue>>;

export interface KeySchema {
  readonly hashKey: string;
  readonly rangeKey?: string;
}

export interface TableSchema extends KeySchema {
  readonly indexes: ReadonlyMap<string, KeySchema>;
}

interface KeyElement {
  readonly AttributeName: string;
  readonly KeyType: string;
}

interface TableDefinition {
  readonly KeySchema?: readonly KeyElement[];
  readonly GlobalSecondaryIndexes?: readonly IndexDefinition[];
  readonly LocalSecondaryIndexes?: readonly IndexDefinition[];
}

interface IndexDefinition {
  readonly IndexName: string;
  readonly KeySchema: readonly KeyElement[];
}

const keySchemaOf = (elements: readonly KeyElement[]): KeySchema => {
  const named = (type: string) => elements.find((element) => element.KeyType === type)?.AttributeName;
  const rangeKey = named('RANGE');
  return { hashKey: named('HASH') ?? '', ...(rangeKey !== undefined && { rangeKey }) };
};

export const tableSchemaOf = (definition: TableDefinition): TableSchema => {
  const indexes = [...(definition.GlobalSecondaryIndexes ?? []), ...(definition.LocalSecondaryIndexes ?? [])];
  return {
    ...keySchemaOf(definition.KeySchema ?? []),
    indexes: new Map(indexes.map((index) => [index.IndexName, keySchemaOf(index.KeySchema)])),
  };
};

/** A string, a number or a boolean as itself; anything larger, or binary, is undefined. */
export const scalarOf = (value: AttributeValue | undefined): string | number | boolean | null | undefined => {
  if (value === undefined) return undefined;
  if (typeof value['S'] === 'string') return value['S'];
  if (typeof value['N'] === 'string') return Number(value['N']);
  if (typeof value['BOOL'] === 'boolean') return value['BOOL'];
  return value['NULL'] === true ? null : undefined;
};

/** The key attributes of an item or of a request's Key. */
export const keyOf = (schema: KeySchema, attributes: AttributeMap): Record<string, unknown> => {
  const names = [schema.hashKey, schema.rangeKey].filter((name): name is string => name !== undefined);
  return Object.fromEntries(
    names.filter((name) => name in attributes).map((name) => [name, scalarOf(attributes[name])]),
  );
};

/** The value of `dynamodb:LeadingKeys` for an item: its hash key as text. */
export const leadingKeyOf = (schema: KeySchema, attributes: AttributeMap): string | undefined => {
  const value = attributes[schema.hashKey];
  const text = value?.['S'] ?? value?.['N'] ?? value?.['B'];
  return typeof text === 'string' ? text : undefined;
};

export interface QueryRequest {
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: AttributeMap;
  readonly KeyConditions?: Readonly<Record<string, { readonly AttributeValueList?: readonly AttributeValue[] }>>;
}

const EQUALITY = /([#\w.-]+)\s*=\s*(:\w+)/g;

/** The hash key value that a Query asks for. */
export const queriedKeyOf = (schema: KeySchema, request: QueryRequest): AttributeMap => {
  const legacy = request.KeyConditions?.[schema.hashKey]?.AttributeValueList?.[0];
  if (legacy !== undefined) return { [schema.hashKey]: legacy };
  for (const [, name = '', placeholder = ''] of (request.KeyConditionExpression ?? '').matchAll(EQUALITY)) {
    const value = request.ExpressionAttributeValues?.[placeholder];
    if ((request.ExpressionAttributeNames?.[name] ?? name) === schema.hashKey && value !== undefined) {
      return { [schema.hashKey]: value };
    }
  }
  return {};
};
