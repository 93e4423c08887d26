/** Bytes from a stream, up to a limit. */
export interface BoundedBytes {
  readonly add: (chunk: Buffer) => void;
  /** Everything, or `undefined` when it is more than the limit: then nothing of it is kept, and the rest is let pass. */
  bytes(): Buffer | undefined;
}

/** Text from a stream, up to a limit. */
export interface TailText {
  readonly add: (chunk: Buffer) => void;
  text(): string;
}

export const boundedBytes = (bytesMax: number): BoundedBytes => {
  let chunks: Buffer[] = [];
  let bytes = 0;
  return {
    add: (chunk) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else chunks = [];
    },
    bytes: () => (bytes > bytesMax ? undefined : Buffer.concat(chunks)),
  };
};

/** The last `bytesMax` bytes. */
export const tailText = (bytesMax: number): TailText => {
  let tail: Buffer = Buffer.alloc(0);
  return {
    add: (chunk) => {
      tail = Buffer.concat([tail, chunk]).subarray(-bytesMax);
    },
    text: () => tail.toString('utf8'),
  };
};
