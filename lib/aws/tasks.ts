import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { checkShard } from '../fleet/check-shard.ts';
import type { FleetName, TaskId } from '../fleet/ids.ts';
import { CHECK_SHARDS } from '../fleet/limits.ts';
import type { TaskCounts } from '../fleet/run.ts';
import { isFinished, type TaskRecord } from '../fleet/task.ts';
import { explainRefusal, type TaskOutcome, type TaskStep } from '../fleet/task-protocol.ts';
import { type EpochMs, epochMs } from '../fleet/time.ts';
import { UnknownForm } from '../fleet/unknown-form.ts';
import { addEndedTask, NO_TASKS } from '../money/task-counts.ts';
import type { ExceptOf, TaskLedger } from '../ports/tasks.ts';
import { unlessRefused } from './errors.ts';
import { allOf, attribute, type Fragment, fragment, render, value } from './expressions.ts';
import { oldestUnfinished } from './oldest-tasks.ts';
import { conditionOf } from './task-conditions.ts';
import { endedOn, expiresAtSeconds, updateOf } from './task-updates.ts';
import { writeOrExplain } from './write-or-explain.ts';

/** The sparse index of unfinished rows: partition `shard` (N), sort `checkAt` (N), with the fleet. */
export const CHECK_INDEX = 'byCheckAt';

/** The sparse index of ended rows: partition `endedOn` (S), sort `finishedAt` (N), with what a report counts. */
export const END_INDEX = 'byEnd';

export interface TaskTable {
  readonly client: DynamoDBDocumentClient;
  /** A table with the partition key `taskId` (S) and the index `byCheckAt`; time to live on `expiresAt`. */
  readonly tableName: string;
}

type Item = Record<string, unknown>;

/** `shard` and `endedOn` list a row in the index of its kind, `expiresAt` ends the retention of a finished one. */
const toItem = (row: TaskRecord): Item => ({
  ...row,
  ...(row.checkAt === undefined ? {} : { shard: checkShard(row.taskId) }),
  ...(isFinished(row) && row.finishedAt !== undefined
    ? { expiresAt: expiresAtSeconds(row.finishedAt), endedOn: endedOn(row.finishedAt, checkShard(row.taskId)) }
    : {}),
});

const fromItem = (table: TaskTable, item: Item): TaskRecord => {
  if (item['form'] !== 1) throw new UnknownForm(table.tableName, String(item['taskId']), item['form']);
  const { shard: _shard, expiresAt: _expiresAt, endedOn: _endedOn, ...row } = item;
  return row as unknown as TaskRecord;
};

/** Strongly consistent: whoever reads a row is about to act on it. */
const readRow = async (table: TaskTable, taskId: TaskId): Promise<TaskRecord | undefined> => {
  const { Item: item } = await table.client.send(
    new GetCommand({ TableName: table.tableName, Key: { taskId }, ConsistentRead: true }),
  );
  return item && fromItem(table, item);
};

/** The row after the write, or `undefined` when the step's conditions did not hold. */
const writeStep = async (table: TaskTable, taskId: TaskId, step: TaskStep): Promise<TaskRecord | undefined> => {
  const { client, tableName: TableName } = table;
  const condition = conditionOf(step);
  if (step.step === 'submit') {
    const put = new PutCommand({ TableName, Item: toItem(step.row), ...render({ condition }) });
    return (await unlessRefused(() => client.send(put))) && step.row;
  }
  const update = new UpdateCommand({
    TableName,
    Key: { taskId },
    ...render({ condition, update: updateOf(step, checkShard(taskId)) }),
    ReturnValues: 'ALL_NEW',
  });
  const answer = await unlessRefused(() => client.send(update));
  return answer && fromItem(table, answer.Attributes!);
};

const applyStep = (table: TaskTable, taskId: TaskId, step: TaskStep): Promise<TaskOutcome> =>
  writeOrExplain<TaskOutcome>(
    async () => {
      const row = await writeStep(table, taskId, step);
      return row && { outcome: 'done', row };
    },
    async () => explainRefusal(await readRow(table, taskId), step),
  );

interface DueKey {
  readonly taskId: TaskId;
  readonly checkAt: number;
  readonly fleet: FleetName;
}

/** Most rows are asked for at once; of fleets that are passed over there may be many, which are looked through faster. */
const PAGES_MAX = 10;
const ROWS_OF_LATER_PAGES = 2_000;

const NONE: ExceptOf = new Set();

const listedInShard = async (
  table: TaskTable,
  shard: number,
  checkAt: Fragment,
  limit: number,
  except: ExceptOf,
): Promise<readonly DueKey[]> => {
  const keyCondition = allOf([fragment`${attribute('shard')} = ${value(shard)}`, checkAt]);
  // Inside brackets DynamoDB accepts a key condition like any other.
  const query = { TableName: table.tableName, IndexName: CHECK_INDEX, ...render({ keyCondition }) };
  const found: DueKey[] = [];
  let from: Item | undefined;
  for (let pages = 0; pages < PAGES_MAX && found.length < limit; pages += 1) {
    const start = from === undefined ? {} : { ExclusiveStartKey: from };
    const Limit = pages === 0 ? limit : ROWS_OF_LATER_PAGES;
    const page = await table.client.send(new QueryCommand({ ...query, Limit, ...start }));
    found.push(...((page.Items ?? []) as unknown as DueKey[]).filter(({ fleet }) => !except.has(fleet)));
    from = page.LastEvaluatedKey;
    if (from === undefined) break;
  }
  return found.slice(0, limit);
};

/** Earliest first; equal instants by id, so that the order never depends on the index. */
const byUrgency = (one: DueKey, other: DueKey): number =>
  one.checkAt - other.checkAt || (one.taskId < other.taskId ? -1 : 1);

const listed = async (table: TaskTable, checkAt: Fragment, limit: number, except = NONE): Promise<TaskId[]> => {
  const shards = Array.from({ length: CHECK_SHARDS }, (_, shard) =>
    listedInShard(table, shard, checkAt, limit, except),
  );
  const keys = (await Promise.all(shards)).flat();
  return keys.sort(byUrgency).map((key) => key.taskId);
};

const DAY_MS = 86_400_000;

/** Every UTC day that the half-open interval touches. */
const daysOf = (from: EpochMs, to: EpochMs): EpochMs[] => {
  const first = Math.floor(from / DAY_MS);
  const last = Math.floor((to - 1) / DAY_MS);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => epochMs((first + index) * DAY_MS));
};

const endedRows = async (table: TaskTable, partition: string, from: EpochMs, to: EpochMs): Promise<Item[]> => {
  const keyCondition = allOf([
    fragment`${attribute('endedOn')} = ${value(partition)}`,
    fragment`${attribute('finishedAt')} BETWEEN ${value(from)} AND ${value(to - 1)}`,
  ]);
  const pages = paginateQuery(
    { client: table.client },
    { TableName: table.tableName, IndexName: END_INDEX, ...render({ keyCondition }) },
  );
  const items: Item[] = [];
  for await (const page of pages) items.push(...(page.Items ?? []));
  return items;
};

/** One part of a day at a time: a busy day is many pages, and only its sums are kept. */
const countEnded = async (table: TaskTable, fleet: FleetName, from: EpochMs, to: EpochMs): Promise<TaskCounts> => {
  let counts = NO_TASKS;
  for (const day of daysOf(from, to)) {
    for (let shard = 0; shard < CHECK_SHARDS; shard++) {
      const rows = await endedRows(table, endedOn(day, shard), from, to);
      counts = rows
        .filter((row) => row['fleet'] === fleet)
        .reduce<TaskCounts>((sum, row) => addEndedTask(sum, row as unknown as TaskRecord), counts);
    }
  }
  return counts;
};

/** The task ledger in DynamoDB: each step is one conditional write on one row. */
export const dynamoTaskLedger = (table: TaskTable): TaskLedger => ({
  get: (taskId) => readRow(table, taskId),
  apply: (taskId, step) => applyStep(table, taskId, step),
  due: (now, limit, except) => listed(table, fragment`${attribute('checkAt')} <= ${value(now)}`, limit, except),
  dueLater: (after, limit, except) => listed(table, fragment`${attribute('checkAt')} > ${value(after)}`, limit, except),
  oldestUnfinished: (fleet, since) => oldestUnfinished(table, fleet, since),
  countEnded: (fleet, from, to) => countEnded(table, fleet, from, to),
});
