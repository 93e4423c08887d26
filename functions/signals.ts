import { BatchProcessor, EventType, processPartialResponse } from '@aws-lambda-powertools/batch';
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { SignalQueue } from '../lib/ports/signal-queue.ts';
import { lambdaEntry } from '../lib/telemetry/lambda-entry.ts';
import { signalsWorld } from '../lib/wiring.ts';
import { countUnknownForm } from '../lib/workflows/count-unknown-form.ts';
import { handleSignalBody, type SignalsWorld } from '../lib/workflows/handle-signal-body.ts';
import { collectWakes } from '../lib/workflows/wakes.ts';

const retrySoon = async (queue: SignalQueue, event: SQSEvent, response: SQSBatchResponse): Promise<void> => {
  const failed = new Set(response.batchItemFailures.map((failure) => failure.itemIdentifier));
  const records = event.Records.filter((record) => failed.has(record.messageId));
  // Failing to shorten the wait is no failure of its own: the record comes back after the queue's timeout.
  await Promise.allSettled(records.map((record) => queue.retrySoon(record.receiptHandle)));
};

/** A batch of signals: each recorded and acted on by itself, the fleets woken once, and only failed ones returned. */
export const signalsHandler =
  (signals: SignalsWorld) =>
  async (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const { world, queue } = signals;
    const wakes = collectWakes(world);
    const handleRecord = async (record: SQSRecord): Promise<void> => {
      try {
        await handleSignalBody(signals, wakes, record.body);
      } catch (error) {
        world.metrics.count('SignalsFailed');
        countUnknownForm(world, error);
        world.log.error('A signal could not be handled and comes again.', {
          messageId: record.messageId,
          error: String(error),
        });
        throw error;
      }
    };
    const response = await processPartialResponse(event, handleRecord, new BatchProcessor(EventType.SQS), {
      context,
      throwOnFullBatchFailure: false,
    });
    await wakes.send();
    await retrySoon(queue, event, response);
    return response;
  };

export const handler = lambdaEntry('signals', (telemetry) => signalsHandler(signalsWorld(process.env, telemetry)));
