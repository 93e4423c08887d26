/**
 * S3, as a store of objects under their digests. Strongly consistent, as S3 says of itself
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel).
 * Held against the adapter by `test/contracts/queues.test.ts`.
 *
 * Not modelled: expiry by lifecycle rules, sizes, a put that overwrites (names are digests: what stands is the same), objects that are cut
 * (injected above it: F54).
 */
import type { Blobs } from '../../ports/blobs.ts';

/** Objects in memory. What stands under a name stays: names are digests. */
export const memoryBlobs = (): Blobs => {
  const objects = new Map<string, string>();
  return {
    put: async (key, content) => {
      if (!objects.has(key)) objects.set(key, content);
    },
    get: async (key) => objects.get(key),
  };
};
