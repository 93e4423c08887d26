import type { Blobs } from '../ports/blobs.ts';
import type { Pace } from './clients.ts';

const openBlobs = async (pace: Pace, bucket: string): Promise<Blobs> => {
  const [{ s3Blobs }, { s3Client }] = await Promise.all([import('./blobs.ts'), import('./s3-client.ts')]);
  return s3Blobs({ client: s3Client(pace), bucket });
};

/**
 * The bucket, its client loaded with the first use. S3 is for what is large, so most agents never need it, and loading it
 * takes 3 MB of an agent's memory.
 */
export const lateS3Blobs = (pace: Pace, bucket: string): Blobs => {
  let opening: Promise<Blobs> | undefined;
  const open = (): Promise<Blobs> => {
    opening ??= openBlobs(pace, bucket);
    return opening;
  };
  return {
    put: async (key, content) => (await open()).put(key, content),
    get: async (key) => (await open()).get(key),
  };
};
