import { ChangeMessageVisibilityCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { SignalQueue } from '../ports/signal-queue.ts';

/** A failed signal is tried again after this; the queue's own timeout would take a quarter of the notice. */
const RETRY_SECONDS = 1;

export const sqsSignalQueue = (options: {
  readonly client: SQSClient;
  readonly queueUrl: string;
  readonly deadLetterQueueUrl: string;
}): SignalQueue => ({
  retrySoon: async (receiptHandle) => {
    await options.client.send(
      new ChangeMessageVisibilityCommand({
        QueueUrl: options.queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: RETRY_SECONDS,
      }),
    );
  },
  keepAside: async (body, reason) => {
    await options.client.send(
      new SendMessageCommand({
        QueueUrl: options.deadLetterQueueUrl,
        MessageBody: body,
        MessageAttributes: { reason: { DataType: 'String', StringValue: reason } },
      }),
    );
  },
});
