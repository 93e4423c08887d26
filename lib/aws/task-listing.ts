import { BatchGetCommand, type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { FleetName } from '../fleet/ids.ts';
import { CHECK_SHARDS, ROW_RETENTION_DAYS, SILENCE_SECONDS_MAX, SWEEP_SECONDS } from '../fleet/limits.ts';
import type { TaskStatus } from '../fleet/task.ts';
import { addMs, type EpochMs, secondsToMs } from '../fleet/time.ts';
import type { TaskListing, TaskSummary } from '../ports/task-listing.ts';
import { allOf, attribute, type Fragment, fragment, render, value } from './expressions.ts';
import { endedOn } from './task-updates.ts';
import { CHECK_INDEX, END_INDEX } from './tasks.ts';

export interface ListedTable {
  readonly client: DynamoDBDocumentClient;
  /** The table of tasks, with its indexes `byCheckAt` (with fleet) and `byEnd` (with fleet and status). */
  readonly tableName: string;
  readonly now: () => EpochMs;
}

type Item = Record<string, unknown>;

/** Rows asked for at once (the limit of BatchGetItem), and keys that one page of an index is read for. */
const ROWS_AT_ONCE = 100;

/** A key that a throttled table did not answer is asked for again so often; then the list goes on without it. */
const ASKED_MAX = 5;

/** What a list shows; the texts stay where they are. */
const SHOWN = [
  'form',
  'taskId',
  'fleet',
  'status',
  'attempt',
  'owner',
  'session',
  'failures',
  'reclaims',
  'reason',
  'submittedAt',
  'takenAt',
  'finishedAt',
  'checkAt',
] as const;

const SHOWN_NAMES = Object.fromEntries(SHOWN.map((name, index) => [`#s${index}`, name]));
const SHOWN_EXPRESSION = [...Object.keys(SHOWN_NAMES), '#checkpoint.#sequence', '#checkpoint.#share'].join(', ');

const summaryOf = ({ form: _form, checkpoint, ...row }: Item): TaskSummary => {
  const { sequence, share } = (checkpoint ?? {}) as { readonly sequence?: number; readonly share?: number };
  return {
    ...(row as unknown as TaskSummary),
    ...(sequence === undefined ? {} : { checkpointSequence: sequence }),
    ...(share === undefined ? {} : { share }),
  };
};

/** The rows of these keys, in their order. A row of a form that this version does not know is left out. */
const readRows = async ({ client, tableName }: ListedTable, keys: readonly Item[]): Promise<TaskSummary[]> => {
  const found = new Map<unknown, Item>();
  let asked = keys.map(({ taskId }) => ({ taskId }));
  for (let time = 0; time < ASKED_MAX && asked.length > 0; time += 1) {
    const { Responses, UnprocessedKeys } = await client.send(
      new BatchGetCommand({
        RequestItems: {
          [tableName]: {
            Keys: asked,
            ProjectionExpression: SHOWN_EXPRESSION,
            ExpressionAttributeNames: {
              ...SHOWN_NAMES,
              '#checkpoint': 'checkpoint',
              '#sequence': 'sequence',
              '#share': 'share',
            },
          },
        },
      }),
    );
    for (const item of Responses?.[tableName] ?? []) found.set(item['taskId'], item);
    asked = (UnprocessedKeys?.[tableName]?.Keys ?? []) as typeof asked;
  }
  return keys.flatMap(({ taskId }) => {
    const item = found.get(taskId);
    return item?.['form'] === 1 ? [summaryOf(item)] : [];
  });
};

interface Part {
  readonly index: string;
  readonly keyCondition: Fragment;
  readonly isLatestFirst: boolean;
}

/** One partition of an index, page by page. */
async function* keysIn(table: ListedTable, { index, keyCondition, isLatestFirst }: Part): AsyncGenerator<Item[]> {
  let from: Item | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.tableName,
        IndexName: index,
        ...render({ keyCondition }),
        ScanIndexForward: !isLatestFirst,
        Limit: ROWS_AT_ONCE,
        ...(from === undefined ? {} : { ExclusiveStartKey: from }),
      }),
    );
    yield page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from);
}

const SHARDS = Array.from({ length: CHECK_SHARDS }, (_, shard) => shard);

/**
 * Pages of several partitions as one sequence in the order of `sortKey`: of each partition one page is held, and what is
 * given out is never later than what another one still has.
 */
async function* merged(parts: readonly AsyncGenerator<Item[]>[], sortKey: string, isLatestFirst: boolean) {
  const direction = isLatestFirst ? -1 : 1;
  const heads: { readonly pages: AsyncGenerator<Item[]>; items: Item[] }[] = parts.map((pages) => ({
    pages,
    items: [],
  }));
  const open = new Set(heads);
  const refill = async (head: (typeof heads)[number]): Promise<void> => {
    while (head.items.length === 0 && open.has(head)) {
      const { done, value: items } = await head.pages.next();
      if (done) open.delete(head);
      else head.items = [...items];
    }
  };
  await Promise.all(heads.map(refill));
  let page: Item[] = [];
  for (;;) {
    const full = heads.filter((head) => head.items.length > 0);
    if (full.length === 0) break;
    const first = full.reduce((one, other) =>
      direction * (Number(one.items[0]![sortKey]) - Number(other.items[0]![sortKey])) <= 0 ? one : other,
    );
    page.push(first.items.shift()!);
    await refill(first);
    if (page.length >= ROWS_AT_ONCE) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

/**
 * The sweep judges an owner's silence, so it looks at every running row within this; ready rows behind it are not read
 * when running ones are asked for.
 */
const RUNNING_LOOKED_AT_WITHIN_MS = secondsToMs(SILENCE_SECONDS_MAX + 2 * SWEEP_SECONDS);

const unfinishedPart = (shard: number, until: EpochMs | undefined): Part => ({
  index: CHECK_INDEX,
  keyCondition: allOf([
    fragment`${attribute('shard')} = ${value(shard)}`,
    ...(until === undefined ? [] : [fragment`${attribute('checkAt')} <= ${value(until)}`]),
  ]),
  isLatestFirst: false,
});

const matches =
  (status: TaskStatus, fleet: FleetName | undefined) =>
  (row: { readonly status?: unknown; readonly fleet?: unknown }): boolean =>
    row.status === status && (fleet === undefined || row.fleet === fleet);

async function* listUnfinished(table: ListedTable, status: 'ready' | 'running', fleet: FleetName | undefined) {
  const until = status === 'running' ? addMs(table.now(), RUNNING_LOOKED_AT_WITHIN_MS) : undefined;
  const parts = SHARDS.map((shard) => keysIn(table, unfinishedPart(shard, until)));
  for await (const keys of merged(parts, 'checkAt', false)) {
    yield (await readRows(table, keys)).filter(matches(status, fleet));
  }
}

const DAY_MS = 86_400_000;

/** Time to live may take two days more than the retention to remove a row (B16). */
const DAYS_LISTED = ROW_RETENTION_DAYS + 2;

const endedPart = (day: EpochMs, shard: number): Part => ({
  index: END_INDEX,
  keyCondition: fragment`${attribute('endedOn')} = ${value(endedOn(day, shard))}`,
  isLatestFirst: true,
});

/** A row that was reopened since the index was written is left out. */
async function* listEnded(table: ListedTable, status: TaskStatus, fleet: FleetName | undefined) {
  const now = table.now();
  for (let daysAgo = 0; daysAgo <= DAYS_LISTED; daysAgo += 1) {
    const day = addMs(now, -daysAgo * DAY_MS);
    const parts = SHARDS.map((shard) => keysIn(table, endedPart(day, shard)));
    for await (const page of merged(parts, 'finishedAt', true)) {
      const wanted = page.filter(matches(status, fleet));
      yield wanted.length === 0 ? [] : (await readRows(table, wanted)).filter(matches(status, fleet));
    }
  }
}

/** Lists from the two sparse indexes of the table of tasks. */
export const dynamoTaskListing = (table: ListedTable): TaskListing => ({
  list: ({ status, fleet }) =>
    status === 'ready' || status === 'running' ? listUnfinished(table, status, fleet) : listEnded(table, status, fleet),
});
