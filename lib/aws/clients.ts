import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EC2Client } from '@aws-sdk/client-ec2';
import { PricingClient } from '@aws-sdk/client-pricing';
import { SESv2Client } from '@aws-sdk/client-sesv2';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { LONG_POLL_SECONDS } from '../fleet/limits.ts';

/**
 * How long a caller can wait.
 *
 * - `signal`: on the path of an interruption, where two minutes are all there is (design section 4 step 1).
 * - `launch`: CreateFleet, which takes its time. One attempt: the intent is repeated under its token by the next reconcile.
 * - `patient`: the command line and the report: a slow answer is better than none, and rate limits are kept to.
 * - `long-poll`: receiving from a work queue, where the answer is meant to take up to 20 s.
 */
export type Pace = 'signal' | 'launch' | 'patient' | 'long-poll';

/** Row I10: three attempts, unless somebody else repeats the call. */
const ATTEMPTS_MAX = 3;

interface PaceSettings {
  readonly connectMs: number;
  readonly requestMs: number;
  readonly retryMode: 'standard' | 'adaptive';
  readonly attemptsMax: number;
}

/** Both modes wait exponentially with full jitter between attempts; `adaptive` also slows down when it is throttled. */
const PACES: Readonly<Record<Pace, PaceSettings>> = {
  signal: { connectMs: 1_000, requestMs: 2_000, retryMode: 'standard', attemptsMax: ATTEMPTS_MAX },
  launch: { connectMs: 2_000, requestMs: 25_000, retryMode: 'standard', attemptsMax: 1 },
  patient: { connectMs: 10_000, requestMs: 60_000, retryMode: 'adaptive', attemptsMax: ATTEMPTS_MAX },
  'long-poll': {
    connectMs: 1_000,
    requestMs: (LONG_POLL_SECONDS + 5) * 1_000,
    retryMode: 'standard',
    attemptsMax: ATTEMPTS_MAX,
  },
};

/** What every SDK client of ours is made with. Region, credentials and AWS_ENDPOINT_URL are the SDK's own to find. */
export const clientSettings = (pace: Pace) => {
  const { connectMs, requestMs, retryMode, attemptsMax } = PACES[pace];
  return {
    maxAttempts: attemptsMax,
    retryMode,
    requestHandler: {
      connectionTimeout: connectMs,
      requestTimeout: requestMs,
      // Without it the SDK only writes a warning when the time is over.
      throwOnRequestTimeout: true,
    },
  };
};

/** Learns the service's time from its answers; lib/clock has one, and this folder needs to know no more of it. */
export interface DateListener {
  /** Milliseconds of a clock that nobody sets. */
  steadyMs(): number;
  onDate(date: string, sentAtMs: number, receivedAtMs: number): void;
}

interface Answered {
  readonly response: unknown;
}

type Exchange = <Request, Answer extends Answered>(
  next: (request: Request) => Promise<Answer>,
) => (request: Request) => Promise<Answer>;

/** The part of an SDK client that every one of them has alike. */
interface ClientWithExchanges {
  readonly middlewareStack: {
    add(middleware: Exchange, options: { step: 'deserialize'; priority: 'low'; name: string }): void;
  };
}

const dateOf = (response: unknown): string | undefined =>
  (response as { readonly headers?: Readonly<Record<string, string>> } | undefined)?.headers?.['date'];

/**
 * Tells the `Date` of every answer, refusals and each attempt of a retried call included: the last step before the wire
 * sees them all, already signed, so that waiting for credentials does not count as waiting for the answer.
 */
const tellDates = (client: ClientWithExchanges, dates: DateListener | undefined): void => {
  if (dates === undefined) return;
  const exchange: Exchange = (next) => async (request) => {
    const sentAtMs = dates.steadyMs();
    const answer = await next(request);
    const date = dateOf(answer.response);
    if (date !== undefined) dates.onDate(date, sentAtMs, dates.steadyMs());
    return answer;
  };
  client.middlewareStack.add(exchange, { step: 'deserialize', priority: 'low', name: 'spothopDates' });
};

/** Absent members of our records are absent attributes, not an error. */
export const documentClient = (client: DynamoDBClient): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });

export const dynamoClient = (pace: Pace, dates?: DateListener): DynamoDBDocumentClient => {
  const client = new DynamoDBClient(clientSettings(pace));
  tellDates(client, dates);
  return documentClient(client);
};

/**
 * A queue's URL names AWS's own host, and the SDK would send there; when an endpoint is given, everything goes to that.
 */
export const sqsClient = (
  pace: Pace,
  environment: Readonly<Record<string, string | undefined>>,
  dates?: DateListener,
): SQSClient => {
  const hasEndpoint = Boolean(environment['AWS_ENDPOINT_URL'] ?? environment['AWS_ENDPOINT_URL_SQS']);
  const client = new SQSClient({ ...clientSettings(pace), useQueueUrlAsEndpoint: !hasEndpoint });
  tellDates(client, dates);
  return client;
};

export const ec2Client = (pace: Pace): EC2Client => new EC2Client(clientSettings(pace));

export const sesClient = (pace: Pace): SESv2Client => new SESv2Client(clientSettings(pace));

export const pricingClient = (region: string): PricingClient =>
  new PricingClient({ ...clientSettings('patient'), region });
