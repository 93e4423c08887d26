/**
 * The instance metadata service, version 2 only, one per machine on a port of 127.0.0.1.
 *
 * Not modelled: the hop limit, version 1, user data and tags through metadata, directory listings.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import { type MetadataView, metadataText } from './metadata.ts';
import { createTokenBook, type TokenBook } from './tokens.ts';

export interface MetadataService {
  /** For AWS_EC2_METADATA_SERVICE_ENDPOINT. */
  readonly endpoint: string;
  close(): Promise<void>;
}

const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_HEADER = 'x-aws-ec2-metadata-token';

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const refused = (status: number, text: string): Answer => ({ status, text });

const headerOf = (request: IncomingMessage, name: string): string | undefined => {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
};

const answerToken = (request: IncomingMessage, tokens: TokenBook, clock: Clock): Answer => {
  // A request that came through a proxy never gets a token.
  if (headerOf(request, 'x-forwarded-for') !== undefined) return refused(403, 'Forbidden');
  const issued = tokens.issue(headerOf(request, TTL_HEADER), clock.now());
  if (!issued) return refused(400, 'Bad Request');
  return { status: 200, text: issued.token, headers: { [TTL_HEADER]: String(issued.ttlSeconds) } };
};

const answerMetadata = (request: IncomingMessage, view: MetadataView, clock: Clock): Answer => {
  const text = metadataText(request.url ?? '/', view, clock.now());
  return text === undefined ? refused(404, 'Not Found') : { status: 200, text };
};

const answer = (request: IncomingMessage, tokens: TokenBook, view: () => MetadataView, clock: Clock): Answer => {
  if (request.url === '/latest/api/token') {
    return request.method === 'PUT' ? answerToken(request, tokens, clock) : refused(405, 'Method Not Allowed');
  }
  if (request.method !== 'GET') return refused(405, 'Method Not Allowed');
  if (!tokens.isValid(headerOf(request, TOKEN_HEADER), clock.now())) return refused(401, 'Unauthorized');
  return answerMetadata(request, view(), clock);
};

const send = (response: ServerResponse, { status, text, headers }: Answer): void => {
  response.writeHead(status, { 'content-type': 'text/plain', server: 'EC2ws', ...headers });
  response.end(text);
};

const listen = (server: Server): Promise<string> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });

export const startMetadataService = async (view: () => MetadataView, clock: Clock): Promise<MetadataService> => {
  const tokens = createTokenBook();
  const server = createServer((request, response) => {
    request.resume();
    send(response, answer(request, tokens, view, clock));
  });
  const endpoint = await listen(server);
  return {
    endpoint,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};
