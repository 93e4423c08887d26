import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { sqsWorkQueue } from '../../lib/aws/queues.ts';
import { taskId } from '../../lib/fleet/ids.ts';
import { TooManyInFlight, type WorkQueue } from '../../lib/ports/queues.ts';

interface Asked {
  readonly operation: string;
  readonly body: { readonly Entries?: readonly { readonly Id: string; readonly MessageBody: string }[] };
}

/** An SQS that answers what a healthy one never does. */
let asked: Asked[];
let answer: (request: Asked) => { readonly status: number; readonly body: object };
let queue: WorkQueue;
let stop: () => Promise<void>;

beforeAll(async () => {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const operation = String(request.headers['x-amz-target']).split('.')[1]!;
      const told: Asked = { operation, body: JSON.parse(Buffer.concat(chunks).toString('utf8')) };
      asked.push(told);
      const { status, body } = answer(told);
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  const client = new SQSClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    useQueueUrlAsEndpoint: false,
  });
  queue = sqsWorkQueue({ client, queueUrl: `http://127.0.0.1:${port}/000000000000/work` });
  stop = async () => {
    client.destroy();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  };
});
afterAll(() => stop());
beforeEach(() => {
  asked = [];
});

const failing = (ids: readonly string[]) => ({
  status: 200,
  body: { Successful: [], Failed: ids.map((Id) => ({ Id, Code: 'InternalError', SenderFault: false })) },
});
const bodies = ({ body }: Asked): string[] => (body.Entries ?? []).map((entry) => JSON.parse(entry.MessageBody).taskId);

describe('receiving', () => {
  test('hides what comes for as long as was asked, and waits no longer than SQS does', async () => {
    answer = () => ({ status: 200, body: { Messages: [] } });
    expect(await queue.receive({ waitSeconds: 45, visibilitySeconds: 600, countMax: 7 })).toStrictEqual([]);
    const told = { VisibilityTimeout: 600, WaitTimeSeconds: 20, MaxNumberOfMessages: 7 };
    expect(asked).toMatchObject([{ operation: 'ReceiveMessage', body: told }]);
  });
});

describe('sending many', () => {
  const ids = ['a', 'b', 'c'].map(taskId);

  test('asks again for the entries that were refused inside a 200, and only for those', async () => {
    answer = () => failing(asked.length === 1 ? ['1'] : []);
    expect(await queue.sendMany(ids)).toStrictEqual([]);
    expect(asked.map(bodies)).toStrictEqual([['a', 'b', 'c'], ['b']]);
  });

  test('answers what was refused three times', async () => {
    answer = ({ body }) => failing(body.Entries!.filter((entry) => entry.MessageBody.includes('"c"')).map((e) => e.Id));
    expect(await queue.sendMany(ids)).toStrictEqual(['c']);
    expect(asked.map(bodies)).toStrictEqual([['a', 'b', 'c'], ['c'], ['c']]);
  });

  test('sends nothing for nothing', async () => {
    expect(await queue.sendMany([])).toStrictEqual([]);
    expect(asked).toStrictEqual([]);
  });
});

describe('the receipts that a queue’s own rule allows', () => {
  const withPolicy = (policy: object | undefined) => {
    const Attributes = policy === undefined ? undefined : { RedrivePolicy: JSON.stringify(policy) };
    answer = () => ({ status: 200, body: { Attributes } });
  };

  test('are read from its redrive policy, written as a number or as a text', async () => {
    withPolicy({ deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:000000000000:dead', maxReceiveCount: 5 });
    expect(await queue.receivesMax()).toBe(5);
    withPolicy({ deadLetterTargetArn: 'arn:aws:sqs:eu-west-1:000000000000:dead', maxReceiveCount: '7' });
    expect(await queue.receivesMax()).toBe(7);
    expect(asked[0]).toMatchObject({ operation: 'GetQueueAttributes', body: { AttributeNames: ['RedrivePolicy'] } });
  });

  test('are without a limit where it has no such policy', async () => {
    withPolicy(undefined);
    expect(await queue.receivesMax()).toBeUndefined();
  });
});

describe('an error of the queue', () => {
  const refusal = (code: string) => ({
    status: 400,
    body: { __type: `com.amazonaws.sqs#${code}`, message: 'No.' },
  });
  const receive = () => queue.receive({ waitSeconds: 0, visibilitySeconds: 30 });
  const message = { messageId: 'm', body: '', attributes: {}, receiptHandle: 'h', receiveCount: 1 };

  test('that says too much is in flight is told apart, so that whoever asked waits before asking again (F44, B11)', async () => {
    answer = () => refusal('OverLimit');
    await expect(receive()).rejects.toThrow(TooManyInFlight);
  });

  test('that says the handle has had its day changes nothing', async () => {
    for (const code of ['ReceiptHandleIsInvalid', 'MessageNotInflight']) {
      answer = () => refusal(code);
      await queue.changeVisibility(message, 60);
      await queue.delete(message);
    }
    expect(asked).toHaveLength(4);
  });

  test('of any other kind is thrown', async () => {
    answer = () => refusal('QueueDoesNotExist');
    await expect(receive()).rejects.toThrow();
    await expect(queue.delete(message)).rejects.toThrow();
  });
});
