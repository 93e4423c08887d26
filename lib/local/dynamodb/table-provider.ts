/**
 * AWS::DynamoDB::Table in dynalite.
 *
 * What it does not model: time to live, encryption, tags, deletion protection and streams are accepted and have no effect;
 * point-in-time recovery is only reported. A change of anything but those replaces the table.
 */
import type { Clock } from '../../ports/clock.ts';
import { generatedName } from '../cloudformation/physical-name.ts';
import { AwsError, type ProvisionedResource, type ResourceInput, type ResourceProvider } from '../service.ts';
import type { EmbeddedDynamo } from './embedded.ts';
import { tableSchemaOf } from './keys.ts';
import type { TableStore } from './table-store.ts';
import { tableArn } from './understand.ts';

const KNOWN_TO_DYNALITE = [
  'AttributeDefinitions',
  'KeySchema',
  'BillingMode',
  'ProvisionedThroughput',
  'GlobalSecondaryIndexes',
  'LocalSecondaryIndexes',
];

/** dynalite's own readiness takes one turn of the event loop; more attempts than this mean it is broken. */
const READY_ATTEMPTS_MAX = 200;

/** Numbers of a template may arrive as text; dynalite wants numbers. */
const numbersIn = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(numbersIn);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      name.endsWith('CapacityUnits') ? Number(inner) : numbersIn(inner),
    ]),
  );
};

const INDEX_PROPERTIES = ['IndexName', 'KeySchema', 'Projection', 'ProvisionedThroughput'];

const pick = (properties: Readonly<Record<string, unknown>>, names: readonly string[]): Record<string, unknown> =>
  Object.fromEntries(names.filter((name) => name in properties).map((name) => [name, properties[name]]));

const createTableRequest = (name: string, properties: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const request = pick(properties, KNOWN_TO_DYNALITE);
  for (const kind of ['GlobalSecondaryIndexes', 'LocalSecondaryIndexes']) {
    const indexes = request[kind];
    if (Array.isArray(indexes)) request[kind] = indexes.map((index) => pick(index, INDEX_PROPERTIES));
  }
  return { ...(numbersIn(request) as object), TableName: name };
};

const fail = (what: string, body: string): never => {
  const parsed = JSON.parse(body) as { __type?: string; message?: string; Message?: string };
  const code = parsed.__type?.split('#').at(-1) ?? 'InternalFailure';
  throw new AwsError(400, code, `${what}: ${parsed.message ?? parsed.Message ?? code}`);
};

const hasRecovery = (properties: Readonly<Record<string, unknown>>): boolean =>
  String(
    (properties['PointInTimeRecoverySpecification'] as Record<string, unknown> | undefined)?.[
      'PointInTimeRecoveryEnabled'
    ],
  ) === 'true';

export const tableProvider = (
  dynamo: EmbeddedDynamo,
  store: TableStore,
  clock: Clock,
  random: () => number,
): ResourceProvider => {
  const awaitReady = async (name: string): Promise<void> => {
    for (let attempt = 0; attempt < READY_ATTEMPTS_MAX; attempt += 1) {
      const { body } = await dynamo.call('DescribeTable', JSON.stringify({ TableName: name }));
      if (JSON.parse(body).Table?.TableStatus === 'ACTIVE') return;
      await clock.sleep(1);
    }
    throw new AwsError(500, 'InternalFailure', `Table ${name} did not become active.`);
  };
  const noteRecovery = (name: string, properties: Readonly<Record<string, unknown>>): void => {
    if (hasRecovery(properties)) store.pointInTimeRecovery.add(name);
    else store.pointInTimeRecovery.delete(name);
  };
  const create = async (input: ResourceInput): Promise<ProvisionedResource> => {
    const name = String(input.properties['TableName'] ?? generatedName(input, random));
    const request = createTableRequest(name, input.properties);
    const answer = await dynamo.call('CreateTable', JSON.stringify(request));
    if (answer.status !== 200) {
      const inUse = answer.body.includes('ResourceInUseException');
      fail(
        inUse ? `Table ${name} already exists (a retained table outlives its stack); delete it first` : `Table ${name}`,
        answer.body,
      );
    }
    await awaitReady(name);
    store.schemas.set(name, tableSchemaOf(request));
    noteRecovery(name, input.properties);
    return { physicalId: name, ref: name, attributes: { Arn: tableArn(name) }, properties: input.properties };
  };
  const remove = async (existing: ProvisionedResource): Promise<void> => {
    const answer = await dynamo.call('DeleteTable', JSON.stringify({ TableName: existing.physicalId }));
    if (answer.status !== 200) fail(`Table ${existing.physicalId}`, answer.body);
    store.schemas.delete(existing.physicalId);
    store.pointInTimeRecovery.delete(existing.physicalId);
    while ((await dynamo.call('DescribeTable', JSON.stringify({ TableName: existing.physicalId }))).status === 200) {
      await clock.sleep(1);
    }
  };
  return {
    type: 'AWS::DynamoDB::Table',
    create,
    update: async (input, existing) => {
      const shape = (properties: Readonly<Record<string, unknown>>) =>
        JSON.stringify(createTableRequest(existing.physicalId, properties));
      const renamed = (input.properties['TableName'] ?? existing.physicalId) !== existing.physicalId;
      if (!renamed && shape(input.properties) === shape(existing.properties)) {
        noteRecovery(existing.physicalId, input.properties);
        return { ...existing, properties: input.properties };
      }
      await remove(existing);
      return create(input);
    },
    delete: remove,
  };
};
