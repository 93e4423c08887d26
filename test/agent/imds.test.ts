import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createImds, type Imds, ImdsUnavailable, TOKEN_TTL_SECONDS } from '../../lib/agent/imds.ts';
import type { LogFields } from '../../lib/ports/telemetry.ts';
import { type ManualClock, manualClock } from '../support/manual-clock.ts';
import { START } from '../support/records.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const answers =
  (status: number, text = ''): Answer =>
  (_request, response) => {
    response.writeHead(status);
    response.end(text);
  };

describe('the metadata client, against a real server', () => {
  let server: Server;
  let requests: { method: string; path: string; token: string | undefined }[];
  let answerToken: Answer;
  let answerRead: Answer;
  let imds: Imds;
  let clock: ManualClock;
  let errors: { message: string; fields: LogFields | undefined }[];
  /** Of the request under way. */
  let timeout: AbortController;

  /** The time of a request that is never answered is over as soon as it has come. */
  const hangs: Answer = () => timeout.abort();

  const newTimeout = (): AbortSignal => {
    timeout = new AbortController();
    return timeout.signal;
  };

  beforeEach(async () => {
    requests = [];
    errors = [];
    clock = manualClock(START);
    answerToken = answers(200, 'token-1');
    answerRead = answers(200, 'i-0123456789abcdef0');
    server = createServer((request, response) => {
      const token = request.headers['x-aws-ec2-metadata-token'] as string | undefined;
      requests.push({ method: request.method!, path: request.url!, token });
      (request.method === 'PUT' ? answerToken : answerRead)(request, response);
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve());
    });
    const error = (message: string, fields?: LogFields): void => void errors.push({ message, fields });
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error };
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    imds = createImds({ endpoint, clock, log, timeout: newTimeout });
  });

  afterEach(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  it('asks for a token by PUT with its longest life, and sends it with the read', async () => {
    let ttl: string | string[] | undefined;
    answerToken = (request, response) => {
      ttl = request.headers['x-aws-ec2-metadata-token-ttl-seconds'];
      answers(200, 'token-1')(request, response);
    };
    expect(await imds.read('instance-id')).toBe('i-0123456789abcdef0');
    expect(ttl).toBe('21600');
    expect(requests).toEqual([
      { method: 'PUT', path: '/latest/api/token', token: undefined },
      { method: 'GET', path: '/latest/meta-data/instance-id', token: 'token-1' },
    ]);
  });

  it('keeps a token for nine tenths of its life and renews it before its end', async () => {
    await imds.read('instance-id');
    await clock.advance(TOKEN_TTL_SECONDS * 900 - 1);
    await imds.read('instance-id');
    expect(requests.filter((request) => request.method === 'PUT')).toHaveLength(1);
    await clock.advance(1);
    await imds.read('instance-id');
    expect(requests.filter((request) => request.method === 'PUT')).toHaveLength(2);
  });

  it('404 is nothing', async () => {
    answerRead = answers(404);
    expect(await imds.read('spot/instance-action')).toBeUndefined();
  });

  it('401 renews the token once for each read (F61)', async () => {
    answerRead = (request, response) => {
      const isFresh = request.headers['x-aws-ec2-metadata-token'] === 'token-2';
      answers(isFresh ? 200 : 401, 'a')(request, response);
    };
    let count = 0;
    answerToken = (request, response) => {
      count += 1;
      answers(200, `token-${count}`)(request, response);
    };
    expect(await imds.read('instance-id')).toBe('a');
    expect(requests.map(({ method }) => method)).toEqual(['PUT', 'GET', 'PUT', 'GET']);
  });

  it('401 again is an error, not a loop', async () => {
    answerRead = answers(401);
    await expect(imds.read('instance-id')).rejects.toThrow(ImdsUnavailable);
    expect(requests.map(({ method }) => method)).toEqual(['PUT', 'GET', 'PUT', 'GET']);
  });

  it('403 is said loudly, once (F62)', async () => {
    answerToken = answers(403);
    await expect(imds.read('instance-id')).rejects.toThrow(ImdsUnavailable);
    await expect(imds.read('instance-id')).rejects.toThrow(ImdsUnavailable);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.fields?.['hint']).toContain('modify-instance-metadata-options');
  });

  it('a token that never comes is said loudly, once, with the hop limit as its likely cause', async () => {
    answerToken = hangs;
    await expect(imds.read('instance-id')).rejects.toThrow(ImdsUnavailable);
    await expect(imds.read('instance-id')).rejects.toThrow(ImdsUnavailable);
    expect(errors).toHaveLength(1);
    expect(errors[0]?.fields?.['hint']).toContain('hop limit');
  });

  it.each([500, 503, 400, 302])('%i is an error, not silence', async (status) => {
    answerRead = answers(status);
    await expect(imds.read('spot/instance-action')).rejects.toThrow(ImdsUnavailable);
  });

  it('a read that hangs is an error within the time-out, and the next one is asked again (A7)', async () => {
    answerRead = hangs;
    await expect(imds.read('instance-id')).rejects.toThrow(ImdsUnavailable);
    answerRead = answers(200, 'b');
    expect(await imds.read('instance-id')).toBe('b');
  });

  it('an answer that breaks off is an error', async () => {
    answerRead = (_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('i-');
      setImmediate(() => response.destroy());
    };
    await expect(imds.read('instance-id')).rejects.toThrow(ImdsUnavailable);
  });
});
