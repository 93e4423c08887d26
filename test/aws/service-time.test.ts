import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type DateListener, dynamoClient, sqsClient } from '../../lib/aws/clients.ts';
import { createServiceClock } from '../../lib/clock/service-clock.ts';

const MINUTE_MS = 60_000;
/** AWS refuses what was signed at another time than this around its own (https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html). */
const SIGNATURE_TOLERANCE_MS = 5 * MINUTE_MS;

const trueNow = Date.now.bind(Date);

/** `20260101T000000Z` */
const signedAt = (request: IncomingMessage): number => {
  const text = String(request.headers['x-amz-date']);
  const [, date = '', time = ''] = /^(\d{8})T(\d{6})Z$/.exec(text) ?? [];
  const iso = `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${time.slice(0, 2)}:${time.slice(2, 4)}:${time.slice(4)}Z`;
  return Date.parse(iso);
};

describe('an SDK client of ours', () => {
  let server: Server;
  let environment: NodeJS.ProcessEnv;
  let refusals: number;
  let answers: ((response: ServerResponse) => void)[];

  beforeEach(async () => {
    refusals = 0;
    answers = [];
    server = createServer((request, response) => {
      response.setHeader('date', new Date(trueNow()).toUTCString());
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      const offByMs = Math.abs(signedAt(request) - trueNow());
      if (offByMs < SIGNATURE_TOLERANCE_MS) {
        const scripted = answers.shift();
        return scripted === undefined ? void response.end('{}') : scripted(response);
      }
      refusals += 1;
      response.statusCode = 400;
      response.end(
        JSON.stringify({ __type: 'com.amazon.coral.service#InvalidSignatureException', message: 'expired' }),
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    environment = { ...process.env };
    Object.assign(process.env, {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    });
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    process.env = environment;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const get = new GetCommand({ TableName: 'instances', Key: { instanceArn: 'arn' } });
  const receive = new ReceiveMessageCommand({ QueueUrl: 'http://127.0.0.1/000000000000/work' });

  const listening = () => {
    const heard: { date: string; sentAtMs: number; receivedAtMs: number }[] = [];
    let steady = 0;
    const dates: DateListener = {
      steadyMs: () => ++steady,
      onDate: (date, sentAtMs, receivedAtMs) => void heard.push({ date, sentAtMs, receivedAtMs }),
    };
    return { dates, heard };
  };

  it('tells the date of every answer, and when it was asked and answered', async () => {
    const { dates, heard } = listening();
    const dynamo = dynamoClient('signal', dates);
    const sqs = sqsClient('signal', process.env, dates);
    await dynamo.send(get);
    await sqs.send(receive);
    expect(heard.map(({ sentAtMs, receivedAtMs }) => [sentAtMs, receivedAtMs])).toEqual([
      [1, 2],
      [3, 4],
    ]);
    for (const { date } of heard) expect(Math.abs(Date.parse(date) - trueNow())).toBeLessThan(10_000);
    dynamo.destroy();
    sqs.destroy();
  });

  it('tells it of refusals and of each attempt of a call that is tried again', async () => {
    const { dates, heard } = listening();
    const dynamo = dynamoClient('signal', dates);
    const fails = (status: number, type: string) => (response: ServerResponse) => {
      response.statusCode = status;
      response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}` }));
    };
    answers.push(fails(500, 'InternalServerError'), fails(400, 'ResourceNotFoundException'));
    await expect(dynamo.send(get)).rejects.toThrow();
    expect(heard).toHaveLength(2);
    dynamo.destroy();
  });

  it('works as before where nobody listens', async () => {
    const dynamo = dynamoClient('signal');
    expect((await dynamo.send(get)).Item).toBeUndefined();
    dynamo.destroy();
  });

  it.each([10 * MINUTE_MS, -10 * MINUTE_MS])(
    'on a machine whose date is off by %d ms still signs acceptably, and the first answer sets its clock (F55)',
    async (offByMs) => {
      vi.spyOn(Date, 'now').mockImplementation(() => trueNow() + offByMs);
      const clock = createServiceClock();
      expect(Math.abs(clock.now() - trueNow() - offByMs)).toBeLessThan(1_000);
      const dynamo = dynamoClient('signal', clock);
      await dynamo.send(get);
      expect(refusals).toBeLessThanOrEqual(1);
      expect(Math.abs(clock.now() - trueNow())).toBeLessThanOrEqual(2_000);
      refusals = 0;
      await dynamo.send(get);
      expect(refusals).toBe(0);
      dynamo.destroy();
    },
  );

  it.each([60 * MINUTE_MS, -60 * MINUTE_MS])(
    'on a machine whose date is set by %d ms while it works, signs acceptably again at the next attempt (F56)',
    async (byMs) => {
      const clock = createServiceClock();
      const dynamo = dynamoClient('signal', clock);
      await dynamo.send(get);
      vi.spyOn(Date, 'now').mockImplementation(() => trueNow() + byMs);
      await dynamo.send(get);
      expect(refusals).toBe(1);
      await dynamo.send(get);
      expect(refusals).toBe(1);
      expect(Math.abs(clock.now() - trueNow())).toBeLessThanOrEqual(2_000);
      dynamo.destroy();
    },
  );
});
