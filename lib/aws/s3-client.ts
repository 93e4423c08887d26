import { S3Client } from '@aws-sdk/client-s3';
import { clientSettings, type Pace } from './clients.ts';

/** An endpoint of our own has one host name, so the bucket stands in the path; AWS accepts that as well. */
export const s3Client = (pace: Pace): S3Client => new S3Client({ ...clientSettings(pace), forcePathStyle: true });
