/**
 * dynalite inside this process: its request listener is called with in-memory request and answer objects, so a call costs
 * no second trip through a socket.
 *
 * What dynalite does not model: transactions, streams, PartiQL, time to live, backups, the old item inside a failed condition.
 */
import { EventEmitter } from 'node:events';
import dynalite from 'dynalite';
import { LOCAL_ACCOUNT, LOCAL_REGION } from '../service.ts';

export interface EmbeddedAnswer {
  readonly status: number;
  readonly body: string;
}

export interface EmbeddedDynamo {
  /** One operation with its body as the wire has it. */
  call(operation: string, body: string | Buffer): Promise<EmbeddedAnswer>;
}

/** dynalite insists on a signature's form; it checks nothing about it. */
const HEADERS = {
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20260101T000000Z',
  authorization: `AWS4-HMAC-SHA256 Credential=local/20260101/${LOCAL_REGION}/dynamodb/aws4_request, SignedHeaders=host, Signature=local`,
};

/** Tables are ready as soon as they are made: waiting half a second for each would only slow a deploy. */
const NO_WAITING = { createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 };

export const embeddedDynamo = (): EmbeddedDynamo => {
  const server = dynalite(NO_WAITING);
  return {
    call: (operation, body) =>
      new Promise((resolve) => {
        const request = Object.assign(new EventEmitter(), {
          method: 'POST',
          url: '/',
          headers: { ...HEADERS, 'x-amz-target': `DynamoDB_20120810.${operation}` },
        });
        server.emit('request', request, answerObject(resolve));
        request.emit('data', Buffer.from(body));
        request.emit('end');
      }),
  };
};

/** As much of a ServerResponse as dynalite uses. */
const answerObject = (resolve: (answer: EmbeddedAnswer) => void) => {
  const response = {
    statusCode: 200,
    setHeader: (): void => undefined,
    end: (body = ''): void => resolve({ status: response.statusCode, body: withOurArns(body) }),
  };
  return response;
};

const FOREIGN_ARN = /arn:aws:dynamodb:[a-z0-9-]*:\d*:/g;

/** dynalite takes region and account from the environment of whoever started it; ours are fixed. */
const withOurArns = (body: string): string =>
  body.includes('arn:aws:dynamodb:')
    ? body.replace(FOREIGN_ARN, `arn:aws:dynamodb:${LOCAL_REGION}:${LOCAL_ACCOUNT}:`)
    : body;
