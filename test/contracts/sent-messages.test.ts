import { GetQueueAttributesCommand, type Message, ReceiveMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqsDeadLetters, sqsWakeQueue } from '../../lib/aws/queues.ts';
import { sqsSignalQueue } from '../../lib/aws/signal-queue.ts';
import { fleetName, taskId } from '../../lib/fleet/ids.ts';
import { parseTaskMessage } from '../../lib/fleet/message.ts';
import { memoryWakeQueue } from '../../lib/simulator/ports/memory-wake-queue.ts';
import { memoryDeadLetters } from '../../lib/simulator/ports/memory-work-queue.ts';
import { manualClock } from '../support/manual-clock.ts';
import { startQueues } from './support/embedded-queues.ts';
import { MANY_SEQUENCES_MS } from './support/samples.ts';

/** What we only send answers nothing, so both forms are compared by what whoever receives it finds. */

let services: Awaited<ReturnType<typeof startQueues>>;
beforeAll(async () => {
  services = await startQueues();
});
afterAll(() => services.stop());

const receiveAll = async (client: SQSClient, queueUrl: string): Promise<readonly Message[]> => {
  const found: Message[] = [];
  for (;;) {
    const asked = { QueueUrl: queueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ['All'] };
    const { Messages = [] } = await client.send(new ReceiveMessageCommand(asked));
    if (Messages.length === 0) return found;
    found.push(...Messages);
  }
};

const delayedIn = async (client: SQSClient, queueUrl: string): Promise<number> => {
  const asked = { QueueUrl: queueUrl, AttributeNames: ['ApproximateNumberOfMessagesDelayed' as const] };
  const { Attributes } = await client.send(new GetQueueAttributesCommand(asked));
  return Number(Attributes?.ApproximateNumberOfMessagesDelayed);
};

/** Far longer than a run, and beyond the 900 s that a queue can wait. */
const delays = fc.constantFrom(undefined, 0, 60, 599.5, 900, 5_000);
const wakes = fc.array(fc.record({ fleet: fc.constantFrom('encode', 'index'), delay: delays }), { maxLength: 12 });

describe('the wake queue in memory and the one in SQS', () => {
  test('wake the same fleets at once, and keep the others for later', { timeout: MANY_SEQUENCES_MS }, async () => {
    let run = 0;
    const oneRun = async (sequence: readonly { readonly fleet: string; readonly delay: number | undefined }[]) => {
      run += 1;
      const queueUrl = await services.queueUrl(`wakes-${run}`);
      const clock = manualClock(1_000);
      const memory = memoryWakeQueue(clock);
      const stored = sqsWakeQueue({ client: services.sqs, queueUrl });
      for (const { fleet, delay } of sequence) {
        await memory.wake(fleetName(fleet), delay);
        await stored.wake(fleetName(fleet), delay);
      }
      const bodies = (await receiveAll(services.sqs, queueUrl)).map(({ Body }) => JSON.parse(Body!).wake as string);
      expect([...new Set(bodies)].sort()).toStrictEqual([...memory.takeDue()].sort());
      expect((await delayedIn(services.sqs, queueUrl)) > 0).toBe(memory.nextAt() !== undefined);
      await clock.advance(900_000);
      memory.takeDue();
      expect(memory.nextAt()).toBeUndefined();
    };
    await fc.assert(fc.asyncProperty(wakes, oneRun), { numRuns: 100 });
  });
});

const letters = fc.array(
  fc.record({
    task: fc.constantFrom('t-1', 'batch/7.json', 'a.b:c'),
    reason: fc.constantFrom('exit 1', 'no such file: a\tb\nc', 'Ähnlich ✓ 😀'),
  }),
  { maxLength: 6 },
);

describe('dead letters in memory and in SQS', () => {
  test('name the same tasks, each with its reason, as messages that can be sent back', {
    timeout: MANY_SEQUENCES_MS,
  }, async () => {
    let run = 0;
    const oneRun = async (sequence: readonly { readonly task: string; readonly reason: string }[]) => {
      run += 1;
      const queueUrl = await services.queueUrl(`letters-${run}`);
      const memory = memoryDeadLetters();
      const stored = sqsDeadLetters({ client: services.sqs, queueUrl });
      for (const { task, reason } of sequence) {
        await memory.send(taskId(task), reason);
        await stored.send(taskId(task), reason);
      }
      const found = (await receiveAll(services.sqs, queueUrl)).map(({ Body, MessageAttributes }) => {
        const parsed = parseTaskMessage(Body!);
        const reason = MessageAttributes?.['reason']?.StringValue;
        return { taskId: parsed.kind === 'task' ? parsed.taskId : undefined, reason };
      });
      const inOrder = (list: readonly object[]) => list.map((one) => JSON.stringify(one)).sort();
      expect(inOrder(found)).toStrictEqual(inOrder(memory.sent));
    };
    await fc.assert(fc.asyncProperty(letters, oneRun), { numRuns: 100 });
  });
});

describe('a signal that cannot be handled', () => {
  test('is hidden for a second and no longer, or kept aside with the reason', async () => {
    const queueUrl = await services.queueUrl('signals');
    const deadLetterQueueUrl = await services.queueUrl('signals-dead');
    const queue = sqsSignalQueue({ client: services.sqs, queueUrl, deadLetterQueueUrl });
    await queue.keepAside('{"broken":', 'it is no JSON');
    const [kept] = await receiveAll(services.sqs, deadLetterQueueUrl);
    expect(kept).toMatchObject({ Body: '{"broken":', MessageAttributes: { reason: { StringValue: 'it is no JSON' } } });
    // The model makes the same second of it: lib/simulator/life/signals-host.ts.
    const sent: unknown[] = [];
    const client = { send: async (command: { readonly input: unknown }) => void sent.push(command.input) };
    await sqsSignalQueue({ client: client as never, queueUrl, deadLetterQueueUrl }).retrySoon('handle-1');
    expect(sent).toStrictEqual([{ QueueUrl: queueUrl, ReceiptHandle: 'handle-1', VisibilityTimeout: 1 }]);
  });
});
