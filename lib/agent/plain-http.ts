import { type IncomingMessage, request } from 'node:http';
import { gunzipSync } from 'node:zlib';

/** One request over plain HTTP. */
export interface PlainRequest {
  readonly method: 'GET' | 'PUT';
  readonly headers: Readonly<Record<string, string>>;
  /** Ends it, wherever it is. */
  readonly signal: AbortSignal;
}

export interface PlainAnswer {
  readonly status: number;
  readonly text: string;
}

const readText = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const content = Buffer.concat(chunks);
  // Nobody asked for it, but a proxy between may pack what it passes on.
  const isPacked = response.headers['content-encoding'] === 'gzip';
  return (isPacked ? gunzipSync(content) : content).toString('utf8');
};

/**
 * Asks by Node's own client. `fetch` would do, but loading what is behind it costs an idle agent 13 MB of memory, a
 * third of what Node itself takes. A redirection is not followed: it is an answer like any other.
 *
 * @throws when there is no answer, it breaks off, or it cannot be unpacked
 */
export const requestPlainly = (url: URL, { method, headers, signal }: PlainRequest): Promise<PlainAnswer> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, signal }, (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    asked.once('error', reject);
    asked.end();
  });
