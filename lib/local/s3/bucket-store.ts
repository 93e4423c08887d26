/** Buckets and their objects, in memory. */
import { createHash } from 'node:crypto';
import type { EpochMs } from '../../fleet/time.ts';
import { AwsError, type ObjectAccess, type PolicyDocument } from '../service.ts';

export interface StoredObject {
  readonly key: string;
  readonly body: Buffer;
  readonly etag: string;
  readonly lastModified: EpochMs;
  /** `content-type`, `x-amz-meta-…` and the like, given back as they came. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface Bucket {
  readonly name: string;
  readonly createdAt: EpochMs;
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, Upload>;
  policy?: PolicyDocument;
}

/** A multipart upload that is not complete yet. */
export interface Upload {
  readonly key: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly parts: Map<number, Buffer>;
}

export const etagOf = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;

export const noSuchBucket = (name: string): AwsError =>
  new AwsError(404, 'NoSuchBucket', `The specified bucket ${name} does not exist`);

export class BucketStore implements ObjectAccess {
  readonly #buckets = new Map<string, Bucket>();

  create(name: string, createdAt: EpochMs): Bucket {
    if (this.#buckets.has(name)) {
      throw new AwsError(
        409,
        'BucketAlreadyOwnedByYou',
        `Bucket ${name} already exists; a retained bucket outlives its stack.`,
      );
    }
    const bucket: Bucket = { name, createdAt, objects: new Map(), uploads: new Map() };
    this.#buckets.set(name, bucket);
    return bucket;
  }

  find(name: string): Bucket | undefined {
    return this.#buckets.get(name);
  }

  /** Throws AwsError `NoSuchBucket`. */
  bucket(name: string): Bucket {
    const bucket = this.#buckets.get(name);
    if (bucket === undefined) throw noSuchBucket(name);
    return bucket;
  }

  all(): readonly Bucket[] {
    return [...this.#buckets.values()];
  }

  /** Throws AwsError `BucketNotEmpty`, as S3 and CloudFormation do. */
  remove(name: string): void {
    if (this.bucket(name).objects.size > 0) {
      throw new AwsError(409, 'BucketNotEmpty', `The bucket ${name} you tried to delete is not empty`);
    }
    this.#buckets.delete(name);
  }

  get(bucket: string, key: string): Buffer | undefined {
    return this.#buckets.get(bucket)?.objects.get(key)?.body;
  }
}
