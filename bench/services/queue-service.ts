/** The embedded SQS and S3 in a process of its own, which also counts what it is asked for. */
import type { AddressInfo } from 'node:net';
import { buildApp } from 'fauxqs';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { emptyCounts, type FromQueueService, type QueueCounts, type ToQueueService } from './queue-counts.ts';

const clock = wallClock();
const app = buildApp({ logger: false, defaultRegion: 'eu-west-1' });

interface Queue {
  readonly counts: QueueCounts;
  /** By this process's clock. */
  readonly deletedAt: number[];
}

const queues = new Map<string, Queue>();

const queueOf = (queueUrl: string): Queue => {
  const name = queueUrl.split('/').at(-1) ?? '';
  const queue = queues.get(name) ?? { counts: emptyCounts(), deletedAt: [] };
  queues.set(name, queue);
  return queue;
};

const entriesIn = (body: unknown, member: string): number =>
  ((body as Record<string, readonly unknown[] | undefined>)[member] ?? []).length;

const noteDelete = ({ counts, deletedAt }: Queue, deleted: number): void => {
  counts.deleted += deleted;
  for (let message = 0; message < deleted; message += 1) deletedAt.push(clock.now());
};

app.addHook('onSend', (request, reply, payload, done) => {
  const operation = String(request.headers['x-amz-target'] ?? '').replace('AmazonSQS.', '');
  const asked = (typeof request.body === 'string' ? JSON.parse(request.body) : (request.body ?? {})) as object;
  const answer = typeof payload === 'string' && payload.startsWith('{') ? JSON.parse(payload) : {};
  if ('QueueUrl' in asked && reply.statusCode === 200) {
    const queue = queueOf(String(asked.QueueUrl));
    queue.counts.calls[operation] = (queue.counts.calls[operation] ?? 0) + 1;
    if (operation === 'ReceiveMessage') queue.counts.received += entriesIn(answer, 'Messages');
    if (operation === 'DeleteMessage') noteDelete(queue, 1);
    if (operation === 'DeleteMessageBatch') noteDelete(queue, entriesIn(answer, 'Successful'));
  }
  done(null, payload);
});

const tell = (message: FromQueueService): void => void process.send?.(message);

process.on('message', ({ queueUrl, wants }: ToQueueService) => {
  const { counts, deletedAt } = queueOf(queueUrl);
  tell(wants === 'counts' ? { queueUrl, counts } : { queueUrl, deletedAt });
});
process.once('disconnect', () => process.exit());

await app.listen({ port: 0, host: '127.0.0.1' });
tell({ port: (app.server.address() as AddressInfo).port });
