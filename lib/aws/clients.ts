import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { PricingClient } from '@aws-sdk/client-pricing';
import { S3Client } from '@aws-sdk/client-s3';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LONG_POLL_SECONDS } from '../fleet/limits.ts';

/**
 * How long a caller can wait.
 *
 * - `signal`: on the path of an interruption, where two minutes are all there is (design section 4 step 1).
 * - `patient`: launches and the command line: a slow answer is better than none, and rate limits are kept to.
 * - `long-poll`: receiving from a work queue, where the answer is meant to take up to 20 s.
 */
export type Pace = 'signal' | 'patient' | 'long-poll';

interface PaceSettings {
  readonly connectMs: number;
  readonly requestMs: number;
  readonly retryMode: 'standard' | 'adaptive';
}

/** Both modes wait exponentially with full jitter between attempts; `adaptive` also slows down when it is throttled. */
const PACES: Readonly<Record<Pace, PaceSettings>> = {
  signal: { connectMs: 1_000, requestMs: 2_000, retryMode: 'standard' },
  patient: { connectMs: 10_000, requestMs: 60_000, retryMode: 'adaptive' },
  'long-poll': { connectMs: 1_000, requestMs: (LONG_POLL_SECONDS + 5) * 1_000, retryMode: 'standard' },
};

const ATTEMPTS_MAX = 3;

/** What every SDK client of ours is made with. Region, credentials and AWS_ENDPOINT_URL are the SDK's own to find. */
export const clientSettings = (pace: Pace) => {
  const { connectMs, requestMs, retryMode } = PACES[pace];
  return {
    maxAttempts: ATTEMPTS_MAX,
    retryMode,
    requestHandler: {
      connectionTimeout: connectMs,
      requestTimeout: requestMs,
      // Without it the SDK only writes a warning when the time is over.
      throwOnRequestTimeout: true,
    },
  };
};

/** Absent members of our records are absent attributes, not an error. */
export const documentClient = (client: DynamoDBClient): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

export const dynamoClient = (pace: Pace): DynamoDBDocumentClient =>
  documentClient(new DynamoDBClient(clientSettings(pace)));

/**
 * A queue's URL names AWS's own host, and the SDK would send there; when an endpoint is given, everything goes to that.
 */
export const sqsClient = (pace: Pace, environment: Readonly<Record<string, string | undefined>>): SQSClient => {
  const hasEndpoint = Boolean(environment['AWS_ENDPOINT_URL'] ?? environment['AWS_ENDPOINT_URL_SQS']);
  return new SQSClient({ ...clientSettings(pace), useQueueUrlAsEndpoint: !hasEndpoint });
};

export const ec2Client = (pace: Pace): EC2Client => new EC2Client(clientSettings(pace));

/** An endpoint of our own has one host name, so the bucket stands in the path; AWS accepts that as well. */
export const s3Client = (pace: Pace): S3Client => new S3Client({ ...clientSettings(pace), forcePathStyle: true });

export const sesClient = (pace: Pace): SESv2Client => new SESv2Client(clientSettings(pace));

export const pricingClient = (region: string): PricingClient =>
  new PricingClient({ ...clientSettings('patient'), region });
