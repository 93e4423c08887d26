/**
 * fauxqs inside this process, without a socket of its own.
 *
 * What fauxqs does not model: message moves between queues by StartMessageMoveTask, FIFO receives of several messages at
 * once, KMS, redrive permissions, an approximate age of the oldest message.
 */
import { buildApp } from 'fauxqs';
import { AwsError, LOCAL_REGION } from '../service.ts';

export interface EmbeddedQueues {
  /** One JSON-protocol operation. Throws AwsError with SQS's own code. Seconds are wall-clock seconds here. */
  call(operation: string, input: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>>;
  /** Ends every waiting poll. */
  close(): Promise<void>;
}

interface EmbeddedError {
  readonly __type?: string;
  readonly message?: string;
}

export const embeddedQueues = (): EmbeddedQueues => {
  const app = buildApp({ logger: false, defaultRegion: LOCAL_REGION });
  return {
    call: async (operation, input) => {
      const answer = await app.inject({
        method: 'POST',
        url: '/',
        headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
        payload: JSON.stringify(input),
      });
      const body = answer.payload === '' ? {} : JSON.parse(answer.payload);
      if (answer.statusCode < 400) return body;
      throw embeddedError(answer.statusCode, answer.headers['x-amzn-query-error'], body);
    },
    close: () => app.close(),
  };
};

/** Codes that SQS documents with its prefix; fauxqs writes the prefix before every code. */
const PREFIX = 'AWS.SimpleQueueService.';
const PREFIXED = new Set([
  'NonExistentQueue',
  'MessageNotInflight',
  'PurgeQueueInProgress',
  'UnsupportedOperation',
  'TooManyEntriesInBatchRequest',
  'BatchRequestTooLong',
  'EmptyBatchRequest',
  'InvalidBatchEntryId',
  'BatchEntryIdsNotDistinct',
]);

const documentedCode = (queryError: unknown, type: string | undefined): string => {
  const code = typeof queryError === 'string' ? queryError.split(';')[0] : type?.split('#').at(-1);
  const bare = code?.replace(PREFIX, '') ?? 'InternalFailure';
  return PREFIXED.has(bare) ? `${PREFIX}${bare}` : bare;
};

const embeddedError = (status: number, queryError: unknown, body: EmbeddedError): AwsError => {
  const code = documentedCode(queryError, body.__type);
  return new AwsError(status, code, body.message ?? code);
};
