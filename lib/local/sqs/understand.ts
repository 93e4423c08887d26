/** Which permission an SQS request needs, and what of it is recorded. Bodies never are. */
import { AwsError, type ServiceCall } from '../service.ts';
import type { MessageIds } from './message-ids.ts';
import { type QueueRegistry, queueArn, queueNameOf } from './queue-registry.ts';
import type { SqsInput } from './scaled-requests.ts';

/** IAM has no action for the batches: each is its single form (service authorisation reference of SQS). */
const ACTIONS: Readonly<Record<string, string>> = {
  SendMessage: 'SendMessage',
  SendMessageBatch: 'SendMessage',
  ReceiveMessage: 'ReceiveMessage',
  DeleteMessage: 'DeleteMessage',
  DeleteMessageBatch: 'DeleteMessage',
  ChangeMessageVisibility: 'ChangeMessageVisibility',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
  GetQueueAttributes: 'GetQueueAttributes',
  SetQueueAttributes: 'SetQueueAttributes',
  GetQueueUrl: 'GetQueueUrl',
  ListQueues: 'ListQueues',
  CreateQueue: 'CreateQueue',
  DeleteQueue: 'DeleteQueue',
  PurgeQueue: 'PurgeQueue',
  TagQueue: 'TagQueue',
  UntagQueue: 'UntagQueue',
  ListQueueTags: 'ListQueueTags',
};

const entriesOf = (input: SqsInput): readonly SqsInput[] => (Array.isArray(input['Entries']) ? input['Entries'] : []);

const DURATIONS = ['VisibilityTimeout', 'DelaySeconds', 'WaitTimeSeconds', 'MaxNumberOfMessages'];

const durationsOf = (input: SqsInput): Record<string, unknown> =>
  Object.fromEntries(DURATIONS.filter((name) => name in input).map((name) => [name, input[name]]));

const entryOf = (entry: SqsInput, ids: MessageIds): Record<string, unknown> => ({
  id: entry['Id'],
  ...durationsOf(entry),
  ...(entry['ReceiptHandle'] !== undefined && { messageId: ids.idOf(entry['ReceiptHandle']) }),
});

export const understandSqs = (
  operation: string,
  input: SqsInput,
  queues: QueueRegistry,
  ids: MessageIds,
): ServiceCall => {
  const action = ACTIONS[operation];
  if (action === undefined) {
    throw new AwsError(
      400,
      'InvalidAction',
      `The local SQS does not serve ${operation}; it serves ${Object.keys(ACTIONS).join(', ')}.`,
    );
  }
  const name = queueNameOf(String(input['QueueUrl'] ?? input['QueueName'] ?? '*'));
  const policy = queues.find(name)?.policy;
  const entries = entriesOf(input);
  return {
    action: `sqs:${operation}`,
    checks: [
      {
        action: `sqs:${action}`,
        resource: queueArn(name),
        context: {},
        ...(policy !== undefined && { resourcePolicy: policy }),
      },
    ],
    parameters: {
      queue: name,
      ...durationsOf(input),
      ...(input['ReceiptHandle'] !== undefined && { messageIds: [ids.idOf(input['ReceiptHandle'])] }),
      ...(entries.length > 0 && { count: entries.length, entries: entries.map((entry) => entryOf(entry, ids)) }),
    },
  };
};
