import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SNSClient } from '@aws-sdk/client-sns';
import { expect, test } from 'vitest';
import { snsAlerts } from '../../lib/aws/alerts.ts';

test('an alert’s subject is made into what SNS takes, and its message is left as it is', async () => {
  const asked: URLSearchParams[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      asked.push(new URLSearchParams(Buffer.concat(chunks).toString('utf8')));
      const body = '<PublishResponse><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>';
      response.writeHead(200, { 'content-type': 'text/xml' }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const client = new SNSClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const alerts = snsAlerts({ client, topicArn: 'arn:aws:sns:eu-west-1:111122223333:alerts' });
  await alerts.publish('Fleet\nencode: kein Platz mehr für uns', 'Zeile 1\nZeile 2');
  await alerts.publish('x'.repeat(300), 'long');
  expect(asked[0]!.get('Subject')).toBe('Fleet encode: kein Platz mehr f r uns');
  expect(asked[0]!.get('Message')).toBe('Zeile 1\nZeile 2');
  expect(asked[1]!.get('Subject')).toHaveLength(99);
  client.destroy();
  server.closeAllConnections();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});
