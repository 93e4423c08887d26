/** Queues in process, for the parts of the local cloud that act as AWS services do: without a signature. */
import {
  type AuthorisationCheck,
  AwsError,
  type Caller,
  type QueueAccess,
  type QueueMessage,
  type QueueMessageAttribute,
  type QueueSender,
  type Recorder,
} from '../service.ts';
import { queueArn, queueNameOf } from './queue-registry.ts';
import { scaleRequest } from './scaled-requests.ts';
import type { SqsParts } from './sqs-service.ts';

interface WireMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly Attributes?: Record<string, string>;
  readonly MessageAttributes?: Record<string, QueueMessageAttribute>;
}

const fromWire = (message: WireMessage): QueueMessage => ({
  messageId: message.MessageId,
  receiptHandle: message.ReceiptHandle,
  body: message.Body,
  md5OfBody: message.MD5OfBody,
  attributes: message.Attributes ?? {},
  messageAttributes: message.MessageAttributes ?? {},
});

export interface QueueAccessOptions {
  readonly parts: SqsParts;
  readonly recorder: Recorder;
  readonly isAllowed: (caller: Caller, check: AuthorisationCheck) => boolean;
}

/** Codes that say a receipt handle no longer counts. */
const STALE_HANDLE = new Set([
  'MessageNotInflight',
  'AWS.SimpleQueueService.MessageNotInflight',
  'ReceiptHandleIsInvalid',
]);

export const queueAccess = ({ parts, recorder, isAllowed }: QueueAccessOptions): QueueAccess => {
  const call = (operation: string, queue: string, input: Record<string, unknown>) => {
    const name = parts.queues.get(queueNameOf(queue)).name;
    const whole = { ...input, QueueUrl: parts.queueUrl(name) };
    return parts.embedded.call(operation, scaleRequest(operation, whole, parts.queues, parts.timeFactor));
  };
  return {
    send: async (queue, body, options = {}) => {
      const name = queueNameOf(queue);
      if (options.sender !== undefined) demandPolicy(name, options.sender);
      const output = await call('SendMessage', queue, {
        MessageBody: body,
        ...(options.messageAttributes !== undefined && { MessageAttributes: options.messageAttributes }),
        ...(options.delaySeconds !== undefined && { DelaySeconds: options.delaySeconds }),
      });
      const messageId = String(output['MessageId']);
      noteSend(name, options.sender, 'ok', [messageId]);
      return { messageId };
    },
    receive: async (queue, max, visibilitySeconds, waitSeconds = 0) => {
      const output = await call('ReceiveMessage', queue, {
        MaxNumberOfMessages: max,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
        ...(visibilitySeconds !== undefined && { VisibilityTimeout: visibilitySeconds }),
      });
      const messages = ((output['Messages'] as WireMessage[] | undefined) ?? []).map(fromWire);
      for (const message of messages) parts.ids.note(message.receiptHandle, message.messageId);
      return messages;
    },
    delete: async (queue, receiptHandle) => {
      await call('DeleteMessage', queue, { ReceiptHandle: receiptHandle });
    },
    changeVisibility: async (queue, receiptHandle, visibilitySeconds) => {
      const input = { ReceiptHandle: receiptHandle, VisibilityTimeout: visibilitySeconds };
      await call('ChangeMessageVisibility', queue, input).catch((error: unknown) => {
        if (!(error instanceof AwsError && STALE_HANDLE.has(error.code))) throw error;
      });
    },
    depth: async (queue) => {
      if (parts.queues.find(queueNameOf(queue)) === undefined) return undefined;
      const output = await call('GetQueueAttributes', queue, { AttributeNames: ['All'] });
      const attributes = output['Attributes'] as Record<string, string>;
      return {
        visible: Number(attributes['ApproximateNumberOfMessages']),
        inFlight: Number(attributes['ApproximateNumberOfMessagesNotVisible']),
        delayed: Number(attributes['ApproximateNumberOfMessagesDelayed']),
      };
    },
  };

  function demandPolicy(name: string, sender: QueueSender): void {
    const caller: Caller = { kind: 'service', principal: sender.principal, sourceArn: sender.sourceArn };
    const policy = parts.queues.get(name).policy;
    const check: AuthorisationCheck = {
      action: 'sqs:SendMessage',
      resource: queueArn(name),
      context: {},
      ...(policy !== undefined && { resourcePolicy: policy }),
    };
    if (isAllowed(caller, check)) return;
    noteSend(name, sender, 'AccessDenied', []);
    throw new AwsError(
      403,
      'AccessDenied',
      `${sender.principal} is not authorized to perform: sqs:SendMessage on resource: ${queueArn(name)} for ${sender.sourceArn}; the queue's policy must allow it.`,
    );
  }

  function noteSend(
    queue: string,
    sender: QueueSender | undefined,
    outcome: string,
    messageIds: readonly string[],
  ): void {
    recorder.write({
      kind: 'queue-send',
      service: 'sqs',
      action: 'sqs:SendMessage',
      caller: sender === undefined ? 'service/internal' : `service/${sender.principal}`,
      ...(sender !== undefined && { sourceArn: sender.sourceArn }),
      parameters: { queue, count: messageIds.length, messageIds },
      outcome,
    });
  }
};
