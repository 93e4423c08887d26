import { checkAttempt, type FencedAttempt, foreignWrite, refusedWrite } from './fenced-attempt.ts';

/** What is put. Streams are not taken: a put may have to be repeated. */
export type FencedBody = string | Uint8Array;

interface PutInput {
  readonly Bucket: string;
  readonly Key: string;
  readonly Body: FencedBody;
  readonly Metadata: Record<string, string>;
  readonly IfMatch?: string;
  readonly IfNoneMatch?: string;
}

interface Head {
  readonly ETag?: string | undefined;
  readonly Metadata?: Readonly<Record<string, string>> | undefined;
}

/** The part of the SDK's `S3` class that is used. */
export interface S3Sink {
  headObject(input: { readonly Bucket: string; readonly Key: string }): Promise<Head>;
  putObject(input: PutInput): Promise<{ readonly ETag?: string | undefined }>;
}

/** What else the SDK's putObject takes: ContentType, CacheControl, Metadata of your own and so on. */
export type PutOptions<Client extends S3Sink> = Partial<Omit<Parameters<Client['putObject']>[0], keyof PutInput>> & {
  readonly Metadata?: Readonly<Record<string, string>>;
};

export interface S3Fence<Client extends S3Sink> {
  /**
   * Puts the object unless a later attempt of the task has put it. The same attempt may put it again.
   * @throws StaleAttempt when a later attempt has
   * @throws Error when another task has, and S3's own error when S3 refuses for a reason of its own
   */
  put(attempt: FencedAttempt, key: string, body: FencedBody, options?: PutOptions<Client>): Promise<void>;
}

const TASK = 'spothop-task';
const ATTEMPT = 'spothop-attempt';
/** Each try that is in vain means that somebody else wrote in between: attempts of one task are few. */
const TRIES_MAX = 10;

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;

const headOf = async (client: S3Sink, at: { Bucket: string; Key: string }): Promise<Head | undefined> => {
  try {
    return await client.headObject(at);
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    if (statusOf(error) !== 403) throw error;
    const needed = 's3:GetObject on its objects, and s3:ListBucket, without which S3 answers 403 for what is not there';
    throw new Error(`S3 refused to tell what s3://${at.Bucket}/${at.Key} is. Allow ${needed}.`, { cause: error });
  }
};

/** An object without our marks was put by somebody who knows no fence: it is older than every attempt. */
const checkOwner = (head: Head | undefined, sink: string, attempt: FencedAttempt): void => {
  const owner = head?.Metadata?.[TASK];
  if (owner === undefined) return;
  if (owner !== attempt.taskId) throw foreignWrite(sink, owner, attempt);
  if (Number(head?.Metadata?.[ATTEMPT]) > attempt.attempt) throw refusedWrite(sink, attempt);
};

const conditionFor = (head: Head | undefined): Pick<PutInput, 'IfMatch' | 'IfNoneMatch'> =>
  head?.ETag === undefined ? { IfNoneMatch: '*' } : { IfMatch: head.ETag };

/** 412: it has changed. 404: it has gone. 409: another write is under way. S3 asks to look again and repeat. */
const isOvertaken = (error: unknown): boolean => [404, 409, 412].includes(statusOf(error) ?? 0);

const hasMethods = (client: S3Sink): boolean =>
  typeof client.headObject === 'function' && typeof client.putObject === 'function';

/**
 * Objects that an attempt which was overtaken cannot put any more. The attempt stands in the object's metadata, and
 * each put names the state of the object that it was decided on: `If-Match` with its ETag, or `If-None-Match: *`.
 * Source: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 *
 * Needs `s3:PutObject` and `s3:GetObject`, and `s3:ListBucket`, without which S3 answers 403 for what is not there.
 *
 * What it cannot do:
 * - before the later attempt has put the object, the earlier one may still put it; the later one's put then replaces it;
 * - one key is fenced, not several together;
 * - the ETag of most objects is made of their bytes alone. If the later attempt puts the very bytes that the earlier one
 *   found, in the moment between the earlier one's look and its put, that put is let through. Where this matters, let the
 *   bytes contain the attempt, or use SSE-KMS, with which every write has an ETag of its own.
 */
export const s3Fence = <Client extends S3Sink>(
  client: Client,
  { bucket }: { readonly bucket: string },
): S3Fence<Client> => {
  if (!hasMethods(client)) {
    throw new TypeError('fence.s3 needs the client with methods: new S3({ … }) of @aws-sdk/client-s3, not S3Client.');
  }
  const put: S3Fence<Client>['put'] = async (attempt, key, body, options) => {
    checkAttempt(attempt);
    const at = { Bucket: bucket, Key: key };
    const marks = { [TASK]: attempt.taskId, [ATTEMPT]: String(attempt.attempt) };
    const input = { ...options, ...at, Body: body, Metadata: { ...options?.Metadata, ...marks } };
    for (let tries = 1; ; tries += 1) {
      const head = await headOf(client, at);
      checkOwner(head, `s3://${bucket}/${key}`, attempt);
      try {
        await client.putObject({ ...input, ...conditionFor(head) });
        return;
      } catch (error) {
        if (!isOvertaken(error) || tries === TRIES_MAX) throw error;
      }
    }
  };
  return { put };
};
