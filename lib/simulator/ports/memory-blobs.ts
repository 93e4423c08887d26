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
