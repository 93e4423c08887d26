import {
  ChangeMessageVisibilityCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { LONG_POLL_SECONDS, QUEUE_DELAY_SECONDS_MAX } from '../fleet/limits.ts';
import { encodeTaskMessage } from '../fleet/message.ts';
import {
  type Backlog,
  type DeadLetters,
  type ReceivedMessage,
  TooManyInFlight,
  type WakeQueue,
  type WorkQueue,
} from '../ports/queues.ts';
import { awsErrorCode } from './errors.ts';
import { sendInBatches } from './send-in-batches.ts';

export interface Queue {
  readonly client: SQSClient;
  readonly queueUrl: string;
}

type ReceiveOptions = Parameters<WorkQueue['receive']>[0];

/** A receipt handle that has had its day: the message was received again, deleted, or lies where it lay (B10). */
const STALE_HANDLE = ['ReceiptHandleIsInvalid', 'MessageNotInflight', 'InvalidParameterValue'];

/** More than 120,000 messages of a standard queue are in flight (B11). */
const OVER_LIMIT = ['OverLimit'];

/** The caller gave up waiting. */
const GIVEN_UP = ['AbortError'];

/** Error codes as the JSON protocol and the older query protocol spell them. */
const hasCode = (error: unknown, codes: readonly string[]): boolean =>
  codes.includes(awsErrorCode(error).replace(/^AWS\.SimpleQueueService\./, ''));

const send = async ({ client, queueUrl }: Queue, body: string, delaySeconds = 0, reason?: string): Promise<void> => {
  await client.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: body,
      ...(delaySeconds > 0 ? { DelaySeconds: Math.min(Math.ceil(delaySeconds), QUEUE_DELAY_SECONDS_MAX) } : {}),
      ...(reason ? { MessageAttributes: { reason: { DataType: 'String', StringValue: reason } } } : {}),
    }),
  );
};

/** Every message SQS hands out has an id, a body and a receipt handle. */
const received = (message: Message): ReceivedMessage => ({
  messageId: message.MessageId!,
  body: message.Body ?? '',
  attributes: Object.fromEntries(
    Object.entries(message.MessageAttributes ?? {}).flatMap(([name, { StringValue }]) =>
      StringValue === undefined ? [] : [[name, StringValue]],
    ),
  ),
  receiptHandle: message.ReceiptHandle!,
  receiveCount: Number(message.Attributes?.ApproximateReceiveCount ?? 1),
});

const receive = async ({ client, queueUrl }: Queue, options: ReceiveOptions): Promise<readonly ReceivedMessage[]> => {
  const command = new ReceiveMessageCommand({
    QueueUrl: queueUrl,
    MaxNumberOfMessages: options.countMax ?? 1,
    WaitTimeSeconds: Math.min(options.waitSeconds, LONG_POLL_SECONDS),
    VisibilityTimeout: options.visibilitySeconds,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['ApproximateReceiveCount'],
  });
  try {
    const { Messages = [] } = await client.send(command, options.signal ? { abortSignal: options.signal } : {});
    return Messages.map(received);
  } catch (error) {
    if (hasCode(error, GIVEN_UP)) return [];
    if (hasCode(error, OVER_LIMIT)) throw new TooManyInFlight();
    throw error;
  }
};

const unlessStale = async (change: () => Promise<unknown>): Promise<void> => {
  try {
    await change();
  } catch (error) {
    if (!hasCode(error, STALE_HANDLE)) throw error;
  }
};

const backlog = async ({ client, queueUrl }: Queue): Promise<Backlog> => {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({
      QueueUrl: queueUrl,
      AttributeNames: [
        'ApproximateNumberOfMessages',
        'ApproximateNumberOfMessagesNotVisible',
        'ApproximateNumberOfMessagesDelayed',
      ],
    }),
  );
  return {
    waiting: Number(Attributes['ApproximateNumberOfMessages'] ?? 0),
    inFlight: Number(Attributes['ApproximateNumberOfMessagesNotVisible'] ?? 0),
    delayed: Number(Attributes['ApproximateNumberOfMessagesDelayed'] ?? 0),
  };
};

/** `{"deadLetterTargetArn":"…","maxReceiveCount":"5"}`: the count is a number or a text, as whoever made the queue wrote it. */
const parseReceivesMax = (policy: string | undefined): number | undefined => {
  if (policy === undefined) return undefined;
  const { maxReceiveCount } = JSON.parse(policy) as { readonly maxReceiveCount?: unknown };
  const count = Number(maxReceiveCount);
  return Number.isInteger(count) && count > 0 ? count : undefined;
};

const receivesMax = async ({ client, queueUrl }: Queue): Promise<number | undefined> => {
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['RedrivePolicy'] });
  const { Attributes = {} } = await client.send(command);
  return parseReceivesMax(Attributes['RedrivePolicy']);
};

/** A fleet's work queue in SQS. */
export const sqsWorkQueue = (queue: Queue): WorkQueue => ({
  send: (taskId, delaySeconds) => send(queue, encodeTaskMessage(taskId), delaySeconds),
  sendMany: (taskIds) => sendInBatches(queue, taskIds),
  receive: (options) => receive(queue, options),
  delete: ({ receiptHandle }) =>
    unlessStale(() =>
      queue.client.send(new DeleteMessageCommand({ QueueUrl: queue.queueUrl, ReceiptHandle: receiptHandle })),
    ),
  changeVisibility: ({ receiptHandle }, seconds) =>
    unlessStale(() =>
      queue.client.send(
        new ChangeMessageVisibilityCommand({
          QueueUrl: queue.queueUrl,
          ReceiptHandle: receiptHandle,
          VisibilityTimeout: Math.ceil(seconds),
        }),
      ),
    ),
  backlog: () => backlog(queue),
  receivesMax: () => receivesMax(queue),
});

const REASON_CHARACTERS_MAX = 1_000;

/** SQS takes tab, line ends and printable Unicode (B12); an attribute may not be empty. */
const asAttribute = (reason: string): string =>
  reason
    .toWellFormed()
    .replace(/[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .slice(0, REASON_CHARACTERS_MAX)
    .toWellFormed();

/** Copies of dead tasks: an ordinary task message with the reason beside it, so that it can be sent back as it is. */
export const sqsDeadLetters = (queue: Queue): DeadLetters => ({
  send: (taskId, reason) => send(queue, encodeTaskMessage(taskId), 0, asAttribute(reason)),
});

/** Wakes: the body names the fleet and says nothing else. */
export const sqsWakeQueue = (queue: Queue): WakeQueue => ({
  wake: (fleet, delaySeconds) => send(queue, JSON.stringify({ wake: fleet }), delaySeconds),
});
