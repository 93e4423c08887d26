import { createHash } from 'node:crypto';
import { ReceiveMessageCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { s3Blobs } from '../../lib/aws/blobs.ts';
import { sqsDeadLetters, sqsWakeQueue, sqsWorkQueue } from '../../lib/aws/queues.ts';
import { fleetName, taskId } from '../../lib/fleet/ids.ts';
import type { Blobs } from '../../lib/ports/blobs.ts';
import type { ReceivedMessage, WorkQueue } from '../../lib/ports/queues.ts';
import { memoryBlobs } from '../../lib/simulator/ports/memory-blobs.ts';
import { memoryWorkQueue } from '../../lib/simulator/ports/memory-work-queue.ts';
import { manualClock } from '../support/manual-clock.ts';
import { startQueues } from './support/embedded-queues.ts';
import { MANY_SEQUENCES_MS } from './support/samples.ts';

let services: Awaited<ReturnType<typeof startQueues>>;
beforeAll(async () => {
  services = await startQueues();
});
afterAll(() => services.stop());

/** Far longer than a run: the embedded queue keeps its own time, which stands still for our purposes. */
const HIDDEN = 600;

/** What happens to a queue, with handles named by how many receipts ago they were given. */
type Act =
  | { readonly act: 'send' | 'send-late' | 'receive' | 'count' }
  | { readonly act: 'delete' | 'show' | 'hide' | 'hide-too-long'; readonly handlesAgo: number };

const acts: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Act>({ act: 'send' }) },
  { weight: 1, arbitrary: fc.constant<Act>({ act: 'send-late' }) },
  { weight: 4, arbitrary: fc.constant<Act>({ act: 'receive' }) },
  { weight: 1, arbitrary: fc.constant<Act>({ act: 'count' }) },
  {
    weight: 6,
    arbitrary: fc.record(
      { act: fc.constantFrom('delete', 'show', 'show', 'hide', 'hide-too-long'), handlesAgo: fc.nat({ max: 2 }) },
      { noNullPrototype: true },
    ) as fc.Arbitrary<Act>,
  },
);

/** A queue with the handles it gave, so that both queues are asked about the same receipt. */
const actor = (queue: WorkQueue) => {
  const handles: ReceivedMessage[] = [];
  let sent = 0;
  const receive = async () => {
    const messages = await queue.receive({ waitSeconds: 0, visibilitySeconds: HIDDEN, countMax: 10 });
    const inOrder = [...messages].sort((one, other) => (one.body < other.body ? -1 : 1));
    handles.unshift(...inOrder);
    return inOrder.map(({ body, receiveCount }) => ({ body, receiveCount }));
  };
  const handled = async (act: Act & { handlesAgo: number }): Promise<unknown> => {
    const message = handles[act.handlesAgo];
    if (!message) return 'no handle';
    if (act.act === 'delete') return queue.delete(message);
    if (act.act === 'show') return queue.changeVisibility(message, 0);
    return queue.changeVisibility(message, act.act === 'hide' ? HIDDEN : 43_200 + HIDDEN);
  };
  return async (act: Act): Promise<unknown> => {
    if ('handlesAgo' in act) return handled(act);
    if (act.act === 'receive') return receive();
    if (act.act === 'count') return queue.backlog();
    sent += 1;
    return queue.send(taskId(`task-${sent}`), act.act === 'send-late' ? HIDDEN : 0);
  };
};

describe('the work queue in memory and the one in SQS', () => {
  test('hand out, hide, count and delete alike', { timeout: MANY_SEQUENCES_MS }, async () => {
    let run = 0;
    const oneRun = async (sequence: readonly Act[]): Promise<void> => {
      run += 1;
      const queueUrl = await services.queueUrl(`run-${run}`);
      const onMemory = actor(memoryWorkQueue(manualClock(1_000)));
      const onSqs = actor(sqsWorkQueue({ client: services.sqs, queueUrl }));
      for (const act of sequence) expect(await onSqs(act), act.act).toStrictEqual(await onMemory(act));
    };
    await fc.assert(fc.asyncProperty(fc.array(acts, { minLength: 4, maxLength: 20 }), oneRun), { numRuns: 100 });
  });
});

describe('the work queue in SQS', () => {
  test('sends many tasks in batches of ten, each once', async () => {
    const queue = sqsWorkQueue({ client: services.sqs, queueUrl: await services.queueUrl('many') });
    const ids = Array.from({ length: 23 }, (_, number) => taskId(`task-${number}`));
    expect(await queue.sendMany(ids)).toStrictEqual([]);
    expect(await queue.backlog()).toMatchObject({ waiting: 23 });
  });

  test('gives one message unless more are asked for', async () => {
    const queue = sqsWorkQueue({ client: services.sqs, queueUrl: await services.queueUrl('one') });
    await queue.sendMany([taskId('a'), taskId('b')]);
    expect(await queue.receive({ waitSeconds: 0, visibilitySeconds: 30 })).toHaveLength(1);
  });

  test('hands on the text attributes of a producer that knows nothing of us', async () => {
    const queueUrl = await services.queueUrl('foreign');
    const attributes = { video: { DataType: 'String', StringValue: 'v-17' } };
    await services.sqs.send(
      new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: 'plain text', MessageAttributes: attributes }),
    );
    const queue = sqsWorkQueue({ client: services.sqs, queueUrl });
    const [message] = await queue.receive({ waitSeconds: 0, visibilitySeconds: 30 });
    expect(message).toMatchObject({ body: 'plain text', attributes: { video: 'v-17' }, receiveCount: 1 });
  });

  test('answers nothing as soon as the caller gives up waiting', async () => {
    const queue = sqsWorkQueue({ client: services.sqs, queueUrl: await services.queueUrl('empty') });
    const caller = new AbortController();
    const waiting = queue.receive({ waitSeconds: 20, visibilitySeconds: 30, signal: caller.signal });
    caller.abort();
    expect(await waiting).toStrictEqual([]);
  });
});

describe('what else we send', () => {
  const bodiesOf = async (queueUrl: string) => {
    const asked = new ReceiveMessageCommand({ QueueUrl: queueUrl, MessageAttributeNames: ['All'] });
    return (await services.sqs.send(asked)).Messages ?? [];
  };

  test('a wake names its fleet and nothing else', async () => {
    const queueUrl = await services.queueUrl('wake');
    await sqsWakeQueue({ client: services.sqs, queueUrl }).wake(fleetName('encode'));
    expect(await bodiesOf(queueUrl)).toMatchObject([{ Body: '{"wake":"encode"}' }]);
  });

  test('a dead task is copied as a message that can be sent back, with its reason beside it', async () => {
    const queueUrl = await services.queueUrl('dead');
    await sqsDeadLetters({ client: services.sqs, queueUrl }).send(taskId('t-1'), 'exit 1:\u0000 no such file');
    const [message] = await bodiesOf(queueUrl);
    expect(message?.Body).toBe('{"spothop":1,"taskId":"t-1"}');
    expect(message?.MessageAttributes?.['reason']?.StringValue).toBe('exit 1:\uFFFD no such file');
  });
});

/** Names are digests, so what stands under a name is always the same content. */
const objects = fc.array(
  fc.record({
    act: fc.constantFrom('put', 'get'),
    content: fc.constantFrom('', '{"frame":7}', 'grün ✓', 'x'.repeat(40_000), '\r\n\u0000'),
  }),
  { minLength: 4, maxLength: 12 },
);

describe('objects in memory and in S3', () => {
  test('answer every put and get alike', { timeout: MANY_SEQUENCES_MS }, async () => {
    let run = 0;
    const stored = s3Blobs({ client: services.s3, bucket: 'blobs' });
    const oneRun = async (sequence: readonly { readonly act: string; readonly content: string }[]): Promise<void> => {
      run += 1;
      const memory = memoryBlobs();
      for (const { act, content } of sequence) {
        const key = `run-${run}/${createHash('sha256').update(content).digest('hex')}`;
        const on = (blobs: Blobs) => (act === 'put' ? blobs.put(key, content) : blobs.get(key));
        expect(await on(stored), act).toStrictEqual(await on(memory));
      }
    };
    await fc.assert(fc.asyncProperty(objects, oneRun), { numRuns: 100 });
  });

  test('are there once put, and undefined before', async () => {
    for (const blobs of [memoryBlobs(), s3Blobs({ client: services.s3, bucket: 'blobs' })]) {
      expect(await blobs.get('results/digest-1')).toBeUndefined();
      await blobs.put('results/digest-1', 'grün ✓');
      await blobs.put('results/digest-1', 'grün ✓');
      expect(await blobs.get('results/digest-1')).toBe('grün ✓');
    }
  });

  test('a bucket that is not there is an error, not an absent object', async () => {
    await expect(s3Blobs({ client: services.s3, bucket: 'no-such-bucket' }).get('key')).rejects.toThrow();
  });
});
