import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { SignalsWorld } from '../../workflows/handle-signal-body.ts';
import type { PricesWorld } from '../../workflows/read-prices.ts';
import type { World } from '../../workflows/world.ts';

/** The deployed functions, handed in by whoever may import them: what is explored is what is deployed. */
export interface DeployedFunctions {
  readonly signals: (signals: SignalsWorld) => (event: SQSEvent, context: Context) => Promise<SQSBatchResponse>;
  readonly reconcile: (world: World) => (event: SQSEvent | { readonly schedule: 'minute' }) => Promise<void>;
}

/** Those, and what is explored beside them. */
export interface ExploredFunctions extends DeployedFunctions {
  readonly prices: (world: PricesWorld) => () => Promise<void>;
}

export const CONTEXT = { functionName: 'simulated', getRemainingTimeInMillis: () => 5_000 } as unknown as Context;

export const sqsRecord = (messageId: string, body: string): SQSRecord => ({
  messageId,
  receiptHandle: `receipt of ${messageId}`,
  body,
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: '0',
    SenderId: 'simulated',
    ApproximateFirstReceiveTimestamp: '0',
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:us-east-1:123456789012:simulated',
  awsRegion: 'us-east-1',
});
