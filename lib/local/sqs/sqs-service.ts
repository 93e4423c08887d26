/**
 * SQS behind the front: permissions, queue policies, time and record are ours, messages are fauxqs's.
 *
 * What it does not model: the old Query protocol, StartMessageMoveTask, AddPermission, KMS, limits on messages in flight.
 * Seconds are the caller's; the time factor is applied on the way in. A poll whose caller hung up gives its messages back
 * at once, at the cost of one receive.
 */
import { jsonAnswer } from '../http/answers.ts';
import { jsonBody, jsonTarget } from '../http/json-call.ts';
import { readPolicyDocument } from '../iam/validate-policy.ts';
import { AwsError, type LocalRequest, type LocalResponse, type LocalService } from '../service.ts';
import type { EmbeddedQueues } from './embedded.ts';
import type { MessageIds } from './message-ids.ts';
import { type QueueRegistry, queueNameOf } from './queue-registry.ts';
import { type SqsInput, scaleRequest } from './scaled-requests.ts';
import { understandSqs } from './understand.ts';

export interface SqsParts {
  readonly embedded: EmbeddedQueues;
  readonly queues: QueueRegistry;
  readonly ids: MessageIds;
  readonly timeFactor: number;
  /** The queue's address on the front. */
  readonly queueUrl: (name: string) => string;
}

const inputOf = (request: LocalRequest): SqsInput => {
  if (jsonTarget(request) === '') {
    throw new AwsError(
      400,
      'MissingAction',
      'The local SQS speaks the JSON protocol only: use an SDK of 2023-11 or later.',
    );
  }
  return jsonBody(request);
};

interface Received {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
}

const receivedOf = (output: Record<string, unknown>): readonly Received[] => (output['Messages'] as Received[]) ?? [];

/** What only the answer tells: ids and counts. */
const recordedOf = (operation: string, output: Record<string, unknown>): Record<string, unknown> => {
  if (operation === 'ReceiveMessage') {
    const messages = receivedOf(output);
    return { count: messages.length, messageIds: messages.map((message) => message.MessageId) };
  }
  if (operation === 'SendMessage') return { count: 1, messageIds: [output['MessageId']] };
  if (!operation.endsWith('Batch')) return {};
  const successful = (output['Successful'] as { Id: string; MessageId?: string }[] | undefined) ?? [];
  const failed = (output['Failed'] as { Id: string; Code: string }[] | undefined) ?? [];
  return {
    ...(operation === 'SendMessageBatch' && { messageIds: successful.map((entry) => entry.MessageId) }),
    failed: failed.map((entry) => ({ id: entry.Id, code: entry.Code })),
  };
};

/** Nobody is left to read them: they become visible at once instead of after their whole visibility time. */
const giveBack = async (parts: SqsParts, input: SqsInput, messages: readonly Received[]): Promise<void> => {
  const Entries = messages.map(({ ReceiptHandle }, index) => ({
    Id: String(index),
    ReceiptHandle,
    VisibilityTimeout: 0,
  }));
  if (Entries.length > 0)
    await parts.embedded.call('ChangeMessageVisibilityBatch', { QueueUrl: input['QueueUrl'], Entries });
};

const receive = async (parts: SqsParts, input: SqsInput, signal: AbortSignal | undefined) => {
  const output = await parts.embedded.call('ReceiveMessage', input);
  const messages = receivedOf(output);
  for (const message of messages) parts.ids.note(message.ReceiptHandle, message.MessageId);
  // A queue that was deleted meanwhile has nothing to give back to.
  const onHangUp = () => void giveBack(parts, input, messages).catch(() => undefined);
  if (signal?.aborted) onHangUp();
  else signal?.addEventListener('abort', onHangUp, { once: true });
  return output;
};

/** Operations that read or change the queue itself rather than its messages. */
const administer = async (parts: SqsParts, operation: string, input: SqsInput): Promise<Record<string, unknown>> => {
  const { embedded, queues } = parts;
  const name = queueNameOf(String(input['QueueUrl'] ?? input['QueueName'] ?? ''));
  if (operation === 'GetQueueUrl') return { QueueUrl: parts.queueUrl(queues.get(name).name) };
  if (operation === 'ListQueues') return listQueues(parts, await embedded.call(operation, input));
  if (operation === 'CreateQueue') {
    await createQueue(parts, name, (input['Attributes'] as Record<string, string>) ?? {});
    return { QueueUrl: parts.queueUrl(name) };
  }
  const output = await embedded.call(operation, input);
  if (operation === 'DeleteQueue') queues.remove(name);
  if (operation === 'SetQueueAttributes')
    applyAttributes(queues, name, (input['Attributes'] as Record<string, string>) ?? {});
  return operation === 'GetQueueAttributes' ? withOwnAttributes(queues, name, output) : output;
};

/** The caller is shown the seconds it set. */
const withOwnAttributes = (queues: QueueRegistry, name: string, output: Record<string, unknown>) => {
  const shown = { ...(output['Attributes'] as Record<string, string>) };
  const own = queues.get(name).attributes;
  for (const attribute of Object.keys(shown)) shown[attribute] = own[attribute] ?? shown[attribute] ?? '';
  return { Attributes: shown };
};

const listQueues = (parts: SqsParts, output: Record<string, unknown>): Record<string, unknown> => {
  const urls = (output['QueueUrls'] as string[] | undefined) ?? [];
  return { ...output, QueueUrls: urls.map((url) => parts.queueUrl(queueNameOf(url))) };
};

const applyAttributes = (queues: QueueRegistry, name: string, attributes: Readonly<Record<string, string>>): void => {
  const { Policy, ...others } = attributes;
  queues.setAttributes(name, others);
  if (Policy !== undefined) {
    queues.setPolicy(name, Policy === '' ? undefined : readPolicyDocument(Policy, `policy of queue ${name}`));
  }
};

/** Throws AwsError for attributes outside SQS's ranges. Making a queue again with the same attributes changes nothing. */
export const createQueue = async (
  parts: SqsParts,
  name: string,
  attributes: Readonly<Record<string, string>>,
): Promise<void> => {
  await parts.embedded.call('CreateQueue', { QueueName: name, Attributes: attributes });
  if (parts.queues.find(name) === undefined) parts.queues.put({ name, attributes: {} });
  applyAttributes(parts.queues, name, attributes);
};

const MESSAGE_OPERATIONS = new Set([
  'SendMessage',
  'SendMessageBatch',
  'DeleteMessage',
  'DeleteMessageBatch',
  'ChangeMessageVisibility',
  'ChangeMessageVisibilityBatch',
]);

export const sqsService = (parts: SqsParts): LocalService => ({
  signingNames: ['sqs'],
  understand: (request) => understandSqs(jsonTarget(request), inputOf(request), parts.queues, parts.ids),
  handle: async (request): Promise<LocalResponse> => {
    const operation = jsonTarget(request);
    const input = scaleRequest(operation, inputOf(request), parts.queues, parts.timeFactor);
    const output = await runOperation(parts, operation, input, request.signal);
    return { ...jsonAnswer(output), recorded: recordedOf(operation, output) };
  },
  error: sqsError,
});

const runOperation = (parts: SqsParts, operation: string, input: SqsInput, signal: AbortSignal | undefined) => {
  if (operation === 'ReceiveMessage') return receive(parts, input, signal);
  return MESSAGE_OPERATIONS.has(operation)
    ? parts.embedded.call(operation, input)
    : administer(parts, operation, input);
};

/** The JSON protocol's names that differ from the documented codes, which travel in the header. */
const JSON_NAMES: Readonly<Record<string, string>> = {
  NonExistentQueue: 'QueueDoesNotExist',
  AccessDenied: 'AccessDeniedException',
};

const sqsError = (status: number, code: string, message: string): LocalResponse => {
  const bare = code.replace('AWS.SimpleQueueService.', '');
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-query-error': `${code};Sender` },
    body: JSON.stringify({ __type: `com.amazonaws.sqs#${JSON_NAMES[bare] ?? bare}`, message }),
  };
};
