import type { AddressInfo } from 'node:net';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, PutCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoMoneyLedger } from '../../lib/aws/money-ledger.ts';
import { fleetName } from '../../lib/fleet/ids.ts';
import { addMs, epochMs } from '../../lib/fleet/time.ts';
import type { MoneyLedger, StoredReport } from '../../lib/ports/money.ts';
import { memoryMoneyLedger } from '../../lib/simulator/ports/memory-money-ledger.ts';
import { HOUR_MS, machine, pool, runOfPool } from '../support/sample-report.ts';
import { tableReady } from '../support/table-ready.ts';

const server = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
let client: DynamoDBDocumentClient;
let tables = 0;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    }),
    { marshallOptions: { removeUndefinedValues: true } },
  );
});

afterAll(async () => {
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
});

const newTable = async () => {
  tables += 1;
  const tableName = `ledger-${tables}`;
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'period', AttributeType: 'S' },
        { AttributeName: 'entry', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'period', KeyType: 'HASH' },
        { AttributeName: 'entry', KeyType: 'RANGE' },
      ],
    }),
  );
  await tableReady(client, tableName);
  return { client, tableName };
};

const LEDGERS: readonly [string, () => Promise<MoneyLedger>][] = [
  ['in memory', async () => memoryMoneyLedger()],
  ['in DynamoDB', async () => dynamoMoneyLedger(await newTable())],
];

const fleet = fleetName('index');
const noon = epochMs(Date.parse('2026-11-21T12:00:00Z'));
const midnight = epochMs(Date.parse('2026-11-22T00:00:00Z'));
const spot = pool('c7g.large', 'us-east-1a', 'spot');
const runEnding = (number: number, endedAt: number) => runOfPool(number, spot, endedAt - HOUR_MS, 1);

const report = (change: Partial<StoredReport> = {}): StoredReport => ({
  form: 1,
  fleet,
  periodKey: '2026-W47',
  reportId: 'r-1',
  madeAt: noon,
  content: '{"figures":true}',
  sentCount: 0,
  ...change,
});

const numbersOf = async (ledger: MoneyLedger, from: number, to: number) =>
  (await ledger.runs(fleet, epochMs(from), epochMs(to))).map((run) => run.instanceId).sort();

describe.each(LEDGERS)('the money ledger %s', (_where, open) => {
  test('answers the runs that ended in a half-open interval, of this fleet only', async () => {
    const ledger = await open();
    for (const [number, end] of [noon, midnight - 1, midnight, midnight + 24 * HOUR_MS].entries()) {
      await ledger.putRun(runEnding(number, end));
    }
    await ledger.putRun({ ...runEnding(9, noon), fleet: fleetName('other') });
    expect(await numbersOf(ledger, noon, midnight)).toEqual([machine(0), machine(1)]);
    expect(await numbersOf(ledger, noon + 1, midnight + 1)).toEqual([machine(1), machine(2)]);
    expect(await numbersOf(ledger, midnight, midnight)).toEqual([]);
    expect(await numbersOf(ledger, noon - 48 * HOUR_MS, noon)).toEqual([]);
    expect(await ledger.runs(fleet, noon, addMs(noon, 1))).toEqual([runEnding(0, noon)]);
  });

  test('keeps the first of two runs of one machine on one day', async () => {
    const ledger = await open();
    await ledger.putRun(runEnding(1, noon));
    await ledger.putRun({ ...runEnding(1, noon + 5), endedBy: 'unknown' });
    expect(await ledger.runs(fleet, noon, midnight)).toEqual([runEnding(1, noon)]);
  });

  test('stores a report once and answers the first', async () => {
    const ledger = await open();
    expect(await ledger.report(fleet, '2026-W47')).toBeUndefined();
    expect(await ledger.putReport(report())).toEqual(report());
    expect(await ledger.putReport(report({ reportId: 'r-2', content: '{}' }))).toEqual(report());
    expect(await ledger.report(fleet, '2026-W47')).toEqual(report());
    expect(await ledger.report(fleetName('other'), '2026-W47')).toBeUndefined();
  });

  test('stores one of many reports made at the same time', async () => {
    const ledger = await open();
    const ids = ['r-1', 'r-2', 'r-3', 'r-4', 'r-5'];
    const answers = await Promise.all(ids.map((reportId) => ledger.putReport(report({ reportId }))));
    expect(new Set(answers.map((answer) => answer.reportId)).size).toBe(1);
  });

  test('counts the sendings begun and remembers the last one that ended', async () => {
    const ledger = await open();
    await ledger.putReport(report());
    expect(await ledger.markSending(fleet, '2026-W47')).toBe(1);
    expect(await ledger.markSending(fleet, '2026-W47')).toBe(2);
    await ledger.markSent(fleet, '2026-W47', midnight);
    expect(await ledger.report(fleet, '2026-W47')).toEqual(report({ sentCount: 2, sentAt: midnight }));
  });

  test('marks no report that is not there', async () => {
    const ledger = await open();
    await expect(ledger.markSending(fleet, '2026-W47')).rejects.toThrow('No report');
    await expect(ledger.markSent(fleet, '2026-W47', noon)).rejects.toThrow('No report');
    expect(await ledger.report(fleet, '2026-W47')).toBeUndefined();
  });
});

describe('the table', () => {
  test('has each entry under the UTC day of its end, and the reports together', async () => {
    const table = await newTable();
    const ledger = dynamoMoneyLedger(table);
    await ledger.putRun(runEnding(1, noon));
    await ledger.putPlan({ fleet, at: noon, id: 'p-1', plan: 'launch 3' });
    await ledger.putReport(report());
    const { Items: items = [] } = await client.send(new ScanCommand({ TableName: table.tableName }));
    expect(items.map(({ period, entry, form }) => `${period} ${entry} ${form}`).sort()).toEqual([
      'index#2026-11-21 plan#2026-11-21T12:00:00.000Z#p-1 1',
      `index#2026-11-21 run#${machine(1)} 1`,
      'index#reports 2026-W47 1',
    ]);
  });

  test('is read beyond the first page', async () => {
    const ledger = dynamoMoneyLedger(await newTable());
    // A page ends at 1 MB; these are more than two of them.
    const padded = Array.from({ length: 30 }, (_, number) => ({
      ...runEnding(number, noon),
      pool: { ...spot, zone: 'z'.repeat(80_000) },
    }));
    await Promise.all(padded.map((run) => ledger.putRun(run)));
    expect(await numbersOf(ledger, noon, midnight)).toHaveLength(30);
  });

  test('with a record of an unknown form is not summed up without it', async () => {
    const table = await newTable();
    const ledger = dynamoMoneyLedger(table);
    const item = { period: 'index#2026-11-21', entry: 'run#i-0', form: 2 };
    await client.send(new PutCommand({ TableName: table.tableName, Item: item }));
    await expect(ledger.runs(fleet, noon, midnight)).rejects.toThrow('index#2026-11-21/run#i-0');
  });
});
