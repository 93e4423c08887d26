import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Blobs } from '../ports/blobs.ts';
import { classifyAwsError } from './errors.ts';

export interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
}

/**
 * Names are digests, so what is written over is the same content; writing it begins its life in the bucket anew. An object
 * left as an earlier task wrote it would expire with that task, under the row that names it now.
 */
const put = async ({ client, bucket }: Bucket, key: string, content: string): Promise<void> => {
  await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: content }));
};

const get = async ({ client, bucket }: Bucket, key: string): Promise<string | undefined> => {
  try {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return await Body?.transformToString('utf-8');
  } catch (error) {
    if (classifyAwsError(error) === 'not-found' && !isBucketMissing(error)) return undefined;
    throw error;
  }
};

/** A missing bucket is a broken deployment, not a missing object. */
const isBucketMissing = (error: unknown): boolean => (error as { readonly name?: string }).name === 'NoSuchBucket';

export const s3Blobs = (bucket: Bucket): Blobs => ({
  put: (key, content) => put(bucket, key, content),
  get: (key) => get(bucket, key),
});
