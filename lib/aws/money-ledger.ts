import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { FleetName } from '../fleet/ids.ts';
import type { Run } from '../fleet/run.ts';
import { type EpochMs, toIso } from '../fleet/time.ts';
import { UnknownForm } from '../fleet/unknown-form.ts';
import type { MoneyLedger, StoredReport } from '../ports/money.ts';
import { unlessRefused } from './errors.ts';
import { allOf, assign, attribute, fragment, increase, render, type Update, value } from './expressions.ts';

/**
 * The ledger table: partition key `period` (S), sort key `entry` (S).
 *
 * | period | entry |
 * |---|---|
 * | `<fleet>#2026-11-21`, the UTC day of its end | `run#<instance id>` |
 * | `<fleet>#2026-11-21` | `plan#<instant>#<id>` |
 * | `<fleet>#reports` | the report's period key |
 */
export interface LedgerTable {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
}

interface Key {
  readonly period: string;
  readonly entry: string;
}

type Item = Record<string, unknown>;

const DAY_MS = 86_400_000;

const dayOf = (instant: number): string => new Date(instant).toISOString().slice(0, 10);

const dayKey = (fleet: FleetName, instant: EpochMs, entry: string): Key => ({
  period: `${fleet}#${dayOf(instant)}`,
  entry,
});

const reportKey = (fleet: FleetName, periodKey: string): Key => ({ period: `${fleet}#reports`, entry: periodKey });

/** The first entry under a key stands. Answers whether this one is it. */
const putOnce = async (table: LedgerTable, key: Key, content: object): Promise<boolean> => {
  const put = new PutCommand({
    TableName: table.tableName,
    Item: { ...content, ...key },
    ...render({ condition: fragment`attribute_not_exists(${attribute('entry')})` }),
  });
  return (await unlessRefused(() => table.client.send(put))) !== undefined;
};

/** What was put, without the key; a form that this version does not know is refused, for it would be missing in a sum. */
const fromItem = <Content>(table: LedgerTable, item: Item): Content => {
  const { period, entry, ...content } = item;
  if (content['form'] !== 1) throw new UnknownForm(table.tableName, `${period}/${entry}`, content['form']);
  return content as Content;
};

/** UTC days that an interval touches. */
const daysOf = (from: EpochMs, to: EpochMs): readonly string[] => {
  const first = Math.floor(from / DAY_MS);
  const count = Math.max(0, Math.ceil(to / DAY_MS) - first);
  return Array.from({ length: count }, (_, index) => dayOf((first + index) * DAY_MS));
};

/** Entries of one kind, day by day and page by page, so that a million of them are never held at once. */
async function* entriesOf<Content>(
  table: LedgerTable,
  fleet: FleetName,
  prefix: string,
  from: EpochMs,
  to: EpochMs,
): AsyncGenerator<Content> {
  for (const day of daysOf(from, to)) {
    const keyCondition = allOf([
      fragment`${attribute('period')} = ${value(`${fleet}#${day}`)}`,
      fragment`begins_with(${attribute('entry')}, ${value(prefix)})`,
    ]);
    const query = { TableName: table.tableName, ConsistentRead: true, ...render({ keyCondition }) };
    for await (const page of paginateQuery({ client: table.client }, query)) {
      for (const item of page.Items ?? []) yield fromItem<Content>(table, item);
    }
  }
}

const isWithin = (instant: EpochMs, from: EpochMs, to: EpochMs): boolean => instant >= from && instant < to;

const readRuns = async (table: LedgerTable, fleet: FleetName, from: EpochMs, to: EpochMs): Promise<readonly Run[]> => {
  const runs: Run[] = [];
  for await (const run of entriesOf<Run>(table, fleet, 'run#', from, to)) {
    if (isWithin(run.endedAt, from, to)) runs.push(run);
  }
  return runs;
};

const readReport = async (
  table: LedgerTable,
  fleet: FleetName,
  periodKey: string,
): Promise<StoredReport | undefined> => {
  const { Item: item } = await table.client.send(
    new GetCommand({ TableName: table.tableName, Key: reportKey(fleet, periodKey), ConsistentRead: true }),
  );
  return item && fromItem<StoredReport>(table, item);
};

/** Two reports made at the same time for one period are one: the loser answers the winner's. */
const putReport = async (table: LedgerTable, report: StoredReport): Promise<StoredReport> => {
  if (await putOnce(table, reportKey(report.fleet, report.periodKey), report)) return report;
  const first = await readReport(table, report.fleet, report.periodKey);
  if (first === undefined)
    throw new Error(`The report ${report.periodKey} of ${report.fleet} vanished while it was stored.`);
  return first;
};

/** A mark is an update of a report that is there: it never makes one. */
const markReport = async (table: LedgerTable, key: Key, update: Update): Promise<StoredReport> => {
  const command = new UpdateCommand({
    TableName: table.tableName,
    Key: key,
    ...render({ update, condition: fragment`attribute_exists(${attribute('entry')})` }),
    ReturnValues: 'ALL_NEW',
  });
  const answer = await unlessRefused(() => table.client.send(command));
  if (answer?.Attributes === undefined)
    throw new Error(`No report ${key.entry} is stored under ${key.period}, so none can be marked.`);
  return fromItem<StoredReport>(table, answer.Attributes);
};

/** The money ledger in DynamoDB: conditional writes of single items, reads by day. */
export const dynamoMoneyLedger = (table: LedgerTable): MoneyLedger => ({
  putRun: async (run) => void (await putOnce(table, dayKey(run.fleet, run.endedAt, `run#${run.instanceId}`), run)),
  runs: (fleet, from, to) => readRuns(table, fleet, from, to),
  putPlan: async (plan) =>
    void (await putOnce(table, dayKey(plan.fleet, plan.at, `plan#${toIso(plan.at)}#${plan.id}`), { form: 1, ...plan })),
  putReport: (report) => putReport(table, report),
  report: (fleet, periodKey) => readReport(table, fleet, periodKey),
  markSending: async (fleet, periodKey) =>
    (await markReport(table, reportKey(fleet, periodKey), { set: [increase(attribute('sentCount'), 1)] })).sentCount,
  markSent: async (fleet, periodKey, at) =>
    void (await markReport(table, reportKey(fleet, periodKey), { set: [assign(attribute('sentAt'), at)] })),
});
