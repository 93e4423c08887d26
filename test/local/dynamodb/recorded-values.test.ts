import { describe, expect, test } from 'vitest';
import { tableSchemaOf } from '../../../lib/local/dynamodb/keys.ts';
import { isPayloadName, recordedAttributes, recordedExpressions } from '../../../lib/local/dynamodb/recorded-values.ts';
import { understandDynamo } from '../../../lib/local/dynamodb/understand.ts';

describe('the record', () => {
  test.each([
    ['body', true],
    ['taskBody', true],
    ['#result', true],
    [':checkpoint', true],
    ['last_payload', true],
    ['checkpointSequence', false],
    ['resultDigest', false],
    ['status', false],
  ])('%s is a payload: %s', (name, expected) => expect(isPayloadName(name)).toBe(expected));

  test('keeps short plain values and drops the rest', () =>
    expect(
      recordedAttributes({
        taskId: { S: 'a' },
        attempt: { N: '3' },
        done: { BOOL: true },
        body: { S: 'x' },
        long: { S: 'y'.repeat(65) },
        map: { M: { a: { S: 'b' } } },
      }),
    ).toEqual({ taskId: 'a', attempt: 3, done: true }));

  test('sees through placeholders to the attribute they write', () =>
    expect(
      recordedExpressions({
        UpdateExpression: 'SET #r = :x, leases.#t = :n, #p = if_not_exists(#p, :y)',
        ConditionExpression: 'attempt = :n',
        ExpressionAttributeNames: { '#r': 'result', '#t': 'task-1', '#p': 'payload' },
        ExpressionAttributeValues: { ':x': { S: 'secret' }, ':n': { N: '2' }, ':y': { S: 'also secret' } },
      }),
    ).toEqual({
      update: 'SET #r = :x, leases.#t = :n, #p = if_not_exists(#p, :y)',
      condition: 'attempt = :n',
      names: { '#r': 'result', '#t': 'task-1', '#p': 'payload' },
      values: { ':n': 2 },
    }));

  test('tells the order of checkpoints and nothing of what is in them', () =>
    expect(
      recordedExpressions({
        UpdateExpression: 'SET #c = :c',
        ConditionExpression: 'attribute_not_exists(#c) OR #c.#s < :s AND #c.#t = :t',
        ExpressionAttributeNames: { '#c': 'checkpoint', '#s': 'sequence', '#t': 'content' },
        ExpressionAttributeValues: { ':c': { S: 'secret' }, ':s': { N: '7' }, ':t': { S: 'also secret' } },
      }),
    ).toMatchObject({ values: { ':s': 7 } }));
});

describe('permissions', () => {
  const element = (AttributeName: string, KeyType: string) => ({ AttributeName, KeyType });
  const schemas = new Map([
    [
      'runs',
      tableSchemaOf({
        KeySchema: [element('fleet', 'HASH'), element('part', 'RANGE')],
        GlobalSecondaryIndexes: [{ IndexName: 'due', KeySchema: [element('shard', 'HASH')] }],
      }),
    ],
  ]);
  const arn = 'arn:aws:dynamodb:us-east-1:000000000000:table/runs';
  const checksOf = (operation: string, request: object) =>
    understandDynamo(operation, request as never, schemas).checks.map(({ action, resource, context }) => [
      action,
      resource,
      context['dynamodb:LeadingKeys'],
    ]);

  test.each<[string, object, unknown[]]>([
    [
      'GetItem',
      { TableName: 'runs', Key: { fleet: { S: 'f' }, part: { S: 'p' } } },
      [['dynamodb:GetItem', arn, ['f']]],
    ],
    ['GetItem', { TableName: arn, Key: { fleet: { S: 'f' } } }, [['dynamodb:GetItem', arn, ['f']]]],
    ['PutItem', { TableName: 'runs', Item: { fleet: { N: '7' } } }, [['dynamodb:PutItem', arn, ['7']]]],
    [
      'Query',
      {
        TableName: 'runs',
        KeyConditionExpression: 'begins_with(part, :p) AND #f = :f',
        ExpressionAttributeNames: { '#f': 'fleet' },
        ExpressionAttributeValues: { ':f': { S: 'mine' }, ':p': { S: 'm#' } },
      },
      [['dynamodb:Query', arn, ['mine']]],
    ],
    [
      'Query',
      {
        TableName: 'runs',
        IndexName: 'due',
        KeyConditionExpression: 'shard = :s',
        ExpressionAttributeValues: { ':s': { N: '3' } },
      },
      [['dynamodb:Query', `${arn}/index/due`, ['3']]],
    ],
    ['Scan', { TableName: 'runs' }, [['dynamodb:Scan', arn, undefined]]],
    [
      'BatchGetItem',
      { RequestItems: { runs: { Keys: [{ fleet: { S: 'a' } }, { fleet: { S: 'b' } }] } } },
      [['dynamodb:BatchGetItem', arn, ['a', 'b']]],
    ],
    [
      'BatchWriteItem',
      {
        RequestItems: {
          runs: [{ PutRequest: { Item: { fleet: { S: 'a' } } } }, { DeleteRequest: { Key: { fleet: { S: 'c' } } } }],
        },
      },
      [['dynamodb:BatchWriteItem', arn, ['a', 'c']]],
    ],
  ])('%s %j', (operation, request, expected) => expect(checksOf(operation, request)).toEqual(expected));
});
