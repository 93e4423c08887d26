/** Text from a stream, up to a limit. */
export interface TextSink<Text extends string | undefined> {
  readonly add: (chunk: Buffer) => void;
  text(): Text;
}

/** Everything, or `undefined` when it is more than `bytesMax`: then nothing of it is kept, and the rest is let pass. */
export const boundedText = (bytesMax: number): TextSink<string | undefined> => {
  let chunks: Buffer[] = [];
  let bytes = 0;
  return {
    add: (chunk) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else chunks = [];
    },
    text: () => (bytes > bytesMax ? undefined : Buffer.concat(chunks).toString('utf8')),
  };
};

/** The last `bytesMax` bytes. */
export const tailText = (bytesMax: number): TextSink<string> => {
  let tail: Buffer = Buffer.alloc(0);
  return {
    add: (chunk) => {
      tail = Buffer.concat([tail, chunk]).subarray(-bytesMax);
    },
    text: () => tail.toString('utf8'),
  };
};
