import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { InstanceId, SessionId } from '../fleet/ids.ts';
import type { InstanceRecord } from '../fleet/instance.ts';
import { isHeld, type LeaseRefusal, leaseRefusal, sessionRefusal } from '../fleet/lease-rules.ts';
import { ROW_RETENTION_DAYS } from '../fleet/limits.ts';
import type { RecordedSignal, Signal } from '../fleet/signal.ts';
import type { EpochMs } from '../fleet/time.ts';
import { UnknownForm } from '../fleet/unknown-form.ts';
import type { HeartbeatReport, InstanceStore, LeaseChange, LeaseOutcome } from '../ports/instances.ts';
import { unlessRefused } from './errors.ts';
import {
  allOf,
  assign,
  assignOnce,
  attribute,
  type Fragment,
  fragment,
  render,
  type Update,
  value,
} from './expressions.ts';
import { writeOrExplain } from './write-or-explain.ts';

export interface InstanceTable {
  readonly client: DynamoDBDocumentClient;
  /** A table with the partition key `instanceArn` (S); time to live on `expiresAt`. */
  readonly tableName: string;
  readonly account: string;
  readonly region: string;
}

type Item = Record<string, unknown>;

/**
 * The key is the machine's ARN, because IAM can compare exactly that with the caller: `dynamodb:LeadingKeys` with
 * `${ec2:SourceInstanceARN}` (docs/designs/0001-instance-table-key.md).
 */
export const instanceArn = ({ account, region }: Pick<InstanceTable, 'account' | 'region'>, id: InstanceId): string =>
  `arn:aws:ec2:${region}:${account}:instance/${id}`;

const keyOf = (table: InstanceTable, id: InstanceId): Item => ({ instanceArn: instanceArn(table, id) });

const fromItem = (table: InstanceTable, item: Item): InstanceRecord => {
  if (item['form'] !== 1) throw new UnknownForm(table.tableName, String(item['instanceArn']), item['form']);
  const { instanceArn: _arn, expiresAt: _expiresAt, ...record } = item;
  return record as unknown as InstanceRecord;
};

const readRecord = async (table: InstanceTable, id: InstanceId): Promise<InstanceRecord | undefined> => {
  const { Item: item } = await table.client.send(
    new GetCommand({ TableName: table.tableName, Key: keyOf(table, id), ConsistentRead: true }),
  );
  return item && fromItem(table, item);
};

const itemExists = fragment`attribute_exists(${attribute('instanceArn')}) AND ${attribute('form')} = ${value(1)}`;
const session = attribute('session');
const sessionIs = (ours: SessionId): Fragment => fragment`${session} = ${value(ours)}`;
const mayHold = fragment`attribute_not_exists(${attribute('drainingAt')}) AND attribute_not_exists(${attribute('goneAt')}) AND attribute_not_exists(${attribute('signals', 'leave')})`;

/** The whole item after the write, or `undefined` when a condition did not hold. */
const updateIf = async (
  table: InstanceTable,
  id: InstanceId,
  update: Update,
  conditions: readonly Fragment[],
): Promise<InstanceRecord | undefined> => {
  const command = new UpdateCommand({
    TableName: table.tableName,
    Key: keyOf(table, id),
    ...render({ update, condition: allOf([itemExists, ...conditions]) }),
    ReturnValues: 'ALL_NEW',
  });
  const answer = await unlessRefused(() => table.client.send(command));
  return answer && fromItem(table, answer.Attributes!);
};

const recordedSignal = ({ kind: _kind, instanceId: _id, ...told }: Signal, now: EpochMs): RecordedSignal => ({
  ...told,
  recordedAt: now,
});

const recordSignal = async (
  table: InstanceTable,
  signal: Signal,
  drains: boolean,
  now: EpochMs,
): Promise<InstanceRecord | undefined> => {
  const set = [
    assignOnce(attribute('signals', signal.kind), recordedSignal(signal, now)),
    ...(drains ? [assignOnce(attribute('drainingAt'), now)] : []),
  ];
  const record = await updateIf(table, signal.instanceId, { set }, []);
  if (record) return record;
  // Refused: there is no item, or one of an unknown form, which the read throws. One that has just come is written to.
  const found = await readRecord(table, signal.instanceId);
  return found && recordSignal(table, signal, drains, now);
};

type Explain = (found: InstanceRecord | undefined) => LeaseOutcome | undefined;

const refusedBy =
  (refusal: (found: InstanceRecord | undefined) => LeaseRefusal | undefined): Explain =>
  (record) => {
    const because = refusal(record);
    return because && { outcome: 'refused', because, record };
  };

const changeIf = (
  table: InstanceTable,
  id: InstanceId,
  update: Update,
  conditions: readonly Fragment[],
  explain: Explain,
): Promise<LeaseOutcome> =>
  writeOrExplain<LeaseOutcome>(
    async () => {
      const record = await updateIf(table, id, update, conditions);
      return record && { outcome: 'done', record };
    },
    async () => explain(await readRecord(table, id)),
  );

const openSession = (
  table: InstanceTable,
  id: InstanceId,
  ours: SessionId,
  now: EpochMs,
  agentVersion: string,
): Promise<LeaseOutcome> => {
  const beginning = { heartbeatAt: now, agentVersion };
  const update = {
    set: [assign(session, ours), ...Object.entries(beginning).map(([name, told]) => assign(attribute(name), told))],
  };
  const isFree = fragment`attribute_not_exists(${session}) OR ${sessionIs(ours)}`;
  return changeIf(
    table,
    id,
    update,
    [isFree],
    refusedBy((found) => sessionRefusal(found, ours)),
  );
};

const heartbeat = (
  table: InstanceTable,
  id: InstanceId,
  ours: SessionId,
  now: EpochMs,
  { runTimes }: HeartbeatReport = {},
): Promise<LeaseOutcome> => {
  const told = runTimes === undefined ? [] : [assign(attribute('runTimes'), runTimes)];
  const update = { set: [assign(attribute('heartbeatAt'), now), ...told] };
  return changeIf(
    table,
    id,
    update,
    [sessionIs(ours)],
    refusedBy((found) => leaseRefusal(found, ours, [])),
  );
};

/** Giving up a task and holding the same one again is holding it: DynamoDB takes one write to one place. */
const leaseUpdate = ({ holds = [], unholds = [] }: LeaseChange, now: EpochMs): Update => {
  const held = new Map(holds.map(({ taskId, attempt }) => [taskId, attempt]));
  const given = new Set(unholds.filter((taskId) => !held.has(taskId)));
  return {
    set: [
      assign(attribute('heartbeatAt'), now),
      ...[...held].map(([taskId, attempt]) => assign(attribute('leases', taskId), attempt)),
    ],
    remove: [...given].map((taskId) => attribute('leases', taskId)),
  };
};

const changeLeases = (table: InstanceTable, change: LeaseChange, now: EpochMs): Promise<LeaseOutcome> => {
  const { instanceId, session: ours, holds = [] } = change;
  const conditions = [sessionIs(ours), ...(holds.length > 0 ? [mayHold] : [])];
  const refusal = refusedBy((found) => leaseRefusal(found, ours, holds));
  return changeIf(table, instanceId, leaseUpdate(change, now), conditions, (found) => {
    const because = refusal(found);
    if (because || found === undefined || holds.length === 0) return because;
    return holds.every((hold) => isHeld(found, hold)) ? { outcome: 'done', record: found } : undefined;
  });
};

const create = async (table: InstanceTable, record: InstanceRecord): Promise<void> => {
  const put = new PutCommand({
    TableName: table.tableName,
    Item: { ...record, ...keyOf(table, record.instanceId) },
    ...render({ condition: fragment`attribute_not_exists(${attribute('instanceArn')})` }),
  });
  await unlessRefused(() => table.client.send(put));
};

/** Rows of machines that are gone are kept as long as the tasks that ran on them. */
const gone = (now: EpochMs): Update => ({
  set: [
    assignOnce(attribute('goneAt'), now),
    assignOnce(attribute('expiresAt'), Math.ceil(now / 1_000) + ROW_RETENTION_DAYS * 24 * 3_600),
  ],
});

/** The instances table in DynamoDB: one item for each machine, which is its mailbox and the list of what it holds. */
export const dynamoInstanceStore = (table: InstanceTable): InstanceStore => ({
  get: (id) => readRecord(table, id),
  create: (record) => create(table, record),
  recordSignal: (signal, drains, now) => recordSignal(table, signal, drains, now),
  openSession: (id, ours, now, agentVersion) => openSession(table, id, ours, now, agentVersion),
  heartbeat: (id, ours, now, report) => heartbeat(table, id, ours, now, report),
  changeLeases: (change, now) => changeLeases(table, change, now),
  withdraw: (id, kind) => updateIf(table, id, { remove: [attribute('signals', kind)] }, []),
  dropLease: async (id, taskId, attempt) => {
    const lease = attribute('leases', taskId);
    await updateIf(table, id, { remove: [lease] }, [fragment`${lease} = ${value(attempt)}`]);
  },
  markGroupStep: async (id, mark, now) => {
    await updateIf(table, id, { set: [assignOnce(attribute(mark), now)] }, []);
  },
  markGone: async (id, now) => {
    await updateIf(table, id, gone(now), []);
  },
});
