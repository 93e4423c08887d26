/**
 * What Spothop is compared with: the `sqs-consumer` package as its guide has it, with the same handler and none of the
 * guarantees. A batch is deleted with one call once all of it is done. SPOTHOP_BENCH_QUEUE_URL, SPOTHOP_BENCH_CONCURRENCY.
 */
import { Consumer } from 'sqs-consumer';
import { handle, type Work } from './handler.ts';

/** SQS gives at most ten messages at once, so more than that takes several consumers. */
const BATCH_MAX = 10;

const { SPOTHOP_BENCH_QUEUE_URL: queueUrl = '', SPOTHOP_BENCH_CONCURRENCY: concurrency = '1' } = process.env;
const batchSize = Math.min(BATCH_MAX, Number(concurrency));

for (let consumer = 0; consumer < Number(concurrency) / batchSize; consumer += 1) {
  const app = Consumer.create({
    queueUrl,
    batchSize,
    // The queue's URL names a host of AWS's; the endpoint of the environment is where it is.
    useQueueUrlAsEndpoint: false,
    handleMessageBatch: async (messages) => {
      await Promise.all(messages.map((message) => handle(JSON.parse(message.Body ?? '{}') as Work)));
      return messages;
    },
  });
  app.on('error', (error) => process.stderr.write(`${error.message}\n`));
  app.start();
}
