import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { checkShard } from '../fleet/check-shard.ts';
import type { TaskId } from '../fleet/ids.ts';
import { CHECK_SHARDS } from '../fleet/limits.ts';
import { isFinished, type TaskRecord } from '../fleet/task.ts';
import { explainRefusal, type TaskOutcome, type TaskStep } from '../fleet/task-protocol.ts';
import type { EpochMs } from '../fleet/time.ts';
import { UnknownForm } from '../fleet/unknown-form.ts';
import type { TaskLedger } from '../ports/tasks.ts';
import { unlessRefused } from './errors.ts';
import { allOf, attribute, fragment, render, value } from './expressions.ts';
import { conditionOf } from './task-conditions.ts';
import { expiresAtSeconds, updateOf } from './task-updates.ts';

/** The sparse index of unfinished rows: partition `shard` (N), sort `checkAt` (N), keys only. */
export const CHECK_INDEX = 'byCheckAt';

export interface TaskTable {
  readonly client: DynamoDBDocumentClient;
  /** A table with the partition key `taskId` (S) and the index `byCheckAt`; time to live on `expiresAt`. */
  readonly tableName: string;
}

type Item = Record<string, unknown>;

/** `shard` lists an unfinished row in the index, `expiresAt` ends the retention of a finished one. */
const toItem = (row: TaskRecord): Item => ({
  ...row,
  ...(row.checkAt === undefined ? {} : { shard: checkShard(row.taskId) }),
  ...(isFinished(row) && row.finishedAt !== undefined ? { expiresAt: expiresAtSeconds(row.finishedAt) } : {}),
});

const fromItem = (table: TaskTable, item: Item): TaskRecord => {
  if (item['form'] !== 1) throw new UnknownForm(table.tableName, String(item['taskId']), item['form']);
  const { shard: _shard, expiresAt: _expiresAt, ...row } = item;
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

const applyStep = async (table: TaskTable, taskId: TaskId, step: TaskStep): Promise<TaskOutcome> => {
  const row = await writeStep(table, taskId, step);
  return row ? { outcome: 'done', row } : explainRefusal(await readRow(table, taskId), step);
};

interface DueKey {
  readonly taskId: TaskId;
  readonly checkAt: number;
}

const dueInShard = async (table: TaskTable, shard: number, now: EpochMs, limit: number): Promise<DueKey[]> => {
  const keyCondition = allOf([
    fragment`${attribute('shard')} = ${value(shard)}`,
    fragment`${attribute('checkAt')} <= ${value(now)}`,
  ]);
  // Keys are small enough for far more than a sweep's batch to fit one page of 1 MB.
  const { Items = [] } = await table.client.send(
    new QueryCommand({
      TableName: table.tableName,
      IndexName: CHECK_INDEX,
      // Inside brackets DynamoDB accepts a key condition like any other.
      ...render({ keyCondition }),
      Limit: limit,
    }),
  );
  return Items as unknown as DueKey[];
};

/** Earliest first; equal instants by id, so that the order never depends on the index. */
const byUrgency = (one: DueKey, other: DueKey): number =>
  one.checkAt - other.checkAt || (one.taskId < other.taskId ? -1 : 1);

const due = async (table: TaskTable, now: EpochMs, limit: number): Promise<TaskId[]> => {
  const shards = Array.from({ length: CHECK_SHARDS }, (_, shard) => dueInShard(table, shard, now, limit));
  const keys = (await Promise.all(shards)).flat();
  return keys.sort(byUrgency).map((key) => key.taskId);
};

/** The task ledger in DynamoDB: each step is one conditional write on one row. */
export const dynamoTaskLedger = (table: TaskTable): TaskLedger => ({
  get: (taskId) => readRow(table, taskId),
  apply: (taskId, step) => applyStep(table, taskId, step),
  due: (now, limit) => due(table, now, limit),
});
