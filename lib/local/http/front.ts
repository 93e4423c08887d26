/**
 * The one address of the local cloud. A request's signature names its caller and its service; the caller's policies are
 * asked; the service answers; one line goes into the record.
 *
 * What it does not model: TLS, signature checking, virtual-hosted bucket names, throttling.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../ports/clock.ts';
import type { Decision } from '../iam/evaluate.ts';
import {
  type AuthorisationCheck,
  AwsError,
  type Caller,
  type CredentialRegistry,
  type LocalRequest,
  type LocalResponse,
  type LocalService,
  type Recorder,
  type ServiceCall,
} from '../service.ts';
import { restXmlError } from './answers.ts';
import { readBody } from './body.ts';
import { deniedError, unknownKeyError } from './refusals.ts';
import { requestLine } from './request-line.ts';
import { credentialScopeOf } from './signature.ts';

export interface FrontOptions {
  readonly services: readonly LocalService[];
  readonly credentials: CredentialRegistry;
  readonly judge: (caller: Caller, check: AuthorisationCheck) => Decision;
  readonly recorder: Recorder;
  readonly clock: Clock;
  /** Told of every refusal, for the count of a run. */
  readonly onDenied: () => void;
  /** 0 or absent lets the system choose. */
  readonly port?: number;
}

export interface Front {
  readonly port: number;
  close(): Promise<void>;
}

interface Arrival {
  readonly service: LocalService;
  readonly signingName: string;
  readonly caller: Caller;
}

/** Starts listening on loopback only. */
export const startFront = async (options: FrontOptions): Promise<Front> => {
  const serve = requestServer(options);
  const server = createServer((incoming, outgoing) => {
    // An answer that cannot be written (a header no socket takes) ends its own connection and nothing else.
    serve(incoming, outgoing).catch(() => outgoing.destroy());
  });
  // An idle connection that the server closes just as a client reuses it is a reset the client did not deserve.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  await listen(server, options.port ?? 0);
  return { port: (server.address() as AddressInfo).port, close: () => closeServer(server) };
};

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'something listens there already' : cause.message;
      const fix = 'choose another port, or 0 for any';
      reject(new Error(`The local cloud cannot listen on 127.0.0.1:${port}: ${why}; ${fix}.`, { cause }));
    });
    server.listen(port, '127.0.0.1', resolve);
  });

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });

const requestServer = (options: FrontOptions) => {
  const byName = new Map(options.services.flatMap((service) => service.signingNames.map((name) => [name, service])));
  return async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const request = await receive(incoming, outgoing).catch((error) => refusal(undefined, error));
    if (isResponse(request)) return reply(incoming, outgoing, request);
    reply(incoming, outgoing, await answer(options, byName, request));
  };
};

const isResponse = (value: object): value is LocalResponse => 'status' in value;

type UnidentifiedRequest = Omit<LocalRequest, 'caller'>;

const receive = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<UnidentifiedRequest> => {
  const hungUp = new AbortController();
  outgoing.once('close', () => {
    if (!outgoing.writableFinished) hungUp.abort();
  });
  const [path = '/', query = ''] = splitOnce(incoming.url ?? '/', '?');
  return {
    method: incoming.method ?? 'GET',
    path,
    query: new URLSearchParams(query),
    headers: incoming.headers as Record<string, string>,
    body: await readBody(incoming),
    signal: hungUp.signal,
  };
};

const splitOnce = (text: string, separator: string): [string, string?] => {
  const at = text.indexOf(separator);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + separator.length)];
};

const identify = (
  options: FrontOptions,
  byName: ReadonlyMap<string, LocalService>,
  request: UnidentifiedRequest,
): Arrival | LocalResponse => {
  const scope = credentialScopeOf(request.headers, request.query);
  if (scope === undefined) {
    return restXmlError(403, 'MissingAuthenticationToken', 'Request is missing Authentication Token');
  }
  const service = byName.get(scope.signingName);
  if (service === undefined) {
    const names = [...byName.keys()].sort().join(', ');
    return restXmlError(501, 'NotImplemented', `The local cloud has no service ${scope.signingName}; it has ${names}.`);
  }
  const caller = options.credentials.resolve(scope.accessKeyId);
  return caller === undefined
    ? refusal(service, unknownKeyError(scope.signingName))
    : { service, signingName: scope.signingName, caller };
};

const answer = async (
  options: FrontOptions,
  byName: ReadonlyMap<string, LocalService>,
  unidentified: UnidentifiedRequest,
): Promise<LocalResponse> => {
  const startedAt = options.clock.now();
  const arrival = identify(options, byName, unidentified);
  if (isResponse(arrival)) {
    options.recorder.write(requestLine({ startedAt, now: options.clock.now(), response: arrival }));
    return arrival;
  }
  const request: LocalRequest = { ...unidentified, caller: arrival.caller };
  const { call, response, denied } = await carryOut(options, arrival, request);
  if (denied) options.onDenied();
  options.recorder.write(
    requestLine({ ...arrival, startedAt, now: options.clock.now(), response, ...(call && { call }), denied }),
  );
  return response;
};

interface Carried {
  readonly call?: ServiceCall;
  readonly response: LocalResponse;
  readonly denied: boolean;
}

const carryOut = async (options: FrontOptions, arrival: Arrival, request: LocalRequest): Promise<Carried> => {
  let call: ServiceCall | undefined;
  try {
    call = arrival.service.understand(request);
    for (const check of call.checks) {
      const decision = options.judge(arrival.caller, check);
      if (!decision.allowed) {
        const error = deniedError(arrival.signingName, arrival.caller, check, decision.reason);
        return { call, response: refusal(arrival.service, error), denied: true };
      }
    }
    return { call, response: await arrival.service.handle(request, call), denied: false };
  } catch (error) {
    return { ...(call && { call }), response: refusal(arrival.service, error), denied: false };
  }
};

/** An AwsError in the service's own form; anything else is a fault of the local cloud and says so, with its stack. */
const refusal = (service: LocalService | undefined, error: unknown): LocalResponse => {
  const form = service?.error ?? restXmlError;
  if (error instanceof AwsError) return form(error.status, error.code, error.message);
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return form(500, 'InternalFailure', `The local cloud failed: ${detail}`);
};

const reply = (incoming: IncomingMessage, outgoing: ServerResponse, response: LocalResponse): void => {
  const body = Buffer.isBuffer(response.body) ? response.body : Buffer.from(response.body);
  const headers: Record<string, string | number> = {
    'x-amzn-requestid': '00000000-0000-4000-8000-000000000000',
    ...response.headers,
  };
  if (headers['content-length'] === undefined) headers['content-length'] = body.length;
  outgoing.writeHead(response.status, headers);
  outgoing.end(incoming.method === 'HEAD' ? undefined : body);
};
