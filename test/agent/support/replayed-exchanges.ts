import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';

/** What came over the wire: the bytes of an answer, or what happened instead of one. */
export type Reply = string | Buffer | ((socket: Socket) => void);

/** A request that was recorded, and what was answered. */
export interface Exchange {
  readonly request: string;
  readonly reply: Reply;
}

/** An answer as the metadata service of a real machine writes it: one connection each, plain text, a server that says EC2ws. */
export const answer = (status: string, body: string, headers: readonly string[] = []): string =>
  [
    `HTTP/1.1 ${status}`,
    'Content-Type: text/plain',
    'Accept-Ranges: none',
    'Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Date: Thu, 01 Jan 2026 00:00:00 GMT',
    'Server: EC2ws',
    'Connection: close',
    ...headers,
    '',
    body,
  ].join('\r\n');

/** The page that stands behind every refusal of the metadata service. */
export const errorPage = (status: string): string =>
  answer(
    status,
    `<?xml version="1.0" encoding="iso-8859-1"?>\n<!DOCTYPE html>\n<html>\n <head>\n  <title>${status}</title>\n </head>\n <body>\n  <h1>${status}</h1>\n </body>\n</html>\n`,
  );

export const tokenAnswer = (token: string): string =>
  answer('200 OK', token, ['X-Aws-Ec2-Metadata-Token-Ttl-Seconds: 21600']);

export const chunked = (...parts: readonly string[]): string =>
  [
    'HTTP/1.1 200 OK',
    'Transfer-Encoding: chunked',
    'Connection: close',
    '',
    ...parts.flatMap((part) => [Buffer.byteLength(part).toString(16), part]),
    '0',
    '',
    '',
  ].join('\r\n');

export const gzipped = (body: string): Buffer => {
  const packed = gzipSync(body);
  const head = `HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${packed.length}\r\nConnection: close\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), packed]);
};

/** Says nothing, and keeps the connection. */
export const hung: Reply = () => undefined;

/** Ends the connection in the middle of an answer. */
export const brokenOff =
  (bytes: string): Reply =>
  (socket) => {
    socket.write(bytes, () => socket.destroy());
  };

/** One byte at a time, and never the last one. */
export const dribbled =
  (bytes: string): Reply =>
  (socket) => {
    let sent = 0;
    const timer = setInterval(() => {
      if (sent < bytes.length - 1 && !socket.destroyed) socket.write(bytes[sent++]!);
    }, 5);
    socket.on('close', () => clearInterval(timer));
  };

const requestLine = (text: string): string => {
  const [first = '', ...headers] = text.split('\r\n');
  const token = headers.find((line) => line.toLowerCase().startsWith('x-aws-ec2-metadata-token:'));
  return [first.replace(' HTTP/1.1', ''), ...(token === undefined ? [] : [token.split(':')[1]!.trim()])].join(' ');
};

/**
 * A server that answers what was recorded for a request: each answer once and in order, the last one for ever. What it
 * was asked is kept, and what nothing was recorded for ends the connection.
 */
export const replay = async (exchanges: readonly Exchange[]) => {
  const left = [...exchanges];
  const requests: string[] = [];
  const sockets = new Set<Socket>();

  const replyTo = (request: string): Reply | undefined => {
    const matching = left.filter((exchange) => exchange.request === request);
    const [next] = matching;
    if (next !== undefined && matching.length > 1) left.splice(left.indexOf(next), 1);
    return next?.reply;
  };

  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let text = '';
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      const request = requestLine(text);
      text = '';
      requests.push(request);
      const reply = replyTo(request);
      if (reply === undefined) socket.destroy();
      else if (typeof reply === 'function') reply(socket);
      else if (reply.toString('latin1').includes('Connection: close')) socket.end(reply);
      else socket.write(reply);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as { readonly port: number };
  return {
    endpoint: `http://127.0.0.1:${port}`,
    requests,
    close: async (): Promise<void> => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
};
