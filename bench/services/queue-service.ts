/** The embedded SQS and S3 in a process of its own, which also counts what it is asked for. */
import type { AddressInfo } from 'node:net';
import { buildApp } from 'fauxqs';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { emptyCounts, type FromQueueService, type QueueCounts, type ToQueueService } from './queue-counts.ts';

const clock = wallClock();
const app = buildApp({ logger: false, defaultRegion: 'eu-west-1' });
const queues = new Map<string, QueueCounts>();

const countsOf = (queueUrl: string): QueueCounts => {
  const name = queueUrl.split('/').at(-1) ?? '';
  const counts = queues.get(name) ?? emptyCounts();
  queues.set(name, counts);
  return counts;
};

const entriesIn = (body: unknown, member: string): number =>
  ((body as Record<string, readonly unknown[] | undefined>)[member] ?? []).length;

const noteReceive = (counts: QueueCounts, answer: unknown): void => {
  const received = entriesIn(answer, 'Messages');
  counts.received += received;
  if (received > 0) counts.firstReceivedAt ??= clock.now();
};

const noteDelete = (counts: QueueCounts, deleted: number): void => {
  counts.deleted += deleted;
  if (deleted > 0) counts.lastDeletedAt = clock.now();
};

app.addHook('onSend', (request, reply, payload, done) => {
  const operation = String(request.headers['x-amz-target'] ?? '').replace('AmazonSQS.', '');
  const asked = (typeof request.body === 'string' ? JSON.parse(request.body) : (request.body ?? {})) as object;
  const answer = typeof payload === 'string' && payload.startsWith('{') ? JSON.parse(payload) : {};
  if ('QueueUrl' in asked && reply.statusCode === 200) {
    const counts = countsOf(String(asked.QueueUrl));
    counts.calls[operation] = (counts.calls[operation] ?? 0) + 1;
    if (operation === 'ReceiveMessage') noteReceive(counts, answer);
    if (operation === 'DeleteMessage') noteDelete(counts, 1);
    if (operation === 'DeleteMessageBatch') noteDelete(counts, entriesIn(answer, 'Successful'));
  }
  done(null, payload);
});

const tell = (message: FromQueueService): void => void process.send?.(message);

process.on('message', (message: ToQueueService) => tell({ counts: countsOf(message.countsOf), of: message.countsOf }));
process.once('disconnect', () => process.exit());

await app.listen({ port: 0, host: '127.0.0.1' });
tell({ port: (app.server.address() as AddressInfo).port });
