import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dynamoTaskListing } from '../../lib/aws/task-listing.ts';
import { dynamoTaskLedger } from '../../lib/aws/tasks.ts';
import { type FleetName, fleetName, instanceId, sessionId, type TaskId, taskId } from '../../lib/fleet/ids.ts';
import type { TaskStatus } from '../../lib/fleet/task.ts';
import { type EpochMs, epochMs } from '../../lib/fleet/time.ts';
import type { TaskListing, TaskSummary } from '../../lib/ports/task-listing.ts';
import type { TaskLedger } from '../../lib/ports/tasks.ts';
import { memoryTaskLedger } from '../../lib/simulator/ports/memory-task-ledger.ts';
import { memoryTaskListing } from '../../lib/simulator/ports/memory-task-listing.ts';
import { startDynamo } from './support/embedded-dynamo.ts';
import { content } from './support/samples.ts';

const NOW = epochMs(Date.UTC(2026, 0, 20, 12));
const DAY_MS = 86_400_000;
const OWNER = instanceId('i-0123456789abcdef0');
const SESSION = sessionId('session-1');
const FLEETS = [fleetName('encode'), fleetName('scrape')] as const;

interface Forms {
  readonly ledger: TaskLedger;
  readonly listing: TaskListing;
}

let dynamo: Awaited<ReturnType<typeof startDynamo>>;
let forms: { readonly memory: Forms; readonly dynamo: Forms };

const submit = (ledger: TaskLedger, id: TaskId, fleet: FleetName, at: EpochMs) =>
  ledger.apply(id, {
    step: 'submit',
    row: {
      form: 1,
      taskId: id,
      fleet,
      status: 'ready',
      attempt: 0,
      failures: 0,
      reclaims: 0,
      body: content(`body of ${id}`),
      submittedAt: at,
      checkAt: epochMs(at + 30_000),
    },
  });

const end = (ledger: TaskLedger, id: TaskId, status: 'done' | 'dead', now: EpochMs) =>
  status === 'done'
    ? ledger.apply(id, { step: 'commit', attempt: 1, result: content('3'), now })
    : ledger.apply(id, {
        step: 'fail',
        attempt: 1,
        reason: 'exit 1',
        now,
        failuresBefore: 0,
        failuresMax: 1,
        retryDelaySeconds: 0,
      });

/** 240 tasks of two fleets in every status, ended on each of the last 29 days. */
const fill = async (ledger: TaskLedger): Promise<void> => {
  for (let number = 0; number < 240; number += 1) {
    const id = taskId(`task-${number}`);
    const isEnded = number % 5 > 1;
    const at = epochMs(NOW - (isEnded ? (number % 29) * DAY_MS : 0) - number * 1_000);
    await submit(ledger, id, FLEETS[number % 2]!, at);
    if (number % 5 === 0) continue;
    if (number % 5 === 2) {
      await ledger.apply(id, { step: 'cancel', now: at });
      continue;
    }
    await ledger.apply(id, { step: 'take', owner: OWNER, session: SESSION, now: at });
    const checkpoint = { sequence: number, content: content('half'), share: 0.5 };
    await ledger.apply(id, { step: 'checkpoint', attempt: 1, checkpoint });
    if (number % 5 > 2) await end(ledger, id, number % 5 === 3 ? 'done' : 'dead', at);
  }
};

beforeAll(async () => {
  dynamo = await startDynamo();
  const table = { client: dynamo.client, tableName: 'tasks' };
  const memory = memoryTaskLedger();
  forms = {
    memory: { ledger: memory, listing: memoryTaskListing(memory.rows) },
    dynamo: { ledger: dynamoTaskLedger(table), listing: dynamoTaskListing({ ...table, now: () => NOW }) },
  };
  await fill(forms.memory.ledger);
  await fill(forms.dynamo.ledger);
});
afterAll(() => dynamo.stop());

const all = async ({ listing }: Forms, status: TaskStatus, fleet?: FleetName): Promise<TaskSummary[]> => {
  const found: TaskSummary[] = [];
  for await (const page of listing.list(fleet === undefined ? { status } : { status, fleet })) found.push(...page);
  return found;
};

const inKeyOrder = (tasks: readonly TaskSummary[]) =>
  tasks.toSorted((one, other) => (one.taskId < other.taskId ? -1 : 1));

describe('lists of tasks in memory and in DynamoDB', () => {
  test.each(['ready', 'running', 'done', 'dead', 'cancelled'] as const)('of %s tasks are alike', async (status) => {
    for (const fleet of [undefined, ...FLEETS]) {
      const memory = await all(forms.memory, status, fleet);
      const listed = await all(forms.dynamo, status, fleet);
      expect(memory).toHaveLength(fleet === undefined ? 48 : 24);
      expect(inKeyOrder(listed)).toStrictEqual(inKeyOrder(memory));
      const sortKey = (task: TaskSummary) => task.finishedAt ?? task.checkAt;
      expect(listed.map(sortKey)).toStrictEqual(memory.map(sortKey));
    }
  });

  test('hold no text of a task', async () => {
    for (const status of ['running', 'done'] as const) {
      const text = JSON.stringify(await all(forms.dynamo, status));
      expect(text).not.toContain('body of');
      expect(text).not.toContain('half');
      expect(text).not.toContain('digest');
    }
  });

  test('come page by page, so that whoever has seen enough asks no further', async () => {
    let asked = 0;
    const send = dynamo.client.send.bind(dynamo.client) as (command: unknown) => Promise<unknown>;
    const counting = Object.assign(Object.create(dynamo.client), {
      send: (command: unknown) => {
        asked += 1;
        return send(command);
      },
    }) as typeof dynamo.client;
    const listing = dynamoTaskListing({ client: counting, tableName: 'tasks', now: () => NOW });
    for await (const page of listing.list({ status: 'cancelled' })) if (page.length > 0) break;
    // Eight parts of the first day, and one read of the rows.
    expect(asked).toBeLessThanOrEqual(9);
  });
});
