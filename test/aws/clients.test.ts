import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, describe, expect, test } from 'vitest';
import { clientSettings, sqsClient } from '../../lib/aws/clients.ts';
import { refusal, startEc2Endpoint } from './support/ec2-endpoint.ts';

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

describe('what a client waits for', () => {
  test.each([
    ['signal', 1_000, 2_000, 'standard'],
    ['patient', 10_000, 60_000, 'adaptive'],
    ['long-poll', 1_000, 25_000, 'standard'],
  ] as const)(
    '%s: %i ms for a connection, %i ms for an answer, three attempts',
    (pace, connect, request, retryMode) => {
      expect(clientSettings(pace)).toStrictEqual({
        maxAttempts: 3,
        retryMode,
        requestHandler: { connectionTimeout: connect, requestTimeout: request, throwOnRequestTimeout: true },
      });
    },
  );

  test('a throttled call is made three times and then given up (I1, I2, I9)', async () => {
    const ec2 = await startEc2Endpoint();
    stops.push(ec2.stop);
    ec2.answerWith(() => refusal(503, 'RequestLimitExceeded'));
    const client = new EC2Client({
      ...clientSettings('signal'),
      region: 'eu-west-1',
      endpoint: ec2.endpoint,
      credentials,
    });
    await expect(client.send(new DescribeInstancesCommand({}))).rejects.toThrow();
    expect(ec2.requests).toHaveLength(3);
    client.destroy();
  });
});

describe('a queue', () => {
  const askedAt = async (environment: Record<string, string>): Promise<SQSClient['config']> => {
    const client = sqsClient('signal', environment);
    stops.push(async () => client.destroy());
    return client.config;
  };

  test('is reached where its URL says in an account, and at the endpoint where one is given', async () => {
    expect((await askedAt({})).useQueueUrlAsEndpoint).toBe(true);
    expect((await askedAt({ AWS_ENDPOINT_URL: 'http://127.0.0.1:4566' })).useQueueUrlAsEndpoint).toBe(false);
  });

  test('whose URL names another host is asked at the endpoint', async () => {
    const hosts: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      hosts.push(request.headers.host);
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{"Attributes":{}}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
    const { port } = server.address() as AddressInfo;
    const client = new SQSClient({
      ...clientSettings('signal'),
      region: 'eu-west-1',
      endpoint: `http://127.0.0.1:${port}`,
      credentials,
      useQueueUrlAsEndpoint: false,
    });
    const QueueUrl = 'http://sqs.eu-west-1.localhost:1/000000000000/work';
    await client.send(new GetQueueAttributesCommand({ QueueUrl }));
    expect(hosts).toStrictEqual([`127.0.0.1:${port}`]);
    client.destroy();
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  });
});
