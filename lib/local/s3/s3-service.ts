/**
 * S3, path style.
 *
 * What it does not model: virtual-hosted names, versions, copies, ACLs, tags, lifecycle rules, encryption settings,
 * checksums (they are accepted unchecked), presigned URLs' expiry. Objects live in memory and end with the local cloud.
 */
import type { Clock } from '../../ports/clock.ts';
import { restXmlError } from '../http/answers.ts';
import { type XmlValue, xmlElement } from '../http/xml.ts';
import { randomText } from '../iam/credentials.ts';
import { AwsError, type LocalRequest, type LocalResponse, type LocalService } from '../service.ts';
import { type Bucket, type BucketStore, etagOf, type StoredObject, type Upload } from './bucket-store.ts';
import { deletedKeys, type S3Operation, type S3Target, targetOf, understandS3 } from './operations.ts';

export interface S3Parts {
  readonly buckets: BucketStore;
  readonly clock: Clock;
  readonly random: () => number;
}

type Handler = (parts: S3Parts, request: LocalRequest, target: S3Target) => LocalResponse;

const NAMESPACE = 'http://s3.amazonaws.com/doc/2006-03-01/';

const xmlAnswer = (name: string, value: Readonly<Record<string, XmlValue>>): LocalResponse => ({
  status: 200,
  headers: { 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="UTF-8"?>${xmlElement(name, value, {}).replace(`<${name}>`, `<${name} xmlns="${NAMESPACE}">`)}`,
});

const empty = (status = 200, headers: Record<string, string> = {}): LocalResponse => ({ status, headers, body: '' });

const KEPT_HEADER = /^(content-type|content-encoding|content-disposition|cache-control|x-amz-meta-.*)$/;

/** `aws-chunked` describes the transfer, not the object. */
const keptHeaders = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).filter(([name, value]) => KEPT_HEADER.test(name) && value !== 'aws-chunked'),
  );

const store = (
  parts: S3Parts,
  bucket: Bucket,
  object: Pick<StoredObject, 'key' | 'body' | 'headers' | 'etag'>,
): void => {
  bucket.objects.set(object.key, { ...object, lastModified: parts.clock.now() });
};

const noSuchKey = (key: string): AwsError => new AwsError(404, 'NoSuchKey', `The specified key ${key} does not exist.`);

const putObject: Handler = (parts, request, target) => {
  const bucket = parts.buckets.bucket(target.bucket);
  const existing = bucket.objects.get(target.key);
  const mustMatch = request.headers['if-match'];
  // Of an object that is not there S3 says so: 404, not 412.
  if (mustMatch !== undefined && existing === undefined) throw noSuchKey(target.key);
  if (
    (request.headers['if-none-match'] === '*' && existing) ||
    (mustMatch !== undefined && existing?.etag !== mustMatch)
  ) {
    throw new AwsError(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
  }
  const etag = etagOf(request.body);
  store(parts, bucket, { key: target.key, body: request.body, etag, headers: keptHeaders(request.headers) });
  return empty(200, { etag });
};

const objectOf = (parts: S3Parts, target: S3Target): StoredObject => {
  const object = parts.buckets.bucket(target.bucket).objects.get(target.key);
  if (object === undefined) throw noSuchKey(target.key);
  return object;
};

const objectHeaders = (object: StoredObject): Record<string, string> => ({
  'content-type': 'application/octet-stream',
  ...object.headers,
  etag: object.etag,
  'last-modified': new Date(object.lastModified).toUTCString(),
  'accept-ranges': 'bytes',
});

const RANGE = /^bytes=(\d*)-(\d*)$/;

/** First and last byte, both counted from zero; undefined for the whole object. */
const rangeOf = (header: string | undefined, size: number): [number, number] | undefined => {
  const match = RANGE.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  const from = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const to = match[1] === '' || match[2] === '' ? size - 1 : Math.min(size - 1, Number(match[2]));
  if (from > to) throw new AwsError(416, 'InvalidRange', 'The requested range is not satisfiable');
  return [from, to];
};

const getObject: Handler = (parts, request, target) => {
  const object = objectOf(parts, target);
  const range = rangeOf(request.headers['range'], object.body.length);
  if (range === undefined) return { status: 200, headers: objectHeaders(object), body: object.body };
  const [from, to] = range;
  const headers = { ...objectHeaders(object), 'content-range': `bytes ${from}-${to}/${object.body.length}` };
  return { status: 206, headers, body: object.body.subarray(from, to + 1) };
};

const headObject: Handler = (parts, _request, target) => {
  const object = objectOf(parts, target);
  return empty(200, { ...objectHeaders(object), 'content-length': String(object.body.length) });
};

const KEYS_PER_PAGE = 1_000;

const listObjects: Handler = (parts, request, target) => {
  const bucket = parts.buckets.bucket(target.bucket);
  const prefix = request.query.get('prefix') ?? '';
  const after = request.query.get('continuation-token') ?? request.query.get('start-after') ?? '';
  const max = Math.min(KEYS_PER_PAGE, Number(request.query.get('max-keys') ?? KEYS_PER_PAGE));
  const found = [...bucket.objects.values()]
    .filter((object) => object.key.startsWith(prefix) && object.key > after)
    .sort((one, other) => (one.key < other.key ? -1 : 1));
  const page = found.slice(0, max);
  const isTruncated = found.length > page.length;
  return xmlAnswer('ListBucketResult', {
    Name: bucket.name,
    Prefix: prefix,
    KeyCount: page.length,
    MaxKeys: max,
    IsTruncated: isTruncated,
    ...(isTruncated && { NextContinuationToken: page.at(-1)?.key }),
    Contents: page.map((object) => ({
      Key: object.key,
      LastModified: new Date(object.lastModified).toISOString(),
      ETag: object.etag,
      Size: object.body.length,
      StorageClass: 'STANDARD',
    })),
  });
};

const listVersions: Handler = (parts, request, target) => {
  const prefix = request.query.get('prefix') ?? '';
  const objects = [...parts.buckets.bucket(target.bucket).objects.values()].filter(({ key }) => key.startsWith(prefix));
  return xmlAnswer('ListVersionsResult', {
    Name: target.bucket,
    IsTruncated: false,
    Version: objects.map(({ key, etag }) => ({ Key: key, VersionId: 'null', IsLatest: true, ETag: etag })),
  });
};

const deleteObjects: Handler = (parts, request, target) => {
  const bucket = parts.buckets.bucket(target.bucket);
  const keys = deletedKeys(request.body);
  for (const key of keys) bucket.objects.delete(key);
  return xmlAnswer('DeleteResult', { Deleted: keys.map((Key) => ({ Key })) });
};

const createUpload: Handler = (parts, request, target) => {
  const UploadId = randomText(parts.random, 32);
  const upload: Upload = { key: target.key, headers: keptHeaders(request.headers), parts: new Map() };
  parts.buckets.bucket(target.bucket).uploads.set(UploadId, upload);
  return xmlAnswer('InitiateMultipartUploadResult', { Bucket: target.bucket, Key: target.key, UploadId });
};

const uploadOf = (parts: S3Parts, request: LocalRequest, target: S3Target): [Bucket, Upload, string] => {
  const bucket = parts.buckets.bucket(target.bucket);
  const id = request.query.get('uploadId') ?? '';
  const upload = bucket.uploads.get(id);
  if (upload === undefined)
    throw new AwsError(404, 'NoSuchUpload', `The specified multipart upload ${id} does not exist.`);
  return [bucket, upload, id];
};

const uploadPart: Handler = (parts, request, target) => {
  const [, upload] = uploadOf(parts, request, target);
  upload.parts.set(Number(request.query.get('partNumber')), request.body);
  return empty(200, { etag: etagOf(request.body) });
};

const completeUpload: Handler = (parts, request, target) => {
  const [bucket, upload, id] = uploadOf(parts, request, target);
  const inOrder = [...upload.parts].sort(([one], [other]) => one - other).map(([, body]) => body);
  const body = Buffer.concat(inOrder);
  const etag = etagOf(body).replace(/"$/, `-${inOrder.length}"`);
  store(parts, bucket, { key: upload.key, body, etag, headers: upload.headers });
  bucket.uploads.delete(id);
  return xmlAnswer('CompleteMultipartUploadResult', { Bucket: target.bucket, Key: target.key, ETag: etag });
};

const HANDLERS: Readonly<Record<S3Operation, Handler>> = {
  ListBuckets: (parts) =>
    xmlAnswer('ListAllMyBucketsResult', {
      Buckets: {
        Bucket: parts.buckets
          .all()
          .map(({ name, createdAt }) => ({ Name: name, CreationDate: new Date(createdAt).toISOString() })),
      },
    }),
  DeleteObjects: deleteObjects,
  GetBucketLocation: (parts, _request, target) => {
    parts.buckets.bucket(target.bucket);
    return xmlAnswer('LocationConstraint', {});
  },
  GetBucketVersioning: (parts, _request, target) => {
    parts.buckets.bucket(target.bucket);
    return xmlAnswer('VersioningConfiguration', {});
  },
  ListObjectVersions: listVersions,
  ListObjectsV2: listObjects,
  HeadBucket: (parts, _request, target) => {
    parts.buckets.bucket(target.bucket);
    return empty(200, { 'x-amz-bucket-region': 'us-east-1' });
  },
  CreateBucket: (parts, _request, target) => {
    parts.buckets.create(target.bucket, parts.clock.now());
    return empty(200, { location: `/${target.bucket}` });
  },
  DeleteBucket: (parts, _request, target) => {
    parts.buckets.remove(target.bucket);
    return empty(204);
  },
  CreateMultipartUpload: createUpload,
  CompleteMultipartUpload: completeUpload,
  UploadPart: uploadPart,
  AbortMultipartUpload: (parts, request, target) => {
    const [bucket, , id] = uploadOf(parts, request, target);
    bucket.uploads.delete(id);
    return empty(204);
  },
  PutObject: putObject,
  GetObject: getObject,
  HeadObject: headObject,
  DeleteObject: (parts, _request, target) => {
    parts.buckets.bucket(target.bucket).objects.delete(target.key);
    return empty(204);
  },
};

export const s3Service = (parts: S3Parts): LocalService => ({
  signingNames: ['s3'],
  understand: (request) => understandS3(request, parts.buckets),
  handle: async (request) => {
    const target = targetOf(request);
    return HANDLERS[target.operation](parts, request, target);
  },
  error: restXmlError,
});
