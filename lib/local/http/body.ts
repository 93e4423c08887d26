/** Reads a request's body whole, and undoes S3's chunked signing (`aws-chunked`) where a client used it. */
import type { IncomingMessage } from 'node:http';
import { AwsError } from '../service.ts';

/** More than any single call needs: S3 parts are at most a few MiB here, and an object put whole is bounded by this. */
const BODY_BYTES_MAX = 256 * 1024 * 1024;

export const readBody = async (incoming: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes > BODY_BYTES_MAX)
      throw new AwsError(413, 'EntityTooLarge', `A request may hold at most ${BODY_BYTES_MAX} bytes.`);
    chunks.push(chunk);
  }
  const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  return isAwsChunked(incoming) ? decodeAwsChunked(body) : body;
};

const isAwsChunked = (incoming: IncomingMessage): boolean =>
  String(incoming.headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-') ||
  String(incoming.headers['content-encoding'] ?? '').includes('aws-chunked');

/** `SIZE;chunk-signature=…\r\nDATA\r\n … 0\r\ntrailers`: sizes are hexadecimal. */
export const decodeAwsChunked = (body: Buffer): Buffer => {
  const parts: Buffer[] = [];
  let at = 0;
  while (at < body.length) {
    const lineEnd = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
    if (lineEnd < 0 || Number.isNaN(size))
      throw new AwsError(400, 'IncompleteBody', 'The chunked body is not well formed.');
    if (size === 0) break;
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = lineEnd + 2 + size + 2;
  }
  return Buffer.concat(parts);
};
