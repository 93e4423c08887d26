/**
 * A request with every duration divided by the time factor. The embedded SQS runs on the wall clock and takes fractions
 * of a second, so the division is exact to the millisecond; a wait of zero stays zero.
 */
import { type QueueRegistry, queueNameOf, queueSeconds } from './queue-registry.ts';

export type SqsInput = Readonly<Record<string, unknown>>;

const VISIBILITY_SECONDS_MAX = 43_200;
const DELAY_SECONDS_MAX = 900;
const WAIT_SECONDS_MAX = 20;

const scaled = (seconds: number, timeFactor: number): number => Math.ceil((seconds * 1_000) / timeFactor) / 1_000;

/** Out of SQS's range: handed on as it is, for SQS to refuse. */
const scaledWithin = (value: unknown, max: number, timeFactor: number): unknown =>
  typeof value === 'number' && value >= 0 && value <= max ? scaled(value, timeFactor) : value;

const scaleEntries = (entries: unknown, scale: (entry: SqsInput) => SqsInput): unknown =>
  Array.isArray(entries) ? entries.map(scale) : entries;

/** `queues` supplies what the request leaves to the queue: the embedded queue itself knows no scaled defaults. */
export const scaleRequest = (
  operation: string,
  input: SqsInput,
  queues: QueueRegistry,
  timeFactor: number,
): SqsInput => {
  const queue = queues.find(queueNameOf(String(input['QueueUrl'] ?? '')));
  const visibility = (entry: SqsInput): SqsInput => ({
    ...entry,
    VisibilityTimeout: scaledWithin(entry['VisibilityTimeout'], VISIBILITY_SECONDS_MAX, timeFactor),
  });
  const delay = (entry: SqsInput): SqsInput => {
    if (queue === undefined || queue.name.endsWith('.fifo')) return entry;
    const seconds = entry['DelaySeconds'] ?? queueSeconds(queue, 'DelaySeconds');
    return { ...entry, DelaySeconds: scaledWithin(seconds, DELAY_SECONDS_MAX, timeFactor) };
  };
  if (operation === 'ReceiveMessage' && queue !== undefined) {
    const wait = input['WaitTimeSeconds'] ?? queueSeconds(queue, 'ReceiveMessageWaitTimeSeconds');
    const seconds = input['VisibilityTimeout'] ?? queueSeconds(queue, 'VisibilityTimeout');
    return {
      ...visibility({ ...input, VisibilityTimeout: seconds }),
      WaitTimeSeconds: scaledWithin(wait, WAIT_SECONDS_MAX, timeFactor),
    };
  }
  if (operation === 'ChangeMessageVisibility') return visibility(input);
  if (operation === 'ChangeMessageVisibilityBatch')
    return { ...input, Entries: scaleEntries(input['Entries'], visibility) };
  if (operation === 'SendMessage') return delay(input);
  if (operation === 'SendMessageBatch') return { ...input, Entries: scaleEntries(input['Entries'], delay) };
  return input;
};
