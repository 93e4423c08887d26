import { dynamoDbFence, fencedPut, fencedUpdate } from './dynamodb.ts';
import { s3Fence } from './s3.ts';
import { sqlFence } from './sql.ts';

export type { DynamoDbFence, DynamoDbSink, ItemUpdate } from './dynamodb.ts';
export type { FencedAttempt } from './fenced-attempt.ts';
export type { FencedBody, PutOptions, S3Fence, S3Sink } from './s3.ts';
export type { FencedRow, RunSql, SqlValue } from './sql.ts';

/**
 * Sinks that refuse an attempt which was overtaken. Spothop accepts one result of a task, but it cannot stand between a
 * paused machine and your bucket, table or database; these can. A sink refuses the writes of an attempt as soon as a later
 * one has written there. Until then the earlier attempt may still write: its writes come before, and are replaced.
 */
export const fence = {
  s3: s3Fence,
  dynamodb: Object.assign(dynamoDbFence, { fencedPut, fencedUpdate }),
  sql: sqlFence,
} as const;
