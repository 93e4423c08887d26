import { SendMessageBatchCommand } from '@aws-sdk/client-sqs';
import type { TaskId } from '../fleet/ids.ts';
import { encodeTaskMessage } from '../fleet/message.ts';
import type { Queue } from './queues.ts';

/** SQS takes ten entries at once (B12). */
const BATCH_SIZE = 10;

/** An answer of 200 may refuse single entries; those are asked for again this often. */
const SENDINGS_MAX = 3;

const batchesOf = (taskIds: readonly TaskId[]): (readonly TaskId[])[] =>
  Array.from({ length: Math.ceil(taskIds.length / BATCH_SIZE) }, (_, batch) =>
    taskIds.slice(batch * BATCH_SIZE, (batch + 1) * BATCH_SIZE),
  );

/** The ids whose entries were refused. */
const sendBatch = async ({ client, queueUrl }: Queue, taskIds: readonly TaskId[]): Promise<readonly TaskId[]> => {
  const { Failed = [] } = await client.send(
    new SendMessageBatchCommand({
      QueueUrl: queueUrl,
      Entries: taskIds.map((taskId, index) => ({ Id: String(index), MessageBody: encodeTaskMessage(taskId) })),
    }),
  );
  return Failed.map(({ Id }) => taskIds[Number(Id)]!);
};

const sendUntilTaken = async (queue: Queue, taskIds: readonly TaskId[]): Promise<readonly TaskId[]> => {
  let unsent = taskIds;
  for (let sending = 0; sending < SENDINGS_MAX && unsent.length > 0; sending += 1) {
    unsent = await sendBatch(queue, unsent);
  }
  return unsent;
};

/** Sends one message for each id, ten at a time. Answers the ids that SQS still refused after the last sending. */
export const sendInBatches = async (queue: Queue, taskIds: readonly TaskId[]): Promise<readonly TaskId[]> => {
  const unsent: TaskId[] = [];
  for (const batch of batchesOf(taskIds)) unsent.push(...(await sendUntilTaken(queue, batch)));
  return unsent;
};
