import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Blobs } from '../ports/blobs.ts';
import { classifyAwsError, unlessRefused } from './errors.ts';

export interface Bucket {
  readonly client: S3Client;
  readonly bucket: string;
}

/** The object of this name stands already: names are digests, so it is the same one. */
const put = async ({ client, bucket }: Bucket, key: string, content: string): Promise<void> => {
  const command = new PutObjectCommand({ Bucket: bucket, Key: key, Body: content, IfNoneMatch: '*' });
  await unlessRefused(() => client.send(command));
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
