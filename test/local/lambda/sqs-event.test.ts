import { expect, it } from 'vitest';
import { sqsEvent } from '../../../lib/local/lambda/sqs-event.ts';

it('a queue message reaches the function in the shape Lambda documents', () => {
  const event = sqsEvent('arn:aws:sqs:us-east-1:000000000000:signals', [
    {
      messageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
      receiptHandle: 'handle',
      body: 'hello',
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1545082649183' },
      messageAttributes: { task: { DataType: 'String', StringValue: 't-1' } },
      md5OfBody: '5d41402abc4b2a76b9719d911017c592',
    },
  ]);
  expect(JSON.parse(event)).toEqual({
    Records: [
      {
        messageId: '059f36b4-87a3-44ab-83d2-661975830a7d',
        receiptHandle: 'handle',
        body: 'hello',
        attributes: { ApproximateReceiveCount: '1', SentTimestamp: '1545082649183' },
        messageAttributes: {
          task: { stringValue: 't-1', stringListValues: [], binaryListValues: [], dataType: 'String' },
        },
        md5OfBody: '5d41402abc4b2a76b9719d911017c592',
        eventSource: 'aws:sqs',
        eventSourceARN: 'arn:aws:sqs:us-east-1:000000000000:signals',
        awsRegion: 'us-east-1',
      },
    ],
  });
});
