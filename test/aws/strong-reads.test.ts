import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoFleetStore } from '../../lib/aws/fleets.ts';
import { dynamoInstanceStore } from '../../lib/aws/instances.ts';
import { dynamoMoneyLedger } from '../../lib/aws/money-ledger.ts';
import { dynamoTaskLedger } from '../../lib/aws/tasks.ts';
import { fleetName, instanceId, sessionId, taskId } from '../../lib/fleet/ids.ts';
import { epochMs } from '../../lib/fleet/time.ts';
import { startDynamo } from '../contracts/support/embedded-dynamo.ts';

/** The embedded DynamoDB reads strongly in any case: that the real one is asked to is seen in the requests alone. */
interface Read {
  readonly command: string;
  readonly TableName: string;
  readonly IndexName?: string;
  readonly ConsistentRead?: boolean;
}

const FLEET = fleetName('index');
const TASK = taskId('task');
const MACHINE = instanceId('i-0123456789abcdef0');
const NOW = epochMs(1_000);

let table: Awaited<ReturnType<typeof startDynamo>>;
const reads: Read[] = [];

beforeAll(async () => {
  table = await startDynamo();
  table.client.middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const command = String(commandName);
        if (/Get|Query|Scan/.test(command)) reads.push({ ...(args.input as unknown as Read), command });
        return next(args);
      },
    { step: 'initialize' },
  );
});
afterAll(() => table.stop());

const readBy = async (ask: () => Promise<unknown>): Promise<readonly Read[]> => {
  reads.length = 0;
  await ask();
  return [...reads];
};

const tasks = () => dynamoTaskLedger({ client: table.client, tableName: 'tasks' });
const instances = () =>
  dynamoInstanceStore({ client: table.client, tableName: 'instances', account: '111122223333', region: 'eu-west-1' });
const fleets = () => dynamoFleetStore({ client: table.client, tableName: 'fleets' });
const money = () => dynamoMoneyLedger({ client: table.client, tableName: 'ledger' });

describe('whatever is decided by is read strongly', () => {
  it.each([
    ['a row', () => tasks().get(TASK)],
    ['a row whose step was refused', () => tasks().apply(TASK, { step: 'cancel', now: NOW })],
    ['an item', () => instances().get(MACHINE)],
    ['an item whose session was refused', () => instances().openSession(MACHINE, sessionId('s'), NOW, '1.0.0')],
    [
      'an item to which a signal could not be written',
      () => instances().recordSignal({ kind: 'spot-interruption', instanceId: MACHINE, at: NOW }, true, NOW),
    ],
    ['a fleet', () => fleets().read(FLEET)],
    ['a head whose generation was lost', () => fleets().changeHead(FLEET, 7, {})],
    ['what is kept for a machine without an item', () => fleets().unclaimed(MACHINE, NOW)],
    ['runs', () => money().runs(FLEET, NOW, epochMs(2_000))],
    ['a report', () => money().report(FLEET, '2026-11')],
  ] as const)('%s', async (_name, ask) => {
    const asked = await readBy(ask);
    expect(asked.length).toBeGreaterThan(0);
    for (const { command, TableName, ConsistentRead } of asked)
      expect({ command, TableName, ConsistentRead }).toEqual({ command, TableName, ConsistentRead: true });
  });
});

describe('an index, which DynamoDB cannot read strongly,', () => {
  it('only names rows, and is never asked to', async () => {
    const asked = await readBy(() => tasks().due(NOW, 10));
    expect(asked.length).toBeGreaterThan(0);
    for (const { IndexName, ConsistentRead } of asked)
      expect({ IndexName, ConsistentRead }).toEqual({ IndexName: 'byCheckAt' });
  });
});
