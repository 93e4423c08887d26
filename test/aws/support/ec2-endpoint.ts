import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EC2Client } from '@aws-sdk/client-ec2';

export interface ScriptedAnswer {
  readonly status: number;
  readonly body: string;
}

/** What one request to EC2 is answered with, from its parameters as the query protocol sends them. */
export type Script = (parameters: URLSearchParams) => ScriptedAnswer | 'no answer' | 'silence';

export const ok = (action: string, content: string): ScriptedAnswer => ({
  status: 200,
  body: `<?xml version="1.0" encoding="UTF-8"?><${action}Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r-1</requestId>${content}</${action}Response>`,
});

export const refusal = (status: number, code: string, message = 'No.'): ScriptedAnswer => ({
  status,
  body: `<?xml version="1.0" encoding="UTF-8"?><Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>r-1</RequestID></Response>`,
});

/** The real SDK client over HTTP on an endpoint that says what the test tells it to. */
export const startEc2Endpoint = async () => {
  const requests: URLSearchParams[] = [];
  let script: Script = () => refusal(500, 'InternalError');
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const parameters = new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
      requests.push(parameters);
      const answer = script(parameters);
      if (answer === 'silence') return;
      if (answer === 'no answer') return void request.socket.destroy();
      response.writeHead(answer.status, { 'content-type': 'text/xml;charset=UTF-8' }).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new EC2Client({
    region: 'eu-west-1',
    endpoint,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 2,
  });
  return {
    client,
    endpoint,
    requests,
    answerWith: (next: Script): void => {
      requests.length = 0;
      script = next;
    },
    stop: async (): Promise<void> => {
      client.destroy();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};
