import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { FleetName } from '../fleet/ids.ts';
import { CHECK_SHARDS } from '../fleet/limits.ts';
import { type EpochMs, epochMs } from '../fleet/time.ts';
import { allOf, attribute, fragment, render, value } from './expressions.ts';

/**
 * The sparse index of unfinished rows by age: partition `shard` (N), sort `submittedAt` (N), with the fleet. It is there only
 * in a deployment that has a fleet with a window, because it costs two write units a task.
 */
export const SUBMISSION_INDEX = 'bySubmission';

interface IndexedTable {
  readonly client: DynamoDBDocumentClient;
  readonly tableName: string;
}

/** The oldest row is nearly always the fleet's own or close behind; other fleets may have many older ones. */
const ROWS_OF_PAGE = [10, 500, 1_000, 1_000] as const;

interface Place {
  readonly fleet: FleetName;
  readonly submittedAt: number;
}

/** Where the fleet's rows of this part begin, or how far the others' were looked through; nothing if there are none. */
const oldestInShard = async (
  { client, tableName }: IndexedTable,
  shard: number,
  fleet: FleetName,
  since: EpochMs,
): Promise<number | undefined> => {
  const keyCondition = allOf([
    fragment`${attribute('shard')} = ${value(shard)}`,
    fragment`${attribute('submittedAt')} >= ${value(since)}`,
  ]);
  const query = { TableName: tableName, IndexName: SUBMISSION_INDEX, ...render({ keyCondition }) };
  let from: Record<string, unknown> | undefined;
  for (const limit of ROWS_OF_PAGE) {
    const start = from === undefined ? {} : { ExclusiveStartKey: from };
    const page = await client.send(new QueryCommand({ ...query, Limit: limit, ...start }));
    const own = ((page.Items ?? []) as unknown as Place[]).find((row) => row.fleet === fleet);
    if (own !== undefined) return own.submittedAt;
    from = page.LastEvaluatedKey;
    if (from === undefined) return undefined;
  }
  return Number(from!['submittedAt']);
};

/** Eight small queries, four read units in all, where no other fleet has older tasks. */
export const oldestUnfinished = async (
  table: IndexedTable,
  fleet: FleetName,
  since: EpochMs,
): Promise<EpochMs | undefined> => {
  const shards = Array.from({ length: CHECK_SHARDS }, (_, shard) => oldestInShard(table, shard, fleet, since));
  const known = (await Promise.all(shards)).filter((place) => place !== undefined);
  return known.length === 0 ? undefined : epochMs(Math.min(...known));
};
