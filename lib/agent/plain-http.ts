import { type IncomingMessage, request } from 'node:http';

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
  return Buffer.concat(chunks).toString('utf8');
};

/**
 * Asks by Node's own client. `fetch` would do, but loading what is behind it costs an idle agent 13 MB of memory, a
 * third of what Node itself takes. A redirection is not followed: it is an answer like any other.
 *
 * @throws when there is no answer, or it breaks off
 */
export const requestPlainly = (url: URL, { method, headers, signal }: PlainRequest): Promise<PlainAnswer> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, signal }, (response) => {
      readText(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), reject);
    });
    asked.once('error', reject);
    asked.end();
  });
