import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { tableSchemaOf } from '../../../lib/local/dynamodb/keys.ts';
import { understandDynamo } from '../../../lib/local/dynamodb/understand.ts';
import type { TestLine } from './lines.ts';

const SCHEMAS = new Map([
  ['tasks', tableSchemaOf({ KeySchema: [{ AttributeName: 'taskId', KeyType: 'HASH' }] })],
  ['instances', tableSchemaOf({ KeySchema: [{ AttributeName: 'instanceArn', KeyType: 'HASH' }] })],
]);

/** Tables as a stack names them. */
const NAMES: Readonly<Record<string, string>> = { tasks: 'x-TasksTable-1', instances: 'x-InstancesTable-1' };

interface Sent {
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly body: string | Uint8Array };
}

const textOf = (body: string | Uint8Array): string =>
  typeof body === 'string' ? body : new TextDecoder().decode(body);

/** Has every call of a client written down as the local cloud would, by whoever calls at the moment. */
export const recordCalls = (client: DynamoDBDocumentClient, callerNow: () => string): readonly TestLine[] => {
  const lines: TestLine[] = [];
  const write = ({ request }: Sent, outcome: string): void => {
    const operation = request.headers['x-amz-target']!.split('.')[1]!;
    const { action, parameters } = understandDynamo(operation, JSON.parse(textOf(request.body)), SCHEMAS);
    const at = 1_800_000_000_000 + lines.length;
    const table = NAMES[String(parameters['table'])];
    lines.push({
      at,
      startedAt: at,
      kind: 'request',
      caller: callerNow(),
      action,
      parameters: { ...parameters, table },
      outcome,
    });
  };
  client.middlewareStack.add(
    (next) => async (args) => {
      try {
        const answer = await next(args);
        write(args as unknown as Sent, 'ok');
        return answer;
      } catch (error) {
        write(args as unknown as Sent, (error as Error).name);
        throw error;
      }
    },
    // Around the reading of the answer, which is what tells a refusal, and after the request has been written.
    { step: 'deserialize', name: 'recordCalls', priority: 'high' },
  );
  return lines;
};
