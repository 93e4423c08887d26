/**
 * The embedded DynamoDB in a process of its own, so that its work is not done by whoever is measured. Asked to keep
 * accounts, it does one write at a time and looks at each item before and after: exact, and slow.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { wallClock } from '../../lib/clock/wall-clock.ts';
import { type EmbeddedAnswer, embeddedDynamo } from '../../lib/local/dynamodb/embedded.ts';
import { createTableRequest, TABLES } from '../tables.ts';
import type { WireItem } from '../write-units.ts';
import { accountRead, accountWrite, isWrite, keyOf, noAccounts, type WriteRequest } from './table-accounts.ts';

const clock = wallClock();
const dynamo = embeddedDynamo();
let accounts = noAccounts();
let keepsAccounts = false;
let last: Promise<unknown> = Promise.resolve();

const readBody = async (request: IncomingMessage): Promise<Buffer> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
};

const itemOf = async (request: WriteRequest): Promise<WireItem | undefined> => {
  const read = { TableName: request.TableName, Key: keyOf(request), ConsistentRead: true };
  const { body } = await dynamo.call('GetItem', JSON.stringify(read));
  return (JSON.parse(body) as { Item?: WireItem }).Item;
};

const writeWithAccounts = async (operation: string, body: Buffer): Promise<EmbeddedAnswer> => {
  const request = JSON.parse(body.toString('utf8')) as WriteRequest;
  const before = await itemOf(request);
  const answer = await dynamo.call(operation, body);
  accountWrite(accounts, request, { before, after: await itemOf(request), at: clock.now() });
  return answer;
};

const withAccounts = (operation: string, body: Buffer): Promise<EmbeddedAnswer> => {
  if (!isWrite(operation)) {
    accountRead(accounts, JSON.parse(body.toString('utf8')) as { TableName: string });
    return dynamo.call(operation, body);
  }
  const answer = last.then(() => writeWithAccounts(operation, body));
  last = answer.catch(() => undefined);
  return answer;
};

for (const [name, table] of Object.entries(TABLES)) {
  await dynamo.call('CreateTable', JSON.stringify(createTableRequest(name, table)));
}

const server = createServer(async (request, response) => {
  const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
  const bytes = await readBody(request);
  const { status, body } = await (keepsAccounts ? withAccounts(operation, bytes) : dynamo.call(operation, bytes));
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
});

/** Answers what was accounted for so far, and begins anew or keeps none from here on. */
process.on('message', (message: { readonly keepsAccounts: boolean }) => {
  process.send?.({ accounts });
  accounts = noAccounts();
  keepsAccounts = message.keepsAccounts;
});
process.once('disconnect', () => process.exit());

server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }));
