/**
 * What of a DynamoDB request may stand in the record: keys, conditions, and short plain values, so that an outside
 * program can recompute what became of each task. Payloads never: not by name, and not by size.
 */
import { type AttributeMap, scalarOf } from './keys.ts';

/** Longer texts are content rather than identifiers or states. */
const TEXT_LENGTH_MAX = 64;
/** Names map to identifiers (a task's id inside an expression), which may be longer than a state. */
const NAME_LENGTH_MAX = 256;

const PAYLOAD_WORDS = new Set([
  'body',
  'result',
  'checkpoint',
  'content',
  'payload',
  'input',
  'output',
  'secret',
  'password',
]);

/** By the last word of a name: `taskBody` is a payload, `checkpointSequence` is not. */
export const isPayloadName = (name: string): boolean => {
  const words = name.replace(/^[#:]/, '').split(/(?=[A-Z])|[^A-Za-z0-9]+/);
  return PAYLOAD_WORDS.has((words.at(-1) ?? '').toLowerCase());
};

const mayStand = (value: unknown): boolean =>
  value !== undefined && (typeof value !== 'string' || value.length <= TEXT_LENGTH_MAX);

/** The short plain attributes of an item, payloads left out. */
export const recordedAttributes = (item: AttributeMap): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(item)
      .map(([name, value]): [string, unknown] => [name, scalarOf(value)])
      .filter(([name, value]) => !isPayloadName(name) && mayStand(value)),
  );

export interface Expressions {
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly KeyConditionExpression?: string;
  readonly FilterExpression?: string;
  readonly ExpressionAttributeNames?: Readonly<Record<string, string>>;
  readonly ExpressionAttributeValues?: AttributeMap;
}

const ASSIGNED = /([#\w.[\]-]+)\s*(?:=|<>|<=|>=|<|>)\s*(?:if_not_exists\s*\([^,]+,\s*)?(:\w+)/g;

/** The number of a checkpoint says nothing of what is in it, and whoever reads the record asks in which order they came. */
const isOrder = (path: readonly string[]): boolean => path.join('.') === 'checkpoint.sequence';

/** Placeholders whose attribute is a payload: `SET #r = :value` with `#r` standing for `result`. */
const payloadPlaceholders = (request: Expressions): Set<string> => {
  const names = request.ExpressionAttributeNames ?? {};
  const text = [request.UpdateExpression, request.ConditionExpression, request.FilterExpression].join(' ');
  const found = new Set<string>();
  for (const [, path = '', placeholder = ''] of text.matchAll(ASSIGNED)) {
    const resolved = path.split('.').map((segment) => names[segment] ?? segment);
    if (resolved.some(isPayloadName) && !isOrder(resolved)) found.add(placeholder);
  }
  return found;
};

/** Expressions as they were sent, with the names and short values they use. */
export const recordedExpressions = (request: Expressions): Record<string, unknown> => {
  const hidden = payloadPlaceholders(request);
  const values = Object.entries(request.ExpressionAttributeValues ?? {})
    .map(([name, value]): [string, unknown] => [name, scalarOf(value)])
    .filter(([name, value]) => !hidden.has(name) && !isPayloadName(name) && mayStand(value));
  const names = Object.entries(request.ExpressionAttributeNames ?? {}).filter(
    ([, name]) => name.length <= NAME_LENGTH_MAX,
  );
  return {
    ...(request.UpdateExpression !== undefined && { update: request.UpdateExpression }),
    ...(request.ConditionExpression !== undefined && { condition: request.ConditionExpression }),
    ...(request.KeyConditionExpression !== undefined && { keyCondition: request.KeyConditionExpression }),
    ...(request.FilterExpression !== undefined && { filter: request.FilterExpression }),
    ...(names.length > 0 && { names: Object.fromEntries(names) }),
    ...(values.length > 0 && { values: Object.fromEntries(values) }),
  };
};
