/** S3's REST calls by name: what a method, a path and a query mean, and which permission each needs. */
import { type AuthorisationCheck, AwsError, type LocalRequest, type ServiceCall } from '../service.ts';
import type { BucketStore } from './bucket-store.ts';

export interface S3Target {
  readonly operation: S3Operation;
  readonly bucket: string;
  readonly key: string;
}

interface Shape {
  readonly method: string;
  readonly on: 'service' | 'bucket' | 'object';
  /** The query parameter that tells this call from its neighbours. */
  readonly marker?: string;
  readonly permission: string;
}

/** In the order they are tried: marked forms before plain ones. */
const SHAPES = {
  ListBuckets: { method: 'GET', on: 'service', permission: 's3:ListAllMyBuckets' },
  DeleteObjects: { method: 'POST', on: 'bucket', marker: 'delete', permission: 's3:DeleteObject' },
  GetBucketLocation: { method: 'GET', on: 'bucket', marker: 'location', permission: 's3:GetBucketLocation' },
  GetBucketVersioning: { method: 'GET', on: 'bucket', marker: 'versioning', permission: 's3:GetBucketVersioning' },
  ListObjectVersions: { method: 'GET', on: 'bucket', marker: 'versions', permission: 's3:ListBucketVersions' },
  ListObjectsV2: { method: 'GET', on: 'bucket', permission: 's3:ListBucket' },
  HeadBucket: { method: 'HEAD', on: 'bucket', permission: 's3:ListBucket' },
  CreateBucket: { method: 'PUT', on: 'bucket', permission: 's3:CreateBucket' },
  DeleteBucket: { method: 'DELETE', on: 'bucket', permission: 's3:DeleteBucket' },
  CreateMultipartUpload: { method: 'POST', on: 'object', marker: 'uploads', permission: 's3:PutObject' },
  CompleteMultipartUpload: { method: 'POST', on: 'object', marker: 'uploadId', permission: 's3:PutObject' },
  UploadPart: { method: 'PUT', on: 'object', marker: 'uploadId', permission: 's3:PutObject' },
  AbortMultipartUpload: { method: 'DELETE', on: 'object', marker: 'uploadId', permission: 's3:AbortMultipartUpload' },
  PutObject: { method: 'PUT', on: 'object', permission: 's3:PutObject' },
  GetObject: { method: 'GET', on: 'object', permission: 's3:GetObject' },
  HeadObject: { method: 'HEAD', on: 'object', permission: 's3:GetObject' },
  DeleteObject: { method: 'DELETE', on: 'object', permission: 's3:DeleteObject' },
} as const satisfies Record<string, Shape>;

export type S3Operation = keyof typeof SHAPES;

/** Sub-resources of buckets and objects that are not served: answered as such, never mistaken for a plain call. */
const UNSERVED = [
  'acl',
  'tagging',
  'policy',
  'cors',
  'lifecycle',
  'encryption',
  'website',
  'notification',
  'versionId',
  'retention',
];

const splitPath = (path: string): { bucket: string; key: string } => {
  const [, bucket = '', ...rest] = path.split('/');
  return { bucket: decodeURIComponent(bucket), key: rest.map(decodeURIComponent).join('/') };
};

/** Throws AwsError `NotImplemented` for what is not served. */
export const targetOf = (request: LocalRequest): S3Target => {
  const { bucket, key } = splitPath(request.path);
  const on = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  const fits = (shape: Shape): boolean =>
    shape.method === request.method &&
    shape.on === on &&
    (shape.marker === undefined || request.query.has(shape.marker));
  const found = Object.entries(SHAPES).find(([, shape]) => fits(shape));
  const unserved = UNSERVED.find((name) => request.query.has(name));
  if (found === undefined || unserved !== undefined || request.headers['x-amz-copy-source'] !== undefined) {
    throw new AwsError(
      501,
      'NotImplemented',
      `The local S3 does not serve ${request.method} ${request.path} ${unserved ?? ''}`.trim(),
    );
  }
  return { operation: found[0] as S3Operation, bucket, key };
};

const DELETED_KEY = /<Key>([^<]*)<\/Key>/g;

const unescapeXml = (text: string): string =>
  text.replace(/&(lt|gt|quot|apos|amp|#\d+|#x[0-9a-fA-F]+);/g, (whole, name: string) => {
    const named: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
    if (!name.startsWith('#')) return named[name] ?? whole;
    return String.fromCodePoint(name[1] === 'x' ? Number.parseInt(name.slice(2), 16) : Number(name.slice(1)));
  });

/** The keys of a DeleteObjects request. */
export const deletedKeys = (body: Buffer): readonly string[] =>
  [...body.toString().matchAll(DELETED_KEY)].map((match) => unescapeXml(match[1] ?? ''));

const resourcesOf = (target: S3Target, request: LocalRequest): readonly string[] => {
  const bucket = `arn:aws:s3:::${target.bucket}`;
  if (target.operation === 'DeleteObjects') return deletedKeys(request.body).map((key) => `${bucket}/${key}`);
  if (target.bucket === '') return ['*'];
  return [target.key === '' ? bucket : `${bucket}/${target.key}`];
};

export const understandS3 = (request: LocalRequest, buckets: BucketStore): ServiceCall => {
  const target = targetOf(request);
  const policy = buckets.find(target.bucket)?.policy;
  const prefix = request.query.get('prefix');
  const check = (resource: string): AuthorisationCheck => ({
    action: SHAPES[target.operation].permission,
    resource,
    context: prefix === null ? {} : { 's3:prefix': prefix },
    ...(policy !== undefined && { resourcePolicy: policy }),
  });
  return {
    action: `s3:${target.operation}`,
    checks: resourcesOf(target, request).map(check),
    parameters: {
      bucket: target.bucket,
      ...(target.key !== '' && { key: target.key }),
      ...(prefix !== null && { prefix }),
      ...(request.body.length > 0 && { bytes: request.body.length }),
    },
  };
};
