import { checkAttempt, type FencedAttempt, foreignWrite, refusedWrite } from './fenced-attempt.ts';

type Values = Record<string, unknown>;

/** The part of a condition or update that carries names and values. */
interface Conditioned {
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: Readonly<Values>;
}

export interface ItemUpdate extends Conditioned {
  readonly UpdateExpression: string;
}

type Fenced<Input> = Input & {
  readonly ConditionExpression: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues: Values;
};

type PutItem = { readonly TableName: string; readonly Item: Values } & Conditioned;
type UpdateItem = { readonly TableName: string; readonly Key: Values } & ItemUpdate;
type WithOld<Input> = Input & { readonly ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };

/** The part of the SDK's `DynamoDBDocument` class that is used. */
export interface DynamoDbSink {
  put(input: WithOld<Fenced<PutItem>>): Promise<unknown>;
  update(input: WithOld<Fenced<UpdateItem>>): Promise<unknown>;
}

export interface DynamoDbFence {
  /**
   * Puts the item unless a later attempt has written it. A condition of your own must hold as well.
   * @throws StaleAttempt when a later attempt has; Error when another task has
   * @throws ConditionalCheckFailedException, the SDK's, when it is your own condition that does not hold
   */
  put(attempt: FencedAttempt, item: Readonly<Values>, condition?: Conditioned): Promise<void>;
  /** Updates the item under the same rule, making it when there is none. Throws as `put`. */
  update(attempt: FencedAttempt, key: Readonly<Values>, update: ItemUpdate): Promise<void>;
}

const TASK = 'spothopTask';
const ATTEMPT = 'spothopAttempt';
const NAMES = { [`#${TASK}`]: TASK, [`#${ATTEMPT}`]: ATTEMPT };
const FENCE = `attribute_not_exists(#${ATTEMPT}) OR (#${TASK} = :${TASK} AND #${ATTEMPT} <= :${ATTEMPT})`;

const fenced = <Input extends Conditioned>({ taskId, attempt }: FencedAttempt, input: Input): Fenced<Input> => ({
  ...input,
  ConditionExpression:
    input.ConditionExpression === undefined ? FENCE : `(${FENCE}) AND (${input.ConditionExpression})`,
  ExpressionAttributeNames: { ...input.ExpressionAttributeNames, ...NAMES },
  ExpressionAttributeValues: {
    ...input.ExpressionAttributeValues,
    [`:${TASK}`]: taskId,
    [`:${ATTEMPT}`]: attempt,
  },
});

/** The input of a Put, also one within TransactWrite, with the fence in its item and its condition. */
export const fencedPut = <Input extends Conditioned & { readonly Item: Readonly<Values> }>(
  attempt: FencedAttempt,
  input: Input,
): Fenced<Input> => {
  checkAttempt(attempt);
  return fenced(attempt, {
    ...input,
    Item: { ...input.Item, [TASK]: attempt.taskId, [ATTEMPT]: attempt.attempt },
  });
};

/** `SET` is a reserved word: where it stands by itself it can only begin the clause. */
const SET_CLAUSE = /(^|\s)SET\s+/i;
const MARKS = `#${TASK} = :${TASK}, #${ATTEMPT} = :${ATTEMPT}`;

const withMarks = (expression: string): string =>
  SET_CLAUSE.test(expression)
    ? expression.replace(SET_CLAUSE, (clause) => `${clause}${MARKS}, `)
    : `${expression} SET ${MARKS}`.trimStart();

/** The input of an Update, also one within TransactWrite, with the fence in its expression and its condition. */
export const fencedUpdate = <Input extends ItemUpdate>(attempt: FencedAttempt, input: Input): Fenced<Input> => {
  checkAttempt(attempt);
  return fenced(attempt, { ...input, UpdateExpression: withMarks(input.UpdateExpression) });
};

interface Refusal {
  readonly name?: string;
  readonly Item?: Readonly<Record<string, { readonly N?: string; readonly S?: string } | undefined>>;
}

/** Only what DynamoDB found there tells whether the fence or the user's own condition has refused. */
const refusalOf = (error: unknown, sink: string, attempt: FencedAttempt): unknown => {
  const { name, Item } = error as Refusal;
  if (name !== 'ConditionalCheckFailedException') return error;
  const owner = Item?.[TASK]?.S;
  if (owner !== undefined && owner !== attempt.taskId) return foreignWrite(sink, owner, attempt);
  return Number(Item?.[ATTEMPT]?.N) > attempt.attempt ? refusedWrite(sink, attempt) : error;
};

const hasMethods = (client: DynamoDbSink): boolean =>
  typeof client.put === 'function' && typeof client.update === 'function';

/**
 * Items that an attempt which was overtaken cannot write any more. Task and attempt stand in two attributes of the item,
 * `spothopTask` and `spothopAttempt`, and each write is conditional on them. One write, nothing read before.
 * Source: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ConditionExpressions.html
 *
 * What it cannot do: before the later attempt has written the item, the earlier one may still write it. A later `put`
 * replaces that; a later `update` that adds to it (`ADD`, `list_append`) counts it twice, so write sums, not additions.
 * One item is fenced, not several together: for that put `fencedPut` and `fencedUpdate` into one TransactWrite.
 */
export const dynamoDbFence = (client: DynamoDbSink, { tableName }: { readonly tableName: string }): DynamoDbFence => {
  if (!hasMethods(client)) {
    throw new TypeError(
      'fence.dynamodb needs the client with methods: DynamoDBDocument.from(client) of @aws-sdk/lib-dynamodb, not DynamoDBDocumentClient.',
    );
  }
  const send = async (attempt: FencedAttempt, write: () => Promise<unknown>): Promise<void> => {
    try {
      await write();
    } catch (error) {
      throw refusalOf(error, `An item of table ${tableName}`, attempt);
    }
  };
  const asked = { TableName: tableName, ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;
  return {
    put: (attempt, item, condition) =>
      send(attempt, () => client.put(fencedPut(attempt, { ...condition, ...asked, Item: item }))),
    update: (attempt, key, update) =>
      send(attempt, () => client.update(fencedUpdate(attempt, { ...update, ...asked, Key: key }))),
  };
};
