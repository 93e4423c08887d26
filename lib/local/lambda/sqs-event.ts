/**
 * The event Lambda hands a function for a batch of queue messages.
 * Source: Lambda guide, "Using Lambda with Amazon SQS", example event.
 *
 * Not modelled: binary message attributes.
 */
import { LOCAL_REGION, type QueueMessage } from '../service.ts';

const attributesOf = (message: QueueMessage): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(message.messageAttributes).map(([name, { DataType, StringValue }]) => [
      name,
      { stringValue: StringValue, stringListValues: [], binaryListValues: [], dataType: DataType },
    ]),
  );

export const sqsRecord = (queueArn: string, message: QueueMessage): Readonly<Record<string, unknown>> => ({
  messageId: message.messageId,
  receiptHandle: message.receiptHandle,
  body: message.body,
  attributes: message.attributes,
  messageAttributes: attributesOf(message),
  md5OfBody: message.md5OfBody,
  eventSource: 'aws:sqs',
  eventSourceARN: queueArn,
  awsRegion: LOCAL_REGION,
});

export const sqsEvent = (queueArn: string, messages: readonly QueueMessage[]): string =>
  JSON.stringify({ Records: messages.map((message) => sqsRecord(queueArn, message)) });

const parsedBody = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
};

/** A message as filter patterns see it: the body is parsed when it is JSON. */
export const filterable = (message: QueueMessage): Readonly<Record<string, unknown>> => ({
  messageId: message.messageId,
  body: parsedBody(message.body),
  attributes: message.attributes,
  messageAttributes: attributesOf(message),
});
