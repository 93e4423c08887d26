import { describe, expect, test } from 'vitest';
import { QueueRegistry } from '../../../lib/local/sqs/queue-registry.ts';
import { scaleRequest } from '../../../lib/local/sqs/scaled-requests.ts';

const queues = new QueueRegistry();
queues.put({
  name: 'slow',
  attributes: { VisibilityTimeout: '60', DelaySeconds: '20', ReceiveMessageWaitTimeSeconds: '10' },
});
queues.put({ name: 'plain', attributes: {} });

const url = (name: string) => ({ QueueUrl: `http://127.0.0.1:1/000000000000/${name}` });
const scaled = (operation: string, input: object) =>
  scaleRequest(operation, input as Record<string, unknown>, queues, 10);

describe('ten times as fast', () => {
  test("a receive without seconds uses a tenth of the queue's own", () =>
    expect(scaled('ReceiveMessage', url('slow'))).toMatchObject({ VisibilityTimeout: 6, WaitTimeSeconds: 1 }));

  test("where the queue has none, a tenth of SQS's defaults", () =>
    expect(scaled('ReceiveMessage', url('plain'))).toMatchObject({ VisibilityTimeout: 3, WaitTimeSeconds: 0 }));

  test('what the caller gives wins, and zero stays zero', () =>
    expect(scaled('ReceiveMessage', { ...url('slow'), VisibilityTimeout: 0, WaitTimeSeconds: 0 })).toMatchObject({
      VisibilityTimeout: 0,
      WaitTimeSeconds: 0,
    }));

  test('fractions are kept to the millisecond, rounded up', () =>
    expect(scaleRequest('ChangeMessageVisibility', { ...url('slow'), VisibilityTimeout: 1 }, queues, 3)).toMatchObject({
      VisibilityTimeout: 0.334,
    }));

  test('each entry of a batch is scaled', () => {
    expect(
      scaled('SendMessageBatch', { ...url('slow'), Entries: [{ Id: 'a' }, { Id: 'b', DelaySeconds: 0 }] }),
    ).toMatchObject({
      Entries: [
        { Id: 'a', DelaySeconds: 2 },
        { Id: 'b', DelaySeconds: 0 },
      ],
    });
    expect(
      scaled('ChangeMessageVisibilityBatch', { ...url('slow'), Entries: [{ Id: 'a', VisibilityTimeout: 900 }] }),
    ).toMatchObject({
      Entries: [{ VisibilityTimeout: 90 }],
    });
  });

  test('what SQS would refuse is handed on for it to refuse', () =>
    expect(scaled('ChangeMessageVisibility', { ...url('slow'), VisibilityTimeout: 50_000 })).toMatchObject({
      VisibilityTimeout: 50_000,
    }));
});
